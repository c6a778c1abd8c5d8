"""What the API says and reads of errors."""

from typing import Any

from rest_framework import serializers

from annotator.projects.drafts.guideline import BODY_MAX
from annotator.projects.drafts.guideline import TITLE_MAX as CLAUSE_TITLE_MAX
from annotator.runs import RunStatus
from learner.core.causes import Cause
from learner.core.error_reports import PARTS
from learner.errors.models import ErrorRun, Part
from learner.errors.picking import ERRORS_MAX
from learner.errors.services import REASON_MAX, SIMILAR_MAX, TEXT_MAX, TITLE_MAX

ID_MAX = 2**63 - 1
NUMBER_MAX = 2**31 - 1


class CauseAssignedSerializer(serializers.Serializer[Any]):
    """The cause of an error that counts."""

    cause = serializers.CharField(help_text="label, guideline, features, drift or other.")
    reason = serializers.CharField()
    by = serializers.CharField(source="assigned_by.username")
    at = serializers.DateTimeField(source="assigned_at")
    classifier = serializers.IntegerField(source="classifier.number")


class ClassifierErrorSerializer(serializers.Serializer[Any]):
    """One category of one page that a version got wrong. Its id is of one search; item and category stay."""

    id = serializers.IntegerField(source="error.pk")
    item = serializers.IntegerField(source="error.item_id")
    address = serializers.CharField(source="url.defanged", help_text="Defanged: nothing in it is live.")
    title = serializers.CharField(allow_blank=True)
    part = serializers.ChoiceField(choices=Part.choices, source="error.part")
    category = serializers.CharField(source="error.category")
    kind = serializers.CharField(source="error.kind", help_text="miss or alarm.")
    severity_missed = serializers.IntegerField(source="error.grave")
    probability = serializers.FloatField(source="error.probability")
    threshold = serializers.FloatField(source="error.threshold")
    wrongness = serializers.FloatField(
        source="error.wrongness", help_text="Logits on the wrong side of the threshold."
    )
    cluster = serializers.IntegerField(
        source="error.cluster_id", allow_null=True, help_text="By its driving word."
    )
    cause = CauseAssignedSerializer(allow_null=True)


class CategoryCountSerializer(serializers.Serializer[Any]):
    """Errors of one category in the part that was asked for."""

    category = serializers.CharField(source="slug")
    misses = serializers.IntegerField()
    alarms = serializers.IntegerField()


class ErrorClusterSerializer(serializers.Serializer[Any]):
    """Errors that share a site or a driving word, more than chance would have it."""

    id = serializers.IntegerField(source="cluster.pk")
    category = serializers.CharField(source="cluster.category")
    kind = serializers.CharField(source="cluster.kind", help_text="miss or alarm.")
    by = serializers.CharField(source="cluster.by")
    n = serializers.IntegerField(source="cluster.n")
    lift = serializers.FloatField(source="cluster.lift")
    p_value = serializers.FloatField(
        source="cluster.p_value", help_text="Of the exact test, corrected for how many were looked at."
    )
    words = serializers.CharField()
    detail = serializers.CharField()


class ErrorListSerializer(serializers.Serializer[Any]):
    """A page of errors, gravest and surest first. Counts by category are of the whole part, whatever the filter."""

    classifier = serializers.IntegerField(allow_null=True)
    evaluated_at = serializers.DateTimeField(allow_null=True)
    n_pages = serializers.IntegerField(help_text="Pages of the part whose labels are held true.")
    count = serializers.IntegerField(help_text="Errors that fit.")
    next_page = serializers.IntegerField(allow_null=True)
    categories = CategoryCountSerializer(many=True)
    clusters = ErrorClusterSerializer(many=True, help_text="The first twenty of the part, category and kind.")
    results = ClassifierErrorSerializer(many=True)


class PushSerializer(serializers.Serializer[Any]):
    """One word, and how far it moves the page towards the category, in logits."""

    word = serializers.CharField()
    place = serializers.ChoiceField(choices=["text", "address"])
    logits = serializers.FloatField()


class SimilarSerializer(serializers.Serializer[Any]):
    """One similar training item."""

    item = serializers.IntegerField(source="item_id")
    address = serializers.CharField(source="url.defanged")
    cosine = serializers.FloatField()
    label = serializers.CharField(  # type: ignore[assignment]
        help_text="Whether it has the category: has it, has it not, not told."
    )


class CauseViewSerializer(serializers.Serializer[Any]):
    """What the facts say for one cause."""

    cause = serializers.CharField(help_text="label, guideline, features, drift or other.")
    strength = serializers.FloatField(help_text="0 to 1.")
    reasons = serializers.ListField(child=serializers.CharField())


class OneErrorSerializer(serializers.Serializer[Any]):
    """One error with all that is known of it."""

    error = ClassifierErrorSerializer()
    held = serializers.ListField(child=serializers.CharField())
    method = serializers.CharField()
    agree = serializers.IntegerField(help_text="People whose judgment says what is held.")
    oppose = serializers.IntegerField()
    unsure = serializers.IntegerField()
    towards = PushSerializer(many=True)
    away = PushSerializer(many=True)
    similar = SimilarSerializer(many=True)
    causes = CauseViewSerializer(many=True)
    suggested = serializers.CharField(allow_null=True, help_text="A cause, or null.")
    history = CauseAssignedSerializer(many=True)


class PickedSerializer(serializers.Serializer[Any]):
    """The errors to act on: some by their ids, or a cluster."""

    errors = serializers.ListField(  # type: ignore[assignment]
        child=serializers.IntegerField(min_value=1, max_value=ID_MAX),
        max_length=ERRORS_MAX,
        default=list,
        required=False,
    )
    cluster = serializers.IntegerField(
        min_value=1, max_value=ID_MAX, allow_null=True, default=None, required=False
    )


class CauseAssignSerializer(PickedSerializer):
    """A cause, and why."""

    cause = serializers.ChoiceField(choices=[(one.value, one.words) for one in Cause])
    reason = serializers.CharField(max_length=REASON_MAX)


class AssignedSerializer(serializers.Serializer[Any]):
    """How many errors have the cause now."""

    n = serializers.IntegerField()


class ActingSerializer(PickedSerializer):
    """Errors to act on, and the number of the report that it belongs to."""

    report = serializers.IntegerField(
        min_value=1, max_value=NUMBER_MAX, allow_null=True, default=None, required=False
    )


class SimilarAskSerializer(ActingSerializer):
    """How many unlabelled pages like these."""

    n = serializers.IntegerField(min_value=1, max_value=SIMILAR_MAX)


class ClauseBeginSerializer(ActingSerializer):
    """A clause of the guideline to begin with."""

    title = serializers.CharField(max_length=CLAUSE_TITLE_MAX)
    body = serializers.CharField(max_length=BODY_MAX)


class SearchAskSerializer(serializers.Serializer[Any]):
    """The version whose errors are to be looked for."""

    classifier = serializers.IntegerField(min_value=1, max_value=NUMBER_MAX)


class ErrorSearchSerializer(serializers.ModelSerializer[ErrorRun]):
    """The work of finding the errors of one evaluated version."""

    status = serializers.ChoiceField(choices=RunStatus.choices)
    classifier = serializers.IntegerField(source="evaluation.classifier.number")

    class Meta:
        model = ErrorRun
        fields = ["id", "status", "classifier", "created_at", "finished_at", "error"]


class ErrorActionSerializer(serializers.Serializer[Any]):
    """What was done, and what it made."""

    id = serializers.IntegerField(source="action.pk")
    kind = serializers.CharField(source="action.kind")
    category = serializers.CharField(source="action.category")
    classifier = serializers.IntegerField(source="action.classifier.number")
    words = serializers.CharField()
    batch = serializers.IntegerField(allow_null=True, help_text="Its number, once it is open.")
    clause = serializers.CharField(source="action.clause", allow_blank=True)
    report = serializers.IntegerField(source="action.report.number", allow_null=True, default=None)
    by = serializers.CharField(source="action.done_by.username")
    at = serializers.DateTimeField(source="action.done_at")


class CausesLineSerializer(serializers.Serializer[Any]):
    """Causes of one month or one version."""

    name = serializers.CharField()
    n = serializers.IntegerField()
    causes = serializers.DictField(child=serializers.IntegerField())


class CausesSerializer(serializers.Serializer[Any]):
    """Causes over time, newest first, and the newest actions."""

    months = CausesLineSerializer(many=True)
    versions = CausesLineSerializer(many=True)
    actions = ErrorActionSerializer(many=True)


class ErrorReportSerializer(serializers.Serializer[Any]):
    """One report in its newest version."""

    number = serializers.IntegerField(source="report.number")
    title = serializers.CharField(source="report.title")
    classifier = serializers.IntegerField(source="report.classifier.number")
    category = serializers.CharField(source="report.category", allow_blank=True)
    version = serializers.IntegerField(source="newest.number", help_text="Send it as based_on.")
    finished = serializers.BooleanField(source="newest.finished")
    saved_by = serializers.CharField(source="newest.saved_by.username")
    saved_at = serializers.DateTimeField(source="newest.saved_at")


class ErrorReportFullSerializer(ErrorReportSerializer):
    """One report with what it says."""

    written = serializers.DictField(source="newest.written", child=serializers.CharField(allow_blank=True))
    facts = serializers.DictField(source="newest.facts", child=serializers.JSONField())
    markdown = serializers.CharField()


class ErrorReportsSerializer(serializers.Serializer[Any]):
    """The newest reports."""

    count = serializers.IntegerField()
    results = ErrorReportSerializer(many=True)


class ReportBeginSerializer(serializers.Serializer[Any]):
    """What a report is on."""

    title = serializers.CharField(max_length=TITLE_MAX)
    classifier = serializers.IntegerField(min_value=1, max_value=NUMBER_MAX)
    category = serializers.SlugField(max_length=40, allow_blank=True, default="", required=False)


class ReportWriteSerializer(serializers.Serializer[Any]):
    """What people write; a part that is not sent is empty."""

    based_on = serializers.IntegerField(min_value=0, max_value=NUMBER_MAX)
    finish = serializers.BooleanField(default=False, required=False)

    def get_fields(self) -> dict[str, Any]:
        """The parts of the template, too."""
        parts = {
            part.slug: serializers.CharField(
                max_length=TEXT_MAX, allow_blank=True, default="", required=False, help_text=part.question
            )
            for part in PARTS
        }
        return {**super().get_fields(), **parts}
