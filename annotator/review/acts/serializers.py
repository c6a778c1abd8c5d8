"""What the API says and reads of spreading a decision, and of resolving a pattern by rule."""

from typing import Any

from rest_framework import serializers

from annotator.agreement.patterns import KEY_MAX, LABELLED
from annotator.agreement.rules import BulkRule
from annotator.review.acts.bulks import BULK_MAX
from annotator.review.acts.many import Seen
from annotator.review.acts.spread_acts import Chosen
from annotator.review.acts.spreading import SPREAD_MAX
from annotator.review.desk.serializers import VERDICTS, AdjudicationEntrySerializer
from annotator.review.models import BulkItem, Scope
from annotator.review.services import ADJUDICATION_REASON_MAX

ID_MAX = 2**63 - 1
JUDGMENTS_MAX = 1000
CLIENT_ID = "Of your own making; the same act twice is then done once."


class SpreadItemSerializer(serializers.Serializer[Any]):
    """One item that a decision could be spread to, with what to send back of it."""

    item = serializers.IntegerField(source="item.pk")
    url = serializers.CharField(source="item.url")
    title = serializers.CharField()
    percent = serializers.IntegerField(
        allow_null=True, help_text="Of its text that is shared; null in a site."
    )
    held = serializers.CharField(help_text="What is held now, in words; empty when nothing is.")
    answers = serializers.ListField(child=serializers.CharField(), help_text="Who said what, in words.")
    judgments = serializers.ListField(child=serializers.IntegerField(), source="seen.judgments")
    resolution = serializers.IntegerField(source="seen.resolution", allow_null=True)
    why_not = serializers.CharField(help_text="Why it is left out; empty when it can be chosen.")
    advice = serializers.CharField(help_text="Why it is not chosen to begin with.")


class SpreadSerializer(serializers.Serializer[Any]):
    """A lead's decision on an item, and where it could be spread to. Counts stop at 1,001."""

    decision = serializers.IntegerField(source="source.pk")
    scope = serializers.ChoiceField(choices=Scope.choices)
    labels = serializers.ListField(child=serializers.CharField(), source="source.labels")
    verdict = serializers.ChoiceField(choices=VERDICTS, source="source.verdict")
    clause = serializers.CharField(source="source.clause.number", allow_null=True, default=None)
    items = SpreadItemSerializer(many=True, source="lines")
    has_more = serializers.BooleanField()
    n_same = serializers.IntegerField(help_text="Of the site, that hold it already.")
    n_unjudged = serializers.IntegerField(help_text="Of the site, that nobody has judged.")


class SeenItemSerializer(serializers.Serializer[Any]):
    """One item as it was shown."""

    item = serializers.IntegerField(min_value=1, max_value=ID_MAX)
    judgments = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=ID_MAX), max_length=JUDGMENTS_MAX
    )
    resolution = serializers.IntegerField(min_value=1, max_value=ID_MAX, allow_null=True)


class SpreadDraftSerializer(serializers.Serializer[Any]):
    """A decision to spread to these items, each as it was shown."""

    decision = serializers.IntegerField(min_value=1, max_value=ID_MAX)
    scope = serializers.ChoiceField(choices=Scope.choices)
    items: serializers.ListSerializer[Any] = serializers.ListSerializer(
        child=SeenItemSerializer(), allow_empty=False, max_length=SPREAD_MAX
    )
    client_id = serializers.UUIDField(help_text=CLIENT_ID)

    def chosen(self) -> Chosen:
        """What is to be spread, of valid data."""
        data = self.validated_data
        seen = (Seen(row["item"], frozenset(row["judgments"]), row["resolution"]) for row in data["items"])
        return Chosen(data["decision"], Scope(data["scope"]), tuple(seen))


class RuleSerializer(serializers.Serializer[Any]):
    """A rule: categories of the pattern that become present or absent; all others go by most of the judgments."""

    verdict = serializers.ChoiceField(choices=VERDICTS, default=LABELLED)
    present = serializers.ListField(child=serializers.CharField(max_length=40), max_length=200, default=list)
    absent = serializers.ListField(child=serializers.CharField(max_length=40), max_length=200, default=list)


class BulkDraftSerializer(serializers.Serializer[Any]):
    """A pattern and the rule to settle it by."""

    pattern = serializers.CharField(max_length=KEY_MAX)
    rule = RuleSerializer()
    client_id = serializers.UUIDField(help_text=CLIENT_ID)

    def decided(self) -> BulkRule:
        """The rule, of valid data."""
        rule = self.validated_data["rule"]
        return BulkRule(frozenset(rule["present"]), frozenset(rule["absent"]), rule["verdict"])


class BulkItemSerializer(serializers.ModelSerializer[BulkItem]):
    """One item that the rule fits, and what it would become."""

    url = serializers.CharField(source="item.url")

    class Meta:
        model = BulkItem
        fields = ("item", "url", "labels", "judgments", "resolution", "drawn", "confirmed")


class BulkCheckedSerializer(serializers.Serializer[Any]):
    """The spot check as it stands; `low` and `high` are the exact 95 % interval of the confirmed share."""

    n_drawn = serializers.IntegerField()
    confirmed = serializers.IntegerField()
    rejected = serializers.IntegerField()
    rejections_max = serializers.IntegerField(
        help_text="One more stops the bulk, unless every item is drawn."
    )
    low = serializers.FloatField(source="interval.low", allow_null=True, default=None)
    high = serializers.FloatField(source="interval.high", allow_null=True, default=None)
    is_whole = serializers.BooleanField(help_text="Whether every item is drawn.")
    is_stopped = serializers.BooleanField()
    is_over = serializers.BooleanField()


class BulkLeftSerializer(serializers.Serializer[Any]):
    """An item that the rule does not fit."""

    item = serializers.IntegerField(source="item.pk")
    url = serializers.CharField(source="item.url")
    why = serializers.CharField()


class BulkSerializer(serializers.Serializer[Any]):
    """A bulk: what the rule would make of which items, its spot check, and the act once it is applied."""

    id = serializers.IntegerField(source="bulk.pk")
    by = serializers.CharField(source="bulk.by.username")
    at = serializers.DateTimeField(source="bulk.at")
    pattern = serializers.CharField(source="bulk.pattern")
    rule = RuleSerializer(source="bulk.rule")
    words = serializers.CharField(source="rule", help_text="The rule as people say it.")
    seed = serializers.IntegerField(source="bulk.seed", help_text="Of the draw of the spot check.")
    n_waiting = serializers.IntegerField(source="bulk.n_waiting", help_text="Of the pattern, when planned.")
    n_looked_at = serializers.IntegerField(source="bulk.n_looked_at")
    checked = BulkCheckedSerializer()
    items = BulkItemSerializer(many=True, help_text=f"At most {BULK_MAX}.")
    n_left_out = serializers.IntegerField()
    left_out = BulkLeftSerializer(many=True, source="left", help_text="The first of them.")
    entry = serializers.IntegerField(source="bulk.entry_id", allow_null=True)


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """The answer to one drawn item."""

    item = serializers.IntegerField(min_value=1, max_value=ID_MAX)
    confirmed = serializers.BooleanField()


class BulkApplySerializer(serializers.Serializer[Any]):
    """Why the rule holds, and the clause that says so."""

    reason = serializers.CharField(max_length=ADJUDICATION_REASON_MAX)
    clause = serializers.CharField(max_length=12, allow_blank=True, default="")
    client_id = serializers.UUIDField(help_text=CLIENT_ID)


class ChangedItemSerializer(serializers.Serializer[Any]):
    """An item that was left, and what has changed on it."""

    item = serializers.IntegerField()
    changes = serializers.ListField(child=serializers.CharField())


class AppliedSerializer(serializers.Serializer[Any]):
    """The act that a bulk wrote, and the items that it left because they had changed."""

    entry = AdjudicationEntrySerializer()
    left = ChangedItemSerializer(many=True)
