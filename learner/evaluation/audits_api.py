"""API operations on what evaluations rest on: audits, and what is taken for true; and on an item as it was scored."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.pool.selectors import item_of
from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, caller, errors
from learner.evaluation.api import CategoryResultSerializer, EstimateSerializer
from learner.evaluation.models import Truth, TruthSetting
from learner.evaluation.opinion import opinion_of
from learner.evaluation.planning import audit_state
from learner.evaluation.selectors import truth_latest, truth_of
from learner.evaluation.services import truth_set
from learner.query.models import AuditWave


class AuditWaveSerializer(serializers.ModelSerializer[AuditWave]):
    """One draw of the audit stream."""

    batch = serializers.IntegerField(source="batch.number")

    class Meta:
        model = AuditWave
        fields = ["number", "batch", "drawn_at", "n_drawn", "n_available", "n_holdout"]


class AuditResponseSerializer(serializers.Serializer[Any]):
    """Items that were drawn for audit, by what is known of them."""

    drawn = serializers.IntegerField()
    labelled = serializers.IntegerField(help_text="They count in an evaluation.")
    waiting = serializers.IntegerField()
    no_labels = serializers.IntegerField()
    inferred = serializers.IntegerField()
    withheld = serializers.IntegerField()


class TrafficSerializer(serializers.Serializer[Any]):
    """One category by requests instead of pages."""

    category = serializers.CharField(help_text="Its name.")
    precision = EstimateSerializer()
    recall = EstimateSerializer()


class TruthSerializer(serializers.Serializer[Any]):
    """What evaluations take for true; null while nobody set it, and resolutions are taken as they are then."""

    truth = serializers.ChoiceField(choices=Truth.choices)
    set_by = serializers.CharField(source="setting.set_by.username", allow_null=True, default=None)
    set_at = serializers.DateTimeField(source="setting.set_at", allow_null=True, default=None)


class TruthSetSerializer(serializers.Serializer[Any]):
    """What evaluations are to take for true."""

    truth = serializers.ChoiceField(choices=Truth.choices)


class AuditStateSerializer(serializers.Serializer[Any]):
    """The audits of a project as they stand."""

    n_waves = serializers.IntegerField()
    waves = AuditWaveSerializer(many=True, help_text="The newest.")
    response = AuditResponseSerializer()
    classifier = serializers.IntegerField(
        source="evaluation.classifier.number", allow_null=True, default=None, help_text="Evaluated last."
    )
    categories = CategoryResultSerializer(many=True)
    traffic = TrafficSerializer(many=True, help_text="None where no audited page has requests.")


class BlindSerializer(serializers.Serializer[Any]):
    """What a classifier that saw no page of the item's site gave a category."""

    name = serializers.CharField()
    probability = serializers.FloatField()


class OpinionSerializer(serializers.Serializer[Any]):
    """What is stored of the classifier's view of an item; nothing is predicted when it is asked for."""

    classifier = serializers.IntegerField(source="newest.number", allow_null=True, default=None)
    served_by = serializers.IntegerField(
        source="served.classifier_number",
        allow_null=True,
        default=None,
        help_text="The version that scored it.",
    )
    distance = serializers.FloatField(
        allow_null=True, help_text="From the threshold, where that was the score."
    )
    expected = serializers.ListField(child=serializers.CharField(), help_text="Names of categories.")
    blind = BlindSerializer(many=True)
    categories = CategoryResultSerializer(many=True, help_text="How well it tells what is in dispute.")


class AuditStateView(APIView):
    """The audits so far."""

    @extend_schema(
        operation_id="audit_read", responses={200: AuditStateSerializer, **ERRORS}, tags=["classifiers"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """What was drawn for audit, what became of it, and what is known by it."""
        state = audit_state(project_for(caller(request), slug, Can.INSPECT).project)
        traffic = [
            {"category": name, "precision": precision, "recall": recall}
            for name, precision, recall in state.traffic
        ]
        shown = {
            "n_waves": state.n_waves,
            "waves": state.waves,
            "response": state.response,
            "evaluation": state.evaluation,
            "categories": state.categories,
            "traffic": traffic,
        }
        return Response(AuditStateSerializer(shown).data)


class TruthView(APIView):
    """What evaluations take for true."""

    @extend_schema(
        operation_id="truth_read", responses={200: TruthSerializer, **ERRORS}, tags=["classifiers"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """What is taken for true now, and who set it."""
        project = project_for(caller(request), slug, Can.INSPECT).project
        return Response(_truth(truth_of(project), truth_latest(project)))

    @extend_schema(
        operation_id="truth_set",
        request=TruthSetSerializer,
        responses={201: TruthSerializer, **ERRORS},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Set it; the newest version is evaluated anew. 400 where nothing is different."""
        access = project_for(caller(request), slug, Can.STEER)
        sent = TruthSetSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        setting = truth_set(access, sent.validated_data["truth"])
        return Response(_truth(Truth(setting.truth), setting), status=201)


class OpinionView(APIView):
    """The classifier's view of one item."""

    @extend_schema(
        operation_id="item_opinion", responses={200: OpinionSerializer, **errors(409)}, tags=["classifiers"]
    )
    def get(self, request: Request, slug: str, item_id: int) -> Response:
        """What was stored when it was served, and how well the newest version tells what is in dispute.

        For leads: people who label do not see it before they have judged.
        """
        access = project_for(caller(request), slug, Can.RESOLVE)
        return Response(OpinionSerializer(opinion_of(access.project, item_of(access.project, item_id))).data)


def _truth(truth: Truth, setting: TruthSetting | None) -> dict[str, Any]:
    return TruthSerializer({"truth": truth, "setting": setting}).data
