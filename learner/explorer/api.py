"""API operations of the explorer: the same search as on the page, and its charts."""

from dataclasses import asdict
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import caller, errors
from learner.explorer.filters import METHOD_NAMES, STREAMS, Disagreement, Split
from learner.explorer.forms import TEXT_MAX
from learner.explorer.listing import Row
from learner.explorer.reading import Asked, answer_of, asked_of
from learner.explorer.searching import PAGE
from learner.explorer.serializers import ExplorerChartsSerializer, ExplorerSerializer

SIZE_MOST: Final = 1_000


def _parameter(name: str, kind: Any, words: str, **more: Any) -> OpenApiParameter:
    return OpenApiParameter(name, kind, description=words, **more)


FILTER: Final = [
    _parameter(
        "text", {"type": "string", "maxLength": TEXT_MAX}, "Words of address, title and text; -word, begin*."
    ),
    _parameter("site", OpenApiTypes.STR, "A site, or any address on it."),
    _parameter("held", OpenApiTypes.STR, "Category held true; _none: none of these; _unresolved.", many=True),
    _parameter("judged", OpenApiTypes.STR, "Category that somebody judged present.", many=True),
    _parameter("predicted", OpenApiTypes.STR, "Category that the newest classifier predicts.", many=True),
    _parameter(
        "probability", OpenApiTypes.STR, "Category of p_min and p_max; each item tells its probability."
    ),
    _parameter("p_min", OpenApiTypes.FLOAT, "0 to 1."),
    _parameter("p_max", OpenApiTypes.FLOAT, "0 to 1."),
    _parameter("streams", OpenApiTypes.STR, "That first served it.", many=True, enum=STREAMS),
    _parameter("methods", OpenApiTypes.STR, "How it was resolved.", many=True, enum=METHOD_NAMES[1:]),
    _parameter("sources", OpenApiTypes.STR, "As the ingest file named it.", many=True),
    _parameter("languages", OpenApiTypes.STR, "By its English name.", many=True),
    _parameter("ingest", OpenApiTypes.INT, "The number of an ingest."),
    _parameter("split", OpenApiTypes.STR, "train or holdout.", enum=Split.values),
    _parameter("disagreement", OpenApiTypes.STR, "How far people agree.", enum=Disagreement.values),
    _parameter("judgments_min", OpenApiTypes.INT, "Judgments that count, at least."),
    _parameter("judgments_max", OpenApiTypes.INT, "At most."),
    *(
        _parameter(f"{name}_{end}", OpenApiTypes.DATE, f"Day (UTC) {words}, {end}.")
        for name, words in (
            ("added", "of ingest"),
            ("judged", "of the last judgment"),
            ("resolved", "of resolution"),
        )
        for end in ("from", "until")
    ),
]
PARAMETERS: Final = [
    *FILTER,
    _parameter("before", OpenApiTypes.INT, "From `next_before` of the last page."),
    _parameter("page_size", OpenApiTypes.INT, f"1 to {SIZE_MOST}; {PAGE} unless told."),
]


class ExplorerView(APIView):
    """Items by what is known of them."""

    @extend_schema(
        operation_id="explorer_search",
        parameters=PARAMETERS,
        responses={200: ExplorerSerializer, **errors(400, 503)},
        tags=["explorer"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The items that fit, newest first, and how many there are.

        Of several values of one parameter any will do; all parameters have to fit. What is held and judged is told as
        it is now; whether an item fits, as of `refreshed_at`. Withheld items are in no answer.
        """
        access = project_for(caller(request), slug, Can.INSPECT)
        asked = _asked(access, request)
        before = asked.form.cleaned_data["before"]
        answer = answer_of(access, asked, asked.form.wanted, before=before, size=_size(request))
        body = {
            "count": answer.n,
            "refreshed_at": asked.freshness.refreshed_at,
            "behind": asked.freshness.behind,
            "classifier": asked.freshness.classifier_number,
            "next_before": answer.next_before,
            "results": [_row(row) for row in answer.rows],
        }
        return Response(ExplorerSerializer(body).data)


class ExplorerChartsView(APIView):
    """What a filter finds, in counts."""

    @extend_schema(
        operation_id="explorer_charts",
        parameters=FILTER,
        responses={200: ExplorerChartsSerializer, **errors(400, 503)},
        tags=["explorer"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """What the charts of the page show of the same filter: categories, streams, sources, sites and days."""
        access = project_for(caller(request), slug, Can.INSPECT)
        asked = _asked(access, request)
        answer = answer_of(access, asked, asked.form.wanted, size=1, with_facets=True)
        assert answer.facets is not None
        body = asdict(answer.facets) | {
            "count": answer.n,
            "refreshed_at": asked.freshness.refreshed_at,
            "behind": asked.freshness.behind,
        }
        return Response(ExplorerChartsSerializer(body).data)


def _asked(access: Access, request: Request) -> Asked:
    """The search that was sent; raises BadInput, with what is wrong by field."""
    asked = asked_of(access, request.query_params)
    if not asked.form.is_valid():
        raise BadInput(
            asked.form.problem,
            details={name: list(map(str, found)) for name, found in asked.form.errors.items()},
        )
    return asked


def _size(request: Request) -> int:
    sent = request.query_params.get("page_size", "")
    if not sent:
        return PAGE
    if not (sent.isascii() and sent.isdigit() and len(sent) < 6 and 1 <= int(sent) <= SIZE_MOST):  # noqa: PLR2004
        raise BadInput(f'page_size: "{sent[:20]}" is not a number from 1 to {SIZE_MOST}.')
    return int(sent)


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": row.item.pk,
        "url": row.item.url,
        "title": row.plain_title,
        "split": row.item.split,
        "source": row.item.source,
        "held": None if row.held is None else list(row.held),
        "method": row.method,
        "judgments": row.judgments,
        "probability": row.probability,
    }
