"""How many items each change of a version touches, counted for as long as somebody may wait."""

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from annotator.queue.rechecking import RECHECK_MAX
from annotator.review.policy.affected import Group

COUNT_SECONDS: Final = 1.5


@dataclass(frozen=True)
class GroupLine:
    """One change with how many items it touches, counted up to `RECHECK_MAX`.

    None where there was no time left to count: choosing it and counting first tells.
    """

    group: Group
    n_items: int | None
    is_chosen: bool

    @property
    def shown(self) -> str:
        """The number in words."""
        if self.n_items is None:
            return "not counted yet"
        items = "item" if self.n_items == 1 else "items"
        return f"over {RECHECK_MAX:,} items" if self.n_items > RECHECK_MAX else f"{self.n_items:,} {items}"


def groups_counted(groups: Sequence[Group], chosen: Collection[str]) -> Iterator[GroupLine]:
    """The changes with their counts, for as long as a page may take: among millions of judgments each is a second."""
    until = time.monotonic() + COUNT_SECONDS
    for group in groups:
        in_time = time.monotonic() < until
        n_items = len(group.rows.item_ids(RECHECK_MAX + 1)) if in_time else None
        yield GroupLine(group, n_items, group.key in chosen)
