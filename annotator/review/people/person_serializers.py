"""What the API says of one annotator."""

from typing import Any, Final

from rest_framework import serializers

from annotator.projects.models import Standing
from annotator.review.checks.standings import REASON_MAX
from annotator.review.models import StandingChange
from annotator.review.people.serializers import ProfileSerializer, TallySerializer

WAIVE: Final = "waive"
QUALIFY: Final = "qualify"
ACTIONS: Final = [(WAIVE, "trust"), (QUALIFY, "qualification")]


class MeasuredSerializer(serializers.Serializer[Any]):
    """A share with its 95 % interval, or why there is none."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(source="ends.low")
    high = serializers.FloatField(source="ends.high")
    n = serializers.IntegerField(source="tally.n")
    why = serializers.CharField(allow_blank=True)


class PaceOfPersonSerializer(serializers.Serializer[Any]):
    """Seconds on the page: median and quartiles of the newest judgments; null before there are enough."""

    median = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()


class StandingChangeSerializer(serializers.ModelSerializer[StandingChange]):
    """A change of standing, and why. `by` is null where a rule did it."""

    standing = serializers.ChoiceField(choices=Standing.choices)
    by = serializers.CharField(source="by.username", allow_null=True, default=None)

    class Meta:
        model = StandingChange
        fields = ["standing", "reason", "by", "at"]


class WordsSerializer(serializers.Serializer[Any]):
    """An answer by the names of its categories; `other` is what it says in place of them."""

    labels = serializers.ListField(child=serializers.CharField())
    unsure = serializers.ListField(child=serializers.CharField())
    other = serializers.CharField(allow_blank=True)


class PersonJudgmentSerializer(serializers.Serializer[Any]):
    """One judgment in words."""

    judgment = serializers.IntegerField(source="judgment.pk")
    item = serializers.IntegerField(source="judgment.item_id")
    address = serializers.CharField(source="url.defanged")
    answer = WordsSerializer(source="words")


class MissSerializer(serializers.Serializer[Any]):
    """An answer on gold that is not the right one."""

    row = PersonJudgmentSerializer()
    right = WordsSerializer()
    gold = serializers.IntegerField(source="gold.pk")


class ChangedMindSerializer(serializers.Serializer[Any]):
    """A page that came again and was answered otherwise."""

    row = PersonJudgmentSerializer()
    before = WordsSerializer()


class PersonChecksSerializer(serializers.Serializer[Any]):
    """How the checks of one annotator went, and how far they are trusted."""

    id = serializers.IntegerField(source="user.pk")
    username = serializers.CharField(source="user.username")
    standing = serializers.ChoiceField(choices=Standing.choices, source="membership.standing")
    change = StandingChangeSerializer(allow_null=True, help_text="The newest one of their standing.")
    n_judgments = serializers.IntegerField()
    gold = MeasuredSerializer()
    retest = MeasuredSerializer()
    fast = TallySerializer(help_text="`right` are those given faster than one can read.")
    is_hasty = serializers.BooleanField()


class PeopleChecksSerializer(serializers.Serializer[Any]):
    """The annotators in the order of their names; there is no other order."""

    people = PersonChecksSerializer(many=True)


class PersonPageSerializer(serializers.Serializer[Any]):
    """One annotator: the numbers, and the answers behind them, the newest first."""

    id = serializers.IntegerField(source="page.row.user.pk")
    username = serializers.CharField(source="page.row.user.username")
    standing = serializers.ChoiceField(choices=Standing.choices, source="page.row.membership.standing")
    n_judgments = serializers.IntegerField(source="page.row.n_judgments")
    gold = MeasuredSerializer(source="page.row.gold")
    retest = MeasuredSerializer(source="page.row.retest")
    fast = TallySerializer(
        source="page.row.fast", help_text="`right` are those given faster than one can read."
    )
    is_hasty = serializers.BooleanField(source="page.row.is_hasty")
    pace = PaceOfPersonSerializer()
    profile = ProfileSerializer()
    misses = MissSerializer(source="page.misses", many=True)
    changed = ChangedMindSerializer(source="page.changed", many=True)
    fast_judgments = PersonJudgmentSerializer(source="page.fast", many=True)
    history = StandingChangeSerializer(source="page.history", many=True)


class StandingSetSerializer(serializers.Serializer[Any]):
    """What is decided, and why: they read it."""

    action = serializers.ChoiceField(choices=ACTIONS)
    reason = serializers.CharField(max_length=REASON_MAX)


class OwnChecksSerializer(serializers.Serializer[Any]):
    """The caller's own checks in total, and their standing with the newest change of it."""

    standing = serializers.ChoiceField(choices=Standing.choices)
    gold = MeasuredSerializer(source="checks.gold")
    retest = MeasuredSerializer(source="checks.retest")
    change = StandingChangeSerializer(source="checks.change", allow_null=True)
    pace = PaceOfPersonSerializer()
