"""Forms of questions: asking one, answering it, and a lead's further word."""

from typing import Any
from uuid import uuid4

from django import forms

from annotator.projects.selectors import Guideline, Taxonomy
from annotator.review.desk.forms import clause_choices
from annotator.review.models import QuestionReply
from annotator.review.questions.asking import REPLY_MAX, TEXT_MAX, QuestionDraft
from annotator.review.questions.threads import Judge


class QuestionForm(forms.Form):
    """What to ask, whom, and what it is about."""

    text = forms.CharField(
        max_length=TEXT_MAX,
        label="Question",
        help_text="They read it beside the page and their own answer. They do not see who else is asked, "
        "unless you write it here.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    annotators = forms.MultipleChoiceField(required=False, label="To")
    category = forms.ChoiceField(required=False, label="About")
    clause = forms.ChoiceField(required=False, label="Clause")
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(
        self, *args: Any, judges: list[Judge], taxonomy: Taxonomy, guideline: Guideline, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        people = [judge.judgment.annotator.username for judge in judges]
        named = [(row.slug, row.name) for row in taxonomy.categories]
        self.fields["annotators"].choices = [(name, name) for name in people]  # type: ignore[attr-defined]
        self.fields["category"].choices = [("", "The whole page"), *named]  # type: ignore[attr-defined]
        self.fields["clause"].choices = clause_choices(guideline)  # type: ignore[attr-defined]

    @property
    def draft(self) -> QuestionDraft:
        """What the lead asks; of a valid form."""
        cleaned = self.cleaned_data
        return QuestionDraft(
            text=cleaned["text"],
            annotators=frozenset(cleaned["annotators"]),
            category=cleaned["category"],
            clause_number=cleaned["clause"],
        )


class ReplyForm(forms.Form):
    """One more word in an exchange; `annotator` says in whose, where a lead writes."""

    text = forms.CharField(
        max_length=REPLY_MAX, required=False, label="Your answer", widget=forms.Textarea(attrs={"rows": 3})
    )
    annotator = forms.CharField(required=False, max_length=150, widget=forms.HiddenInput)
    decision = forms.ChoiceField(required=False, choices=QuestionReply.Decision.choices)
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
