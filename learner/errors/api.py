"""API operations on errors: the list, one error, causes, actions."""

from typing import Any, Final

from django.core.paginator import Paginator
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import caller, errors
from learner.core.causes import Cause
from learner.errors.looking import error_view
from learner.errors.models import CAUSES, ErrorAction, ErrorReport, Kind, Part
from learner.errors.picking import Picked, picked_of
from learner.errors.reading import Asked, asked_of
from learner.errors.reporting import (
    CausesLine,
    action_words,
    actions_of,
    causes_by_month,
    causes_by_version,
    report_of,
)
from learner.errors.selectors import (
    NO_CAUSE,
    ErrorLine,
    category_counts,
    cluster_lines,
    clusters_listed,
    error_lines,
    error_of,
    errors_listed,
    run_taxonomy,
)
from learner.errors.serializers import (
    ActingSerializer,
    AssignedSerializer,
    CauseAssignSerializer,
    CausesSerializer,
    ClauseBeginSerializer,
    ErrorActionSerializer,
    ErrorListSerializer,
    ErrorSearchSerializer,
    OneErrorSerializer,
    SearchAskSerializer,
    SimilarAskSerializer,
)
from learner.errors.services import causes_assign, clause_begin, error_run_request, relook_ask, similar_ask
from learner.training.selectors import classifier_of

PAGE: Final = 100
CLUSTERS_SHOWN: Final = 20
ACTIONS_SHOWN: Final = 50
DIGITS_MAX: Final = 9


def _parameter(name: str, kind: Any, words: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=words, **more)


PARAMETERS: Final = [
    _parameter(
        "version", OpenApiTypes.INT, "Of the classifier; the newest whose errors are known unless told."
    ),
    _parameter("part", OpenApiTypes.STR, "audit unless told: train pages are biased.", enum=Part.values),
    _parameter("category", OpenApiTypes.STR, "Short name of a category."),
    _parameter("kind", OpenApiTypes.STR, "miss or alarm.", enum=Kind.values),
    _parameter("cause", OpenApiTypes.STR, "Assigned; none: no cause yet.", enum=[NO_CAUSE, *dict(CAUSES)]),
    _parameter("site", OpenApiTypes.STR, "A site, or any address on it."),
    _parameter("cluster", OpenApiTypes.INT, "The number of a cluster."),
    _parameter("page", OpenApiTypes.INT, "From `next_page` of the last one."),
]


class ErrorsView(APIView):
    """What a version got wrong."""

    @extend_schema(
        operation_id="error_list",
        parameters=PARAMETERS,
        responses={200: ErrorListSerializer, **errors(400)},
        tags=["errors"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Missed pages of grave categories first, then by how sure the classifier was of what is wrong."""
        access = project_for(caller(request), slug, Can.INSPECT)
        asked = asked_of(access, request.query_params)
        if not asked.form.is_valid():
            raise BadInput(asked.form.problem)
        return Response(ErrorListSerializer(_listed(asked, _page(request))).data)


class ErrorView(APIView):
    """One error."""

    @extend_schema(
        operation_id="error_read", responses={200: OneErrorSerializer, **errors(409)}, tags=["errors"]
    )
    def get(self, request: Request, slug: str, error_id: int) -> Response:
        """What people, words and similar pages say, and what each cause would look like. 409 for a withheld page."""
        access = project_for(caller(request), slug, Can.INSPECT)
        error = error_of(access.project, error_id)
        view = error_view(access, error)
        body = {
            "error": _row(*error_lines([error], view.taxonomy)),
            "held": error.resolution.labels,
            "method": error.resolution.method,
            "agree": view.facts.agree,
            "oppose": view.facts.oppose,
            "unsure": view.facts.unsure,
            "towards": view.towards,
            "away": view.away,
            "similar": view.similar,
            "causes": view.causes,
            "suggested": view.suggested,
            "history": view.history,
        }
        return Response(OneErrorSerializer(body).data)


class CausesView(APIView):
    """Causes of errors."""

    @extend_schema(
        operation_id="error_causes", responses={200: CausesSerializer, **errors()}, tags=["errors"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """How many errors have which cause, by month and by version, and what was done about errors."""
        access = project_for(caller(request), slug, Can.INSPECT)
        body = {
            "months": [_causes(line) for line in causes_by_month(access.project)],
            "versions": [_causes(line) for line in causes_by_version(access.project)],
            "actions": [_action(row) for row in actions_of(access.project)[:ACTIONS_SHOWN]],
        }
        return Response(CausesSerializer(body).data)

    @extend_schema(
        operation_id="error_cause_assign",
        request=CauseAssignSerializer,
        responses={201: AssignedSerializer, **errors(400)},
        tags=["errors"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """The cause of these errors, or of a cluster, from now on. What was assigned before stays to be read."""
        access = project_for(caller(request), slug, Can.INSPECT)
        sent = CauseAssignSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        rows = causes_assign(access, _picked(access, data), data["cause"], data["reason"])
        return Response(AssignedSerializer({"n": len(rows)}).data, status=201)


class SimilarAskView(APIView):
    """Batches of similar pages."""

    @extend_schema(
        operation_id="error_batch",
        request=SimilarAskSerializer,
        responses={202: ErrorActionSerializer, **errors(400, 409)},
        tags=["errors"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """A batch of unlabelled train pages like these errors, as soon as a worker has found them."""
        access = project_for(caller(request), slug, Can.INSPECT)
        sent = SimilarAskSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        action = similar_ask(access, _picked(access, data), data["n"], _report(access, data))
        return Response(ErrorActionSerializer(_action(action)).data, status=202)


class ClauseView(APIView):
    """Clauses that errors ask for."""

    @extend_schema(
        operation_id="error_clause",
        request=ClauseBeginSerializer,
        responses={201: ErrorActionSerializer, **errors(400, 409)},
        tags=["errors"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """A clause on the category of these errors, in the draft of the guideline. Nothing is published."""
        access = project_for(caller(request), slug, Can.GUIDE)
        sent = ClauseBeginSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        picked, report = _picked(access, data), _report(access, data)
        action = clause_begin(access, picked, data["title"], data["body"], report)
        return Response(ErrorActionSerializer(_action(action)).data, status=201)


class SearchView(APIView):
    """Looking for errors."""

    @extend_schema(
        operation_id="error_search",
        request=SearchAskSerializer,
        responses={202: ErrorSearchSerializer, **errors(409)},
        tags=["errors"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Have the errors of an evaluated version looked for anew. 409 while another version's are."""
        access = project_for(caller(request), slug, Can.INSPECT)
        sent = SearchAskSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        run = error_run_request(access, classifier_of(access.project, sent.validated_data["classifier"]))
        return Response(ErrorSearchSerializer(run).data, status=202)


class RelookView(APIView):
    """Labels to be looked at again."""

    @extend_schema(
        operation_id="error_relook",
        request=ActingSerializer,
        responses={201: ErrorActionSerializer, **errors(400, 409)},
        tags=["errors"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """The labels of these errors among the suspects, until a lead answers."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = ActingSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        action = relook_ask(access, _picked(access, data), _report(access, data))
        return Response(ErrorActionSerializer(_action(action)).data, status=201)


def _listed(asked: Asked, page: int) -> dict[str, Any]:
    run, wanted = asked.run, asked.wanted
    if run is None:
        nothing: dict[str, Any] = {"classifier": None, "evaluated_at": None, "n_pages": 0, "count": 0}
        return {**nothing, "next_page": None, "categories": [], "clusters": [], "results": []}
    taxonomy = run_taxonomy(run)
    rows = Paginator(errors_listed(run, wanted), PAGE)
    found = rows.get_page(page)
    clusters = clusters_listed(run, wanted.part, category=wanted.category, kind=wanted.kind)
    lines = error_lines(list(found.object_list), taxonomy) if page <= rows.num_pages else []
    return {
        "classifier": run.evaluation.classifier.number,
        "evaluated_at": run.evaluation.created_at,
        "n_pages": run.facts["n_pages"][wanted.part],
        "count": rows.count,
        "next_page": page + 1 if page < rows.num_pages else None,
        "categories": category_counts(run, wanted.part, taxonomy),
        "clusters": cluster_lines(clusters[:CLUSTERS_SHOWN], taxonomy),
        "results": [_row(line) for line in lines],
    }


def _row(line: ErrorLine) -> dict[str, Any]:
    return {"error": line.error, "url": line.url, "title": line.title, "cause": line.cause}


def _causes(line: CausesLine) -> dict[str, Any]:
    return {
        "name": line.name,
        "n": line.n,
        "causes": {cause.value: n for cause, n in zip(Cause, line.counts, strict=True)},
    }


def _action(action: ErrorAction) -> dict[str, Any]:
    batch = action.run.batch if action.run else None
    return {"action": action, "words": action_words(action), "batch": batch.number if batch else None}


def _picked(access: Access, data: dict[str, Any]) -> Picked:
    return picked_of(access.project, data["errors"], data["cluster"])


def _report(access: Access, data: dict[str, Any]) -> ErrorReport | None:
    return report_of(access.project, data["report"]) if data["report"] else None


def _page(request: Request) -> int:
    sent = request.query_params.get("page", "")
    if not sent:
        return 1
    if not (sent.isascii() and sent.isdigit() and len(sent) <= DIGITS_MAX and int(sent) > 0):
        raise BadInput(f'page: "{sent[:20]}" is not the number of a page.')
    return int(sent)
