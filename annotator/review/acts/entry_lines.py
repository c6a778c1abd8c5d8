"""The acts of leads as lines of a list: what was done, to which items, by which rule."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from annotator.pool.addresses import UrlParts
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_current
from annotator.review.acts.reverting import resolutions_of
from annotator.review.acts.ruling import rule_of, rule_words
from annotator.review.desk.item import answer_words, url_parts
from annotator.review.desk.patterns import pattern_words
from annotator.review.models import AdjudicationEntry, Bulk, Resolution


@dataclass(frozen=True)
class WrittenLine:
    """One resolution that an act wrote."""

    resolution: Resolution
    url: UrlParts
    answer: str


@dataclass(frozen=True)
class EntryLine:
    """One act of a lead; `rows` are the first of what it wrote, `reason` the one that all of them have."""

    entry: AdjudicationEntry
    bulk: Bulk | None
    rows: tuple[WrittenLine, ...]
    reason: str
    pattern: str = ""
    rule: str = ""

    @property
    def n_more(self) -> int:
        """Items that it wrote on besides, withheld ones among them."""
        return self.entry.n_items - len(self.rows)


def entry_lines(project: Project, entries: Sequence[AdjudicationEntry]) -> list[EntryLine]:
    """These acts as lines. Two queries."""
    written, taxonomy = resolutions_of(entries), taxonomy_current(project)
    return [entry_line(entry, written[entry.pk], taxonomy) for entry in entries]


def entry_line(entry: AdjudicationEntry, written: Iterable[Resolution], taxonomy: Taxonomy) -> EntryLine:
    """One act with this of what it wrote. No query."""
    rows = tuple(WrittenLine(row, url_parts(row.item), answer_words(row, taxonomy)) for row in written)
    reasons = {line.resolution.reason for line in rows}
    bulk: Bulk | None = getattr(entry, "bulk", None)
    return EntryLine(
        entry=entry,
        bulk=bulk,
        rows=rows,
        reason=reasons.pop() if len(reasons) == 1 else "",
        pattern=pattern_words(bulk.pattern, taxonomy) if bulk else "",
        rule=rule_words(rule_of(bulk.rule), taxonomy) if bulk else "",
    )
