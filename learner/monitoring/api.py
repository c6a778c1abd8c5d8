"""API operations of the version that serves: score pages, and take a version away as a bundle."""

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from annotator.accounts.models import Scope
from annotator.errors import BadInput
from annotator.projects.access import Can, project_for
from annotator.projects.api import caller, errors
from learner.monitoring.rows import asked_of
from learner.monitoring.serializers import ScoredSerializer, ScoreSerializer
from learner.training.selectors import classifier_of


class ScoreView(APIView):
    """Scores of pages."""

    token_scope = Scope.SCORE

    @extend_schema(
        operation_id="score",
        request=ScoreSerializer,
        responses={200: ScoredSerializer, **errors(400, 409)},
        tags=["serving"],
    )
    def post(self, request: Request, slug: str) -> JsonResponse:
        """Probabilities, labels and action of up to 1,000 pages, by the version that serves.

        While an experiment runs, sites that are drawn into its other arm are answered by its candidate: each row
        says its arm and its version. Then pages are counted, and a few addresses on which the two versions differ are
        kept where the experiment says so; without one nothing is stored.
        A row that cannot be scored has an error in its place, and the others are answered. Addresses are spelled the
        one way that the classifier learned them. 409 while no version serves.
        """
        access = project_for(caller(request), slug, Can.SCORE)
        _refuse_too_large(request)
        asked = asked_of(request.data)
        # What computes is imported when it is first needed: the web process starts without it.
        from learner.monitoring.scoring import scored  # noqa: PLC0415

        found = scored(access.project, asked)
        running = {"experiment": found.experiment} if found.experiment else {}
        return JsonResponse(
            {
                "classifier": found.classifier,
                "taxonomy": found.taxonomy,
                "profile": found.profile,
                **running,
                "results": found.results,
            }
        )


class BundleView(APIView):
    """A classifier version to score with elsewhere."""

    @extend_schema(
        operation_id="classifier_bundle",
        responses={(200, "application/zip"): OpenApiTypes.BINARY, **errors(409)},
        tags=["serving"],
    )
    def get(self, request: Request, slug: str, number: int) -> HttpResponse:
        """A zip file: packed float32 weights, the feature recipe, thresholds, the model card, and a scorer."""
        version = classifier_of(project_for(caller(request), slug, Can.INSPECT).project, number)
        from learner.monitoring.bundling import bundle_of  # noqa: PLC0415 - as above

        answer = HttpResponse(bundle_of(version), content_type="application/zip")
        answer["Content-Disposition"] = f'attachment; filename="{slug}-v{number}.zip"'
        return answer


def _refuse_too_large(request: Request) -> None:
    """Django would refuse it too, without saying what to do."""
    size, most = int(request.META.get("CONTENT_LENGTH") or 0), settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if size > most:
        raise BadInput(
            f"The request has {size:,} bytes; at most {most:,} are read. Send fewer pages with text at once."
        )
