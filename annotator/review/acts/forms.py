"""The forms with which a lead spreads a decision, and resolves a pattern by rule."""

import re
from typing import Any, Final
from uuid import uuid4

from django import forms

from annotator.agreement.patterns import LABELLED, Kind, Pattern
from annotator.agreement.rules import BulkRule
from annotator.judgments.models import Verdict
from annotator.projects.selectors import Guideline, Taxonomy
from annotator.review.acts.many import Seen
from annotator.review.desk.forms import VERDICTS, clause_choices
from annotator.review.services import ADJUDICATION_REASON_MAX

_ID = r"[0-9]{1,18}"
SEEN: Final = re.compile(rf"({_ID}):((?:{_ID}(?:\.{_ID})*)?):({_ID})?")
PRESENT, ABSENT = "present", "absent"
RULES = [("", "As most say"), (PRESENT, "Yes"), (ABSENT, "No")]
LOST = "The page has lost track of what it shows. Load it again."


class SeenItemsField(forms.Field):
    """The items that a lead left chosen, each as the page showed it."""

    widget = forms.SelectMultiple

    def to_python(self, value: object) -> tuple[Seen, ...]:
        """What was seen of each; none is for the service to refuse."""
        found = [SEEN.fullmatch(str(token)) for token in value] if isinstance(value, list) else []
        if not all(found):
            raise forms.ValidationError(LOST)
        return tuple(_seen(match) for match in found if match)


class SpreadForm(forms.Form):
    """The decision that the page showed, and the items to spread it to."""

    decision = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    items = SeenItemsField(required=False)
    client_id = forms.UUIDField()


class RuleForm(forms.Form):
    """What becomes of each category that a pattern is about, or which verdict all get."""

    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, pattern: Pattern, taxonomy: Taxonomy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slugs: tuple[str, ...] = () if pattern.kind == Kind.VERDICT else pattern.parts
        for slug in self.slugs:
            self.fields[slug_field(slug)] = forms.ChoiceField(
                choices=RULES, required=False, label=taxonomy.name_of(slug), widget=forms.RadioSelect
            )
        if pattern.kind == Kind.VERDICT:
            choices = [(value, label) for value, label in VERDICTS if value != LABELLED]
            most = (Verdict.LABELLED, "Labels, as most say")
            self.fields["verdict"] = forms.ChoiceField(
                choices=[most, *choices], initial=LABELLED, label="Answer", widget=forms.RadioSelect
            )

    @property
    def rule(self) -> BulkRule:
        """What the lead decided; of a valid form."""
        said = {slug: self.cleaned_data[slug_field(slug)] for slug in self.slugs}
        return BulkRule(
            present=frozenset(slug for slug, answer in said.items() if answer == PRESENT),
            absent=frozenset(slug for slug, answer in said.items() if answer == ABSENT),
            verdict=self.cleaned_data.get("verdict", LABELLED),
        )


class BulkAnswerForm(forms.Form):
    """The answer to one item of a spot check."""

    item = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    answer = forms.ChoiceField(choices=[("confirm", "Confirm"), ("reject", "Reject")])


class BulkApplyForm(forms.Form):
    """Why a rule holds, and which clause says so."""

    reason = forms.CharField(
        max_length=ADJUDICATION_REASON_MAX,
        label="Why",
        help_text="It stands on every item: do not quote a page.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    clause = forms.ChoiceField(required=False, label="Clause")
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, guideline: Guideline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clause"].choices = clause_choices(guideline)  # type: ignore[attr-defined]


def slug_field(slug: str) -> str:
    """The name of the field of a category."""
    return f"rule-{slug}"


def _seen(match: re.Match[str]) -> Seen:
    judgments = frozenset(map(int, filter(None, match[2].split("."))))
    return Seen(int(match[1]), judgments, int(match[3]) if match[3] else None)
