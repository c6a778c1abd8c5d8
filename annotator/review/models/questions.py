"""Questions of leads to annotators, and what they answered."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.judgments.models import Judgment
from annotator.pool.models import Item
from annotator.projects.models import (
    APPEND_ONLY,
    Clause,
    Project,
)
from annotator.review.models.decisions import Disagreement


class Question(models.Model):
    """What a lead asks the people who judged an item: each answers the lead alone."""

    class Status(models.TextChoices):
        """How far it is."""

        OPEN = "open", "waits for answers"
        ANSWERED = "answered", "all who can have answered"
        CLOSED = "closed", "closed"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    disagreement = models.ForeignKey(
        Disagreement,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The open one that waits for the answers; none on an item that nobody disputes.",
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField(default=timezone.now)
    text = models.CharField(max_length=1000)
    category = models.SlugField(max_length=40, blank=True, default="", db_index=False)
    clause = models.ForeignKey(Clause, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    client_id = models.UUIDField(help_text="Sent by the door: the same one twice is one question.")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    waits_until = models.DateTimeField(help_text="Then its disagreement goes back to the leads all the same.")
    news_at = models.DateTimeField(
        null=True, help_text="When something last happened that leads want to read."
    )
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        db_table = "question"
        constraints = [
            models.UniqueConstraint(name="question_sent_once", fields=["asked_by", "client_id"]),
            models.UniqueConstraint(name="question_open_once", fields=["item"], condition=Q(status="open")),
            models.CheckConstraint(
                name="question_closed_says_when",
                condition=Q(status="closed", closed_at__isnull=False)
                | (~Q(status="closed") & Q(closed_at__isnull=True, closed_by__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(name="question_newest", fields=["project", "-id"]),
            models.Index(name="question_open", fields=["project", "id"], condition=Q(status="open")),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_questions", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="asked_as_it_was",
                fields=[
                    "project",
                    "item",
                    "disagreement",
                    "asked_by",
                    "asked_at",
                    "text",
                    "category",
                    "client_id",
                ],
            ),
        ]


class QuestionParticipant(models.Model):
    """One person who is asked, with the judgment of theirs that the question is about."""

    class Outcome(models.TextChoices):
        """What they did with their judgment."""

        NONE = "", "has not answered"
        STAYS = "stays", "stays with their answer"
        CHANGED = "changed", "changed their answer"

    question = models.ForeignKey(
        Question, on_delete=models.PROTECT, related_name="participants", db_index=False
    )
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    judgment = models.ForeignKey(
        Judgment,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Their answer when they were asked; a later one of theirs is not independent.",
    )
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default=Outcome.NONE)
    answered_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(
        null=True, help_text="When the lead last wrote to them after the question."
    )
    seen_at = models.DateTimeField(null=True, help_text="Up to which `told_at` they have read.")

    class Meta:
        db_table = "question_participant"
        constraints = [
            models.UniqueConstraint(name="question_participant_once", fields=["question", "annotator"]),
            models.CheckConstraint(
                name="question_answered_has_an_outcome",
                condition=Q(answered_at__isnull=True, outcome="")
                | (Q(answered_at__isnull=False) & ~Q(outcome="")),
            ),
        ]
        indexes = [
            models.Index(name="question_of_judge", fields=["item", "annotator", "judgment"]),
            models.Index(name="question_to_annotator", fields=["annotator", "-id"]),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_participants", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="asked_about_it", fields=["question", "item", "annotator", "judgment"]),
        ]


class QuestionReply(models.Model):
    """One message in the exchange of one participant with the leads. Append-only."""

    class Decision(models.TextChoices):
        """What a participant says of their judgment with it."""

        NONE = "", "says something"
        STAY = "stay", "stays with their answer"
        CHANGE = "change", "wants to change their answer"

    participant = models.ForeignKey(QuestionParticipant, on_delete=models.PROTECT, related_name="replies")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField(default=timezone.now)
    text = models.CharField(max_length=2000, blank=True, default="")
    decision = models.CharField(max_length=10, choices=Decision, blank=True, default=Decision.NONE)
    client_id = models.UUIDField(help_text="Sent by the door: the same one twice is one reply.")

    class Meta:
        db_table = "question_reply"
        constraints = [
            models.UniqueConstraint(name="question_reply_sent_once", fields=["by", "client_id"]),
            models.CheckConstraint(
                name="question_reply_says_something", condition=~Q(text="") | Q(decision="change")
            ),
        ]
        triggers = [APPEND_ONLY]


class QuestionSeen(models.Model):
    """Up to which news a lead has read a question."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="+", db_index=False)
    lead = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(help_text="The `news_at` that they saw.")

    class Meta:
        db_table = "question_seen"
        constraints = [models.UniqueConstraint(name="question_seen_once", fields=["question", "lead"])]
