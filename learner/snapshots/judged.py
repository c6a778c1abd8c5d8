"""The judgments on the items of a snapshot, in memory, as its table has them."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from learner.core.arrays import Integers
from learner.snapshots.aligned import ids_if_few
from learner.snapshots.choosing import Values, superseded
from learner.snapshots.frozen import State, run
from learner.snapshots.rowsets import Rows, Told, chosen, factored
from learner.snapshots.statements import ASKED, NUMBERED
from learner.snapshots.stretches import JUDGMENT_LOG, log_read

Numbered = Mapping[str, Mapping[int, str]]
NEVER: Final = 2**63


def numbered_read(state: State, values: Values) -> Numbered:
    """The numbers of the versions of taxonomy and guideline, and of clauses, by their ids. One statement."""
    found: dict[str, dict[int, str]] = {"taxonomy": {}, "guideline": {}, "clause": {}}
    for kind, pk, number in run(state, NUMBERED, values):
        found[kind][pk] = number
    return found


def judgments_read(
    state: State, values: Values, ids: Integers, n_resolved: int, told: Told | None = None
) -> Rows:
    """The judgments by the moment, those on the items `ids` and as a rule on all others, by their id. Four statements.

    `annotator` is a code, for the id of the person.
    """
    few = ids_if_few(ids, n_resolved)
    rows = log_read(state, JUDGMENT_LOG, {**values, "ids": few}, told)
    gone = superseded(state, "judgment", values)
    withdrawn = rows.has("verdict", ["withdrawn"])
    rows.numbers["is_current"] = ~(withdrawn | np.isin(rows.numbers["id"], gone))
    rows.numbers["after_question"] = _asked_before(rows, run(state, ASKED, values))
    del rows.numbers["id"]
    rows.codes["annotator"], rows.values["annotator"] = factored(rows.numbers.pop("annotator"))
    numbers_named(rows, numbered_read(state, values))
    return rows


def numbers_named(rows: Rows, numbered: Numbered) -> None:
    """Ids of versions become the numbers of these; ids of clauses become codes for theirs."""
    for kind in ("taxonomy", "guideline"):
        if kind in rows.numbers:
            codes, ids = factored(rows.numbers.pop(kind))
            numbers = np.array([int(numbered[kind][pk]) for pk in ids], dtype=np.int32)
            rows.numbers[kind] = chosen(numbers, codes)
    codes, ids = factored(rows.numbers.pop("clause"))
    rows.codes["clause"], rows.values["clause"] = codes, [numbered["clause"].get(pk, "") for pk in ids]


def _asked_before(rows: Rows, asked: list[tuple[Any, ...]]) -> Any:
    """Which judgments somebody gave after a lead had asked them about the item."""
    found = np.zeros(len(rows), dtype=np.bool_)
    about = {(item, person): judgment for item, person, judgment in asked}
    of_items = np.flatnonzero(np.isin(rows.numbers["item"], [item for item, _ in about]))
    for row in of_items.tolist():
        pair = (int(rows.numbers["item"][row]), int(rows.numbers["annotator"][row]))
        found[row] = int(rows.numbers["id"][row]) > about.get(pair, NEVER)
    return found
