"""API operations on classifier versions, and the progress of a project."""

from math import isfinite
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, ByIdPagination, caller, errors, narrowed
from annotator.queue.selectors import queue_level
from annotator.review.overview import pace_of
from learner.core.plans import MEASURES
from learner.core.stopping import NEXT, Range
from learner.evaluation.overview import RunLine, learner_overview
from learner.evaluation.planning import POINTS_MAX, POINTS_MIN, audit_plan
from learner.evaluation.prospects import learning_curve
from learner.evaluation.selectors import evaluation_latest, result_of, results_of
from learner.training.models import ClassifierVersion
from learner.training.selectors import classifier_of, classifiers_of
from learner.training.serializers import QuerySerializer
from learner.training.services import AUDITS_MAX, audits_at_random_request, audits_request


class EstimateSerializer(serializers.Serializer[Any]):
    """A number with its 95 % interval and the items behind it; or null, and why."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(allow_null=True)
    why = serializers.CharField()


class CategoryResultSerializer(serializers.Serializer[Any]):
    """One category of one version."""

    slug = serializers.CharField()
    learned = serializers.BooleanField()
    reason = serializers.CharField(help_text="Why it is not learned, or empty.")
    threshold = serializers.FloatField(allow_null=True)
    n_positive = serializers.IntegerField()
    n_sites = serializers.IntegerField()
    strength = serializers.FloatField(
        allow_null=True, help_text="Inverse strength of regularisation, chosen on sites it had not seen."
    )
    url_weight = serializers.FloatField(
        allow_null=True, help_text="How much the URL weighs beside what the page says, chosen likewise."
    )
    precision = EstimateSerializer()
    recall = EstimateSerializer()
    f1 = EstimateSerializer()


class ClassifierSerializer(serializers.Serializer[Any]):
    """One classifier version with its newest evaluation on audited holdout items."""

    number = serializers.IntegerField(source="version.number")
    created_at = serializers.DateTimeField(source="version.created_at")
    reason = serializers.CharField(source="version.training_run.reason")
    taxonomy = serializers.IntegerField(source="version.taxonomy.number")
    recipe = serializers.CharField(source="version.recipe")
    fingerprint = serializers.CharField(source="version.fingerprint")
    sha256 = serializers.CharField(source="version.sha256")
    size = serializers.IntegerField(source="version.size")
    n_resolutions = serializers.IntegerField(source="version.n_resolutions")
    n_known = serializers.IntegerField(source="version.n_known")
    weighing = serializers.CharField(
        source="version.weighing", help_text="How much one label counted in the fit, in words."
    )
    n_learned = serializers.IntegerField()
    n_audited = serializers.IntegerField(source="evaluation.n_items", allow_null=True, default=None)
    evaluated_at = serializers.DateTimeField(source="evaluation.created_at", allow_null=True, default=None)
    macro_f1 = EstimateSerializer()
    micro_f1 = EstimateSerializer()
    categories = CategoryResultSerializer(many=True)


class RangeSerializer(serializers.Serializer[Any]):
    """A value with its 95 % interval; null for more labels than can be foreseen."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)

    def to_representation(self, instance: Range) -> dict[str, float | None]:
        """JSON has no infinity."""
        return {name: _finite(getattr(instance, name)) for name in ("value", "low", "high")}


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


class ProspectSerializer(serializers.Serializer[Any]):
    """What more labels would bring one category; null, and why, where nothing can be said."""

    slug = serializers.CharField()
    recall = EstimateSerializer(help_text="Of the newest version, on audited items.")
    target = serializers.FloatField(source="prospect.target", help_text="The recall floor, or 0.9.")
    gain = RangeSerializer(source="prospect.gain", allow_null=True, help_text=f"By the next {NEXT} labels.")
    needed = RangeSerializer(
        source="prospect.needed", allow_null=True, help_text="More labels to the target."
    )
    words = serializers.CharField(source="prospect.words")
    why_unknown = serializers.CharField(source="prospect.why_unknown")


class PlanAskedSerializer(serializers.Serializer[Any]):
    """Which score is to be known, and within how much."""

    category = serializers.SlugField(max_length=40)
    measure = serializers.ChoiceField(choices=MEASURES, default="recall")
    points = serializers.FloatField(
        min_value=POINTS_MIN, max_value=POINTS_MAX, default=3.0, help_text="Hundredths to either side."
    )


class AuditPlanSerializer(serializers.Serializer[Any]):
    """How many more audits it takes to know a score of a category within some points; null, and why, if unknown."""

    category = serializers.CharField()
    measure = serializers.CharField()
    points = serializers.FloatField()
    classifier = serializers.IntegerField(source="number", allow_null=True)
    now = serializers.FloatField(
        source="plan.now", allow_null=True, default=None, help_text="Half-width today."
    )
    needed = RangeSerializer(
        source="plan.needed", allow_null=True, default=None, help_text="More labels; low and high hold 80 %."
    )
    at_random = RangeSerializer(
        source="plan.at_random", allow_null=True, default=None, help_text="The same if all items were alike."
    )
    is_random_cheaper = serializers.BooleanField(
        source="plan.is_random_cheaper",
        default=False,
        help_text="Whether the draw at random is the one to open.",
    )
    minutes = RangeSerializer(
        allow_null=True, help_text="Of the cheaper draw, of people, at the measured pace; null if not known."
    )
    why = serializers.CharField()
    words = serializers.CharField()


class AuditsAskedSerializer(serializers.Serializer[Any]):
    """A batch of audits for one category."""

    category = serializers.SlugField(max_length=40)
    n = serializers.IntegerField(min_value=1, max_value=AUDITS_MAX)
    at_random = serializers.BooleanField(
        default=False, help_text="All holdout items alike, where the plan says that it takes fewer."
    )


class QueueLevelSerializer(serializers.Serializer[Any]):
    """How full the queue is; counts stop at 10,000."""

    free = serializers.IntegerField()
    offered = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Annotators who just came away with nothing.")


class PaceSerializer(serializers.Serializer[Any]):
    """Judgments since midnight UTC, and in the last 60 minutes."""

    today = serializers.IntegerField()
    last_hour = serializers.IntegerField()


class TrainingProgressSerializer(serializers.Serializer[Any]):
    """How far the project is to its next classifier version."""

    latest = serializers.IntegerField(source="latest.number", allow_null=True, default=None)
    done = serializers.IntegerField()
    needed = serializers.IntegerField()


class LastQuerySerializer(serializers.Serializer[Any]):
    """The newest query, and the batch that it opened."""

    reason = serializers.CharField()
    status = serializers.CharField()
    error = serializers.CharField()
    batch = serializers.IntegerField(source="batch.number", allow_null=True, default=None)
    pool_size = serializers.IntegerField(allow_null=True)
    phases = serializers.DictField(child=serializers.FloatField(), help_text="Seconds by phase.")


class RunLineSerializer(serializers.Serializer[RunLine]):
    """One run of the learner that is active, or was the last of its kind and failed."""

    kind = serializers.CharField()
    id = serializers.IntegerField(source="run.pk")
    status = serializers.CharField(source="run.status")
    stage = serializers.CharField(source="run.stage")
    done = serializers.IntegerField(source="run.done")
    total = serializers.IntegerField(source="run.total", allow_null=True)
    error = serializers.CharField(source="run.error")


class ProgressSerializer(serializers.Serializer[Any]):
    """Where the loop of one project stands now."""

    paused = serializers.BooleanField()
    queue = QueueLevelSerializer()
    judgments = PaceSerializer()
    training = TrainingProgressSerializer()
    query = LastQuerySerializer(allow_null=True)
    runs = RunLineSerializer(many=True)


class ClassifierListView(GenericAPIView[Any]):
    """The classifier versions of a project."""

    serializer_class = ClassifierSerializer
    pagination_class = ByIdPagination
    queryset = ClassifierVersion.objects.none()

    @extend_schema(
        operation_id="classifier_list",
        responses={200: ClassifierSerializer(many=True), **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first, each with its newest evaluation."""
        access = project_for(caller(request), slug, Can.INSPECT)
        versions = self.paginate_queryset(classifiers_of(access.project)) or []
        listed = ClassifierSerializer(results_of(versions), many=True)
        return self.get_paginated_response(narrowed(listed, request).data)


class ClassifierView(APIView):
    """One classifier version."""

    @extend_schema(
        operation_id="classifier_read", responses={200: ClassifierSerializer, **ERRORS}, tags=["classifiers"]
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """The version with its newest evaluation."""
        version = classifier_of(project_for(caller(request), slug, Can.INSPECT).project, number)
        return Response(ClassifierSerializer(result_of(version, evaluation_latest(version))).data)


class ProspectsView(APIView):
    """What more labels would bring."""

    @extend_schema(
        operation_id="classifier_prospects",
        responses={200: ProspectSerializer(many=True), **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """For each category of the taxonomy, from what the evaluated versions reached on audited items."""
        access = project_for(caller(request), slug, Can.INSPECT)
        found = learning_curve(access.project).categories
        return Response(ProspectSerializer(found, many=True).data)


class AuditPlanView(APIView):
    """What it takes to know more."""

    @extend_schema(
        operation_id="audit_plan",
        parameters=[PlanAskedSerializer],
        responses={200: AuditPlanSerializer, **errors(400)},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """How many more audits it takes, drawn as takes fewer, from the newest evaluation."""
        access = project_for(caller(request), slug, Can.INSPECT)
        asked = PlanAskedSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(AuditPlanSerializer(audit_plan(access.project, **asked.validated_data)).data)


class AuditsView(APIView):
    """Batches of audits alone."""

    @extend_schema(
        operation_id="audits_open",
        request=AuditsAskedSerializer,
        responses={202: QuerySerializer, **errors(400, 409)},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask for a batch of audits, drawn where the category may be or at random; answers at once with the query."""
        access = project_for(caller(request), slug, Can.INSPECT)
        asked = AuditsAskedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ask = audits_at_random_request if asked.validated_data["at_random"] else audits_request
        run = ask(access, asked.validated_data["category"], asked.validated_data["n"])
        return Response(QuerySerializer(run).data, status=202)


class ProgressView(APIView):
    """The progress of one project."""

    @extend_schema(
        operation_id="progress_read", responses={200: ProgressSerializer, **ERRORS}, tags=["projects"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """The queue, today's judgments, the way to the next retrain, and what runs. For every member."""
        project = project_for(caller(request), slug, Can.READ).project
        overview = learner_overview(project)
        facts = {
            "paused": project.paused,
            "queue": queue_level(project),
            "judgments": pace_of(project, timezone.now()),
            "training": overview.progress,
            "query": overview.query,
            "runs": overview.runs,
        }
        return Response(ProgressSerializer(facts).data)
