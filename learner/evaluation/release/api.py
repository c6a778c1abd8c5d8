"""API operations on the release: what serves, what the gate says, its rules, and asking for an evaluation."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput, NotFound
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import ERRORS, ByIdPagination, caller, errors, page_of
from learner.evaluation.release.selectors import (
    gate_latest,
    gates_latest,
    rules_effect,
    rules_history,
    rules_in_force,
)
from learner.evaluation.release.serializers import (
    EvaluationRunSerializer,
    GateEffectSerializer,
    GateRulesInForceSerializer,
    GateRulesSerializer,
    GateRulesSetSerializer,
    GateRulesVersionSerializer,
    GateSerializer,
    PromotionBackSerializer,
    PromotionMakeSerializer,
    PromotionSerializer,
    ServingSerializer,
    SummarySerializer,
)
from learner.evaluation.release.services import gate_of, promotion_back, promotion_make, rules_set
from learner.evaluation.release.summary import summary_of
from learner.evaluation.selectors import evaluations_newest
from learner.evaluation.services import evaluation_request
from learner.evaluation.serving import promotion_current, promotions_of
from learner.training.models import ClassifierVersion
from learner.training.selectors import classifier_of, classifiers_of

PREVIEWED = 3
VERSIONS_SHOWN = 200


class ServingView(APIView):
    """What serves."""

    @extend_schema(
        operation_id="serving_read", responses={200: ServingSerializer, **ERRORS}, tags=["classifiers"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """The promotion in force, and what the gate said last of each of the newest versions."""
        project = project_for(caller(request), slug, Can.INSPECT).project
        gates = gates_latest(project)
        versions = [
            {"classifier": version.number, "verdict": gate.verdict if gate else None}
            for version in classifiers_of(project)[:VERSIONS_SHOWN]
            for gate in [gates.get(version.pk)]
        ]
        body = {"current": promotion_current(project), "versions": versions}
        return Response(ServingSerializer(body).data)


class PromotionsView(APIView):
    """What served, and since when."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="promotion_list",
        responses={200: PromotionSerializer(many=True), **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every promotion, newest first; the newest serves."""
        project = project_for(caller(request), slug, Can.INSPECT).project
        return page_of(self, promotions_of(project), PromotionSerializer)


class PromotionBackView(APIView):
    """The way back."""

    @extend_schema(
        operation_id="promotion_back",
        request=PromotionBackSerializer,
        responses={201: PromotionSerializer, **errors(409)},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """A version that served before serves again. 409 when another was promoted since `based_on`."""
        access = project_for(caller(request), slug, Can.PROMOTE)
        sent = PromotionBackSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        row = promotion_back(access, data["promotion"], based_on=data["based_on"])
        return Response(PromotionSerializer(row).data, status=201)


class PromoteView(APIView):
    """A version that is to serve."""

    @extend_schema(
        operation_id="promotion_make",
        request=PromotionMakeSerializer,
        responses={201: PromotionSerializer, **errors(409)},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """The version serves from now on: by a passed gate, or by an exception that a lead or an admin signs.

        The gate is asked anew. 409 when it is not passed, or another version was promoted since `based_on`.
        """
        access, version = _version(request, slug, number, Can.PROMOTE)
        sent = PromotionMakeSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        row = promotion_make(access, version, **sent.validated_data)
        return Response(PromotionSerializer(row).data, status=201)


class GateView(APIView):
    """The gate on one version."""

    @extend_schema(operation_id="gate_read", responses={200: GateSerializer, **ERRORS}, tags=["classifiers"])
    def get(self, request: Request, slug: str, number: int) -> Response:
        """What the gate said last, rule by rule; 404 before it was asked."""
        _, version = _version(request, slug, number, Can.INSPECT)
        found = gate_latest(version)
        if found is None:
            raise NotFound(f"The gate was not asked of v{number} yet.")
        return Response(GateSerializer(found).data)

    @extend_schema(
        operation_id="gate_ask",
        request=None,
        responses={200: GateSerializer, **ERRORS},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Ask by the rules of this moment, on the newest evaluation. 400 before the first."""
        _, version = _version(request, slug, number, Can.PROMOTE)
        found = gate_of(version)
        if found is None:
            raise BadInput(f"v{number} is not evaluated yet. Evaluate it first.")
        return Response(GateSerializer(found).data)


class EvaluateView(APIView):
    """An evaluation that is asked for."""

    @extend_schema(
        operation_id="evaluation_ask",
        request=None,
        responses={202: EvaluationRunSerializer, **errors(409)},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Have the version evaluated on the audited items so far; answers at once. 409 while another one is."""
        access, version = _version(request, slug, number, Can.PROMOTE)
        return Response(EvaluationRunSerializer(evaluation_request(access, version)).data, status=202)


class GateRulesView(APIView):
    """The rules of the gate."""

    @extend_schema(
        operation_id="gate_rules_read",
        responses={200: GateRulesInForceSerializer, **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The rules in force."""
        asked = rules_in_force(project_for(caller(request), slug, Can.INSPECT).project)
        return Response(GateRulesInForceSerializer(asdict(asked.rules) | {"number": asked.number}).data)

    @extend_schema(
        operation_id="gate_rules_set",
        request=GateRulesSetSerializer,
        responses={201: GateRulesVersionSerializer, **errors(409)},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Set new rules. 409 when others were set since `based_on`; `gate-rules/effect/` tells first what they do."""
        access = project_for(caller(request), slug, Can.STEER)
        sent = GateRulesSetSerializer(data=request.data)
        _known(access, sent)
        data = sent.validated_data
        row = rules_set(access, sent.rules, based_on=data["based_on"], note=data["note"])
        return Response(GateRulesVersionSerializer(row).data, status=201)


class GateRulesHistoryView(APIView):
    """How the rules came to be."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="gate_rules_list",
        responses={200: GateRulesVersionSerializer(many=True), **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every version of the rules that anybody set, newest first."""
        project = project_for(caller(request), slug, Can.INSPECT).project
        return page_of(self, rules_history(project), GateRulesVersionSerializer)


class GateRulesEffectView(APIView):
    """What other rules would do."""

    @extend_schema(
        operation_id="gate_rules_effect",
        request=GateRulesSerializer,
        responses={200: GateEffectSerializer(many=True), **ERRORS},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """What these rules would say of the newest evaluated versions, beside those in force. Nothing is set."""
        access = project_for(caller(request), slug, Can.STEER)
        sent = GateRulesSerializer(data=request.data)
        _known(access, sent)
        newest = evaluations_newest(access.project)[:PREVIEWED]
        effects = rules_effect(access.project, sent.rules, newest)
        return Response(GateEffectSerializer(effects, many=True).data)


class SummaryView(APIView):
    """One version in plain words."""

    @extend_schema(
        operation_id="classifier_summary", responses={200: SummarySerializer, **ERRORS}, tags=["classifiers"]
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """What got better, what is at risk, and what mending it costs."""
        _, version = _version(request, slug, number, Can.INSPECT)
        return Response(SummarySerializer(summary_of(version)).data)


def _version(request: Request, slug: str, number: int, can: Can) -> tuple[Access, ClassifierVersion]:
    access = project_for(caller(request), slug, can)
    return access, classifier_of(access.project, number)


def _known(access: Access, sent: GateRulesSerializer) -> None:
    """Raises for what is no rule, and for floors of categories that the taxonomy does not have."""
    sent.is_valid(raise_exception=True)
    data: dict[str, Any] = sent.validated_data
    unknown = sorted({*data["recall"], *data["precision"]} - set(access.taxonomy.slugs))
    if unknown:
        raise BadInput(f'The taxonomy has no category "{unknown[0][:40]}".')
