"""The ledger of a project over all its batches: which lines to list, and the form that asks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.db.models import QuerySet

from annotator.projects.models import Project
from annotator.queue.models import Batch, BatchItem, Stream

ID_MAX: Final = 2**63 - 1
BATCH_MAX: Final = 2**31 - 1
STRATEGIES_AMONG: Final = (
    2_000  # newest lines: reading all of a large ledger for a list of ten names takes long
)
CHANCE: Final = (("", "Chosen or drawn"), ("drawn", "Drawn at random"), ("chosen", "Chosen by score"))
PERSONAL: Final = {Stream.GOLD, Stream.RETEST}


@dataclass(frozen=True)
class LedgerFilter:
    """Which lines to list; what is empty does not narrow. `since` and `until` are days on which batches opened."""

    stream: str = ""
    strategy: str = ""
    chance: str = ""
    batch: int | None = None
    item: int | None = None
    since: date | None = None
    until: date | None = None


class LedgerFilterForm(forms.Form):
    """The filter of the ledger, and where the page begins."""

    stream = forms.ChoiceField(
        required=False,
        choices=[("", "Any stream"), *(pair for pair in Stream.choices if pair[0] not in PERSONAL)],
    )
    strategy = forms.ChoiceField(required=False)
    chance = forms.ChoiceField(required=False, choices=CHANCE, label="How")
    batch = forms.IntegerField(required=False, min_value=1, max_value=BATCH_MAX)
    item = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX, label="Item number")
    since = forms.DateField(
        required=False, label="Opened from", widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        required=False, label="Opened until", widget=forms.DateInput(attrs={"type": "date"})
    )
    before = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX, widget=forms.HiddenInput)

    def __init__(self, *args: Any, strategies: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(name, name) for name in strategies if name.isprintable()]
        self.fields["strategy"] = forms.ChoiceField(required=False, choices=[("", "Any strategy"), *named])

    def wanted(self) -> LedgerFilter:
        """The filter; what is not valid does not narrow, and the form says so."""
        cleaned: dict[str, Any] = getattr(self, "cleaned_data", {})
        return LedgerFilter(**{name: cleaned[name] for name in vars(LedgerFilter()) if cleaned.get(name)})


def ledger_matching(project: Project, wanted: LedgerFilter) -> QuerySet[BatchItem]:
    """The lines that match, newest first, with batch and item; checks for one person are not among them. One query."""
    batches = Batch.objects.filter(project=project, personal=False)
    if wanted.batch:
        batches = batches.filter(number=wanted.batch)
    if wanted.since:
        batches = batches.filter(opened_at__gte=_begin(wanted.since))
    if wanted.until:
        batches = batches.filter(opened_at__lt=_begin(wanted.until) + timedelta(days=1))
    rows = BatchItem.objects.filter(batch__in=batches).select_related("batch", "item").order_by("-pk")
    if wanted.stream:
        rows = rows.filter(stream=wanted.stream)
    if wanted.strategy:
        rows = rows.filter(strategy=wanted.strategy)
    if wanted.chance:
        rows = rows.filter(inclusion_probability__isnull=wanted.chance == "chosen")
    return rows.filter(item=wanted.item) if wanted.item else rows


def strategies_lately(project: Project, asked: str = "") -> list[str]:
    """The strategies in the newest lines of the ledger, and the one asked for, by name. One query."""
    newest = ledger_matching(project, LedgerFilter()).values_list("strategy", flat=True)[:STRATEGIES_AMONG]
    return sorted({*newest, *([asked[:40]] if asked else [])})


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
