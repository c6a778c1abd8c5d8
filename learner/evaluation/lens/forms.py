"""What somebody asks of a threshold, and what a school does with each category."""

from dataclasses import dataclass
from typing import Any

from django import forms

from learner.core.metrics.policy import PER, Objective, Point, Wanted

PAGES_MAX = 10**12
COST_MAX = 10_000.0
POINT = "point"


class LensForm(forms.Form):
    """Which threshold to look at: a place of the curve, or the one that an objective chooses."""

    by = forms.ChoiceField(
        required=False,
        label="Threshold",
        choices=[
            (POINT, "Where I put it"),
            *((one.value, one.words) for one in Objective if one != Objective.FIXED),
        ],
    )
    at = forms.IntegerField(required=False, min_value=0, max_value=1_000)
    floor = forms.FloatField(required=False, min_value=0, max_value=1, label="Recall, at least")
    miss = forms.FloatField(required=False, min_value=0.001, max_value=COST_MAX, label="Cost of a miss")
    block = forms.FloatField(
        required=False, min_value=0.001, max_value=COST_MAX, label="Cost of a mistaken block"
    )
    pages = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=PAGES_MAX,
        label="Pages a day",
        help_text="Empty: of a million pages.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, usual in (("floor", 0.95), ("miss", 5.0), ("block", 1.0)):
            self.fields[name].widget.attrs["step"] = "any"
            self.fields[name].initial = usual


@dataclass(frozen=True)
class Asked:
    """What a valid form asks for."""

    by: str
    at: int | None
    wanted: Wanted
    pages: int | None

    @property
    def of_pages(self) -> int:
        """Pages that a cost is told for."""
        return self.pages or PER


def asked_of(cleaned: dict[str, Any], points: list[Point]) -> Asked:
    """The form, with what is usual where it says nothing."""
    by = cleaned.get("by") or Objective.OWN
    at = cleaned.get("at")
    if at is not None and points:
        at = min(at, len(points) - 1)
    objective = Objective.OWN if by == POINT else Objective(by)
    return Asked(
        by=by,
        at=at,
        wanted=Wanted(
            objective=objective,
            recall_floor=0.95 if cleaned.get("floor") is None else cleaned["floor"],
            cost_miss=cleaned.get("miss") or 5.0,
            cost_block=cleaned.get("block") or 1.0,
        ),
        pages=cleaned.get("pages"),
    )
