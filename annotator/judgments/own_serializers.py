"""What the API takes and gives of one's own work."""

from typing import Any, Final

from rest_framework import serializers

from annotator.judgments.answers import NOTE_MAX
from annotator.judgments.models import Flag
from annotator.judgments.serializers import JudgmentSerializer
from annotator.queue.serializers import ClaimedSerializer

CATEGORIES_MAX: Final = 200


class AnswerWordsSerializer(serializers.Serializer[Any]):
    """An answer by the names of its categories; `other` is what it says in place of them."""

    labels = serializers.ListField(child=serializers.CharField())
    unsure = serializers.ListField(child=serializers.CharField())
    other = serializers.CharField(allow_blank=True)


class OtherAnswerSerializer(serializers.Serializer[Any]):
    """What other people answered, and how many of them."""

    answer = AnswerWordsSerializer(source="*")
    n = serializers.IntegerField()

    def to_representation(self, instance: tuple[Any, int]) -> dict[str, Any]:
        """The pair as fields."""
        words, n = instance
        return {"answer": AnswerWordsSerializer(words).data, "n": n}


class AlikeJudgedSerializer(serializers.Serializer[Any]):
    """A near-duplicate that the caller has judged too."""

    address = serializers.CharField(source="url.defanged")
    percent = serializers.IntegerField(help_text="How much of both texts is shared.")
    own = AnswerWordsSerializer()
    others = OtherAnswerSerializer(many=True)


class ToldSerializer(serializers.Serializer[Any]):
    """What a person may know of a page that they have judged."""

    why = serializers.CharField(help_text="Why it was served.")
    alike = AlikeJudgedSerializer(many=True)
    n_untold = serializers.IntegerField(
        help_text="Near-duplicates that others judged and the caller may yet."
    )


class LessonSerializer(serializers.Serializer[Any]):
    """The right answer, and why, after an answer that was given to qualify."""

    is_right = serializers.BooleanField()
    right = AnswerWordsSerializer()
    explanation = serializers.CharField(allow_blank=True)
    clause = serializers.CharField(source="clause.number", allow_null=True, default=None)


class OwnJudgmentSerializer(serializers.Serializer[Any]):
    """One's own judgment, and what may be told now that it is given."""

    judgment = JudgmentSerializer()
    told = ToldSerializer()
    lesson = LessonSerializer(allow_null=True)


class UndoSerializer(serializers.Serializer[Any]):
    """Undoing the last judgment."""

    client_id = serializers.UUIDField(
        default=None, allow_null=True, help_text="Of your own making; the same one twice undoes once."
    )


class UndoneSerializer(ClaimedSerializer):
    """The place of a judgment that was undone; without a lease if it had gone to somebody else."""

    lease_until = serializers.DateTimeField(allow_null=True)


class FlagDraftSerializer(serializers.Serializer[Any]):
    """What a lead should look at."""

    note = serializers.CharField(max_length=NOTE_MAX, allow_blank=True, default="")


class OwnFlagSerializer(serializers.ModelSerializer[Flag]):
    """A flag of one's own that is open."""

    item = serializers.IntegerField(source="item_id")

    class Meta:
        model = Flag
        fields = ["id", "item", "note", "created_at"]


class DaySerializer(serializers.Serializer[Any]):
    """One's judgments since midnight, the longest run without a break, and the run at its end."""

    judgments = serializers.IntegerField()
    longest_run = serializers.IntegerField()
    run = serializers.IntegerField()


class BatchProgressSerializer(serializers.Serializer[Any]):
    """How far the newest batch has been worked off by everybody, in whole steps."""

    number = serializers.IntegerField()
    places = serializers.IntegerField()
    submitted = serializers.IntegerField(source="reached")


class QualifyingSerializer(serializers.Serializer[Any]):
    """How far an attempt at qualifying has come."""

    done = serializers.IntegerField()
    about = serializers.IntegerField()


class NothingSerializer(serializers.Serializer[Any]):
    """Why a claim would answer 204, if it did."""

    title = serializers.CharField()
    text = serializers.CharField()


class SessionSerializer(serializers.Serializer[Any]):
    """One's own day, as the labelling page shows it."""

    day = DaySerializer()
    batch = BatchProgressSerializer(allow_null=True)
    qualifying = QualifyingSerializer(allow_null=True)
    nothing = NothingSerializer()


class CareSerializer(serializers.Serializer[Any]):
    """What the caller took and is given now, over all projects; nobody else can read it."""

    points = serializers.FloatField(source="exposure.ration.points", help_text="Within the window.")
    budget = serializers.FloatField(source="exposure.limits.budget", help_text="0 for no limit.")
    lighter_until = serializers.DateTimeField(
        source="exposure.ration.until", allow_null=True, help_text="Until then lighter pages alone."
    )
    pages_today = serializers.IntegerField(source="exposure.pages_today", help_text="Harmful ones, UTC.")
    hours = serializers.ListField(
        source="exposure.hours",
        child=serializers.IntegerField(),
        help_text="Harmful pages in each of the last 24 clock hours.",
    )
    avoid = serializers.ListField(child=serializers.CharField())


class CareSetSerializer(serializers.Serializer[Any]):
    """The categories that the caller would rather not be given: exactly these."""

    avoid = serializers.ListField(child=serializers.SlugField(max_length=40), max_length=CATEGORIES_MAX)
