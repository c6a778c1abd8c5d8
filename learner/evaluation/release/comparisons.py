"""Comparisons of two versions: asking for one, and reading what was found. Imports nothing heavy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from annotator.errors import BadInput, Conflict, NotFound
from annotator.pool.addresses import Address, UrlParts, parts_of
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_version
from annotator.runs import run_start
from learner.core.gate import ALPHA, holm
from learner.evaluation.models import ComparisonRun
from learner.training.models import ClassifierVersion


@dataclass(frozen=True)
class Flip:
    """A page that the two answer differently; sealed pages are not among them."""

    item_id: int
    address: UrlParts
    present: bool
    candidate: bool
    weight: float

    @property
    def words(self) -> str:
        """What the candidate does with it that the base does not."""
        if self.present:
            return "found" if self.candidate else "lost"
        return "wrongly said" if self.candidate else "cleared"


@dataclass(frozen=True)
class Difference:
    """A difference, candidate less base, with its interval; without a value, `why`."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    why: str

    @property
    def words(self) -> str:
        """The difference in a line."""
        if self.value is None or self.low is None or self.high is None:
            return self.why
        return f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}], n={self.n:,}"

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class ComparedPair:
    """One category: p-values are adjusted for the number of tests."""

    name: str
    recall: Difference
    false_positive_rate: Difference
    f1: Difference
    lost: int
    found: int
    blocked: int
    cleared: int
    p_lost: float
    p_blocked: float
    p_found: float
    p_cleared: float
    flips: Sequence[Flip]

    @property
    def n_differing(self) -> int:
        """Items that the two answer differently."""
        return self.lost + self.found + self.blocked + self.cleared

    @property
    def is_worse(self) -> bool:
        """Whether one of the exact tests says so."""
        return min(self.p_lost, self.p_blocked) < ALPHA

    @property
    def is_better(self) -> bool:
        """Whether one of the exact tests says so; comparisons of before these tests say nothing."""
        return min(self.p_found, self.p_cleared) < ALPHA

    @property
    def worse_by(self) -> str:
        """What became worse, with its interval."""
        return self._by(in_recall=self.p_lost < ALPHA)

    @property
    def better_by(self) -> str:
        """What became better, with its interval."""
        return self._by(in_recall=self.p_found < ALPHA)

    @property
    def differs_by(self) -> str:
        """The score that most of the items on which they differ are of, with its interval."""
        return self._by(in_recall=self.lost + self.found >= self.blocked + self.cleared)

    def _by(self, *, in_recall: bool) -> str:
        what, by = ("recall", self.recall) if in_recall else ("false-positive rate", self.false_positive_rate)
        return f"{self.name} ({what} {by.words})"


@dataclass(frozen=True)
class ComparedLine:
    """One category, profile or slice of the pack, on part of the pages; no test, because parts are many."""

    name: str
    n: int
    recall: Difference
    false_positive_rate: Difference
    lost: int
    found: int
    blocked: int
    cleared: int

    @property
    def differs(self) -> bool:
        """Whether any page is answered differently."""
        return bool(self.lost + self.found + self.blocked + self.cleared)


@dataclass(frozen=True)
class ComparedSlice:
    """Part of the audited pages: the categories in which the two differ there, and how many they agree on."""

    kind: str
    name: str
    n: int
    lines: Sequence[ComparedLine]
    n_same: int

    @property
    def label(self) -> str:
        """What its table is called."""
        return f"Table of {self.kind}, {self.name}"


@dataclass(frozen=True)
class ComparedParts:
    """A comparison on parts of the pages; older comparisons have none."""

    slices: Sequence[ComparedSlice]
    profiles: Sequence[ComparedLine]
    packs: Sequence[ComparedLine]


def comparison_request(
    access: Access, base: ClassifierVersion, candidate: ClassifierVersion
) -> ComparisonRun:
    """A run that compares two versions, or the same that is active; Conflict while others are compared."""
    if base.pk == candidate.pk:
        raise BadInput("Choose two versions: one alone has nothing to differ from.")
    run = run_start(ComparisonRun, access.project, base=base, candidate=candidate, asked_by=access.user)
    if (run.base_id, run.candidate_id) != (base.pk, candidate.pk):
        raise Conflict("Two other versions of this project are being compared. Ask again in a moment.")
    return run


def comparisons_of(project: Project) -> QuerySet[ComparisonRun]:
    """The comparisons of a project, newest first. One query."""
    rows = ComparisonRun.objects.filter(project=project).select_related("base", "candidate", "asked_by")
    return rows.order_by("-pk")


def comparison_of(project: Project, run_id: int) -> ComparisonRun:
    """One comparison; raises NotFound. One query."""
    run = comparisons_of(project).filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"This project has no comparison {run_id}.")
    return run


def pairs_of(run: ComparisonRun) -> list[ComparedPair]:
    """Each category of a comparison that is done, those that changed most first. One query."""
    rows = run.result.get("categories", ())
    worse = holm([p for row in rows for p in (row["p_lost"], row["p_blocked"])])
    better = holm([row.get(name, 1.0) for row in rows for name in ("p_found", "p_cleared")])
    items = Item.objects.filter(project=run.project, withheld=False).in_bulk(
        [flip["item"] for row in rows for flip in row["flips"]]
    )
    taxonomy = taxonomy_version(run.candidate.taxonomy_id)
    pairs = [
        _pair(row, taxonomy.name_of(row["category"]), [*worse[own], *better[own]], items)
        for own, row in ((slice(2 * at, 2 * at + 2), row) for at, row in enumerate(rows))
    ]
    return sorted(pairs, key=lambda pair: -pair.n_differing)


def verdict_of(run: ComparisonRun, pairs: Sequence[ComparedPair]) -> str:
    """The result in a sentence or two: worse, better or not told apart, by which category. No query."""
    new, old = f"v{run.candidate.number}", f"v{run.base.number}"
    worse = [pair.worse_by for pair in pairs if pair.is_worse]
    better = [pair.better_by for pair in pairs if pair.is_better]
    if worse and better:
        return f"{new} is worse than {old} in {', '.join(worse)}, and better in {', '.join(better)}."
    if worse or better:
        return f"{new} is {'worse' if worse else 'better'} than {old} in {', '.join(worse or better)}."
    told = f"{new} and {old} are not told apart on {run.result['n_items']:,} items."
    if not pairs or not pairs[0].n_differing:
        return f"{told} They answer every one alike."
    most = pairs[0]
    return f"{told} They differ most on {most.n_differing:,} of them, in {most.differs_by}."


def parts_of_comparison(run: ComparisonRun) -> ComparedParts:
    """What a comparison found on each slice, for each school profile, and in the over-block pack. No query."""
    taxonomy = taxonomy_version(run.candidate.taxonomy_id)
    return ComparedParts(
        slices=[_slice(row, taxonomy) for row in run.result.get("slices", ())],
        profiles=[_line(row, f"{row['name'].capitalize()} school") for row in run.result.get("profiles", ())],
        packs=[_line(row, row["title"]) for row in run.result.get("packs", ())],
    )


def _slice(row: Mapping[str, Any], taxonomy: Taxonomy) -> ComparedSlice:
    lines = [_line(one, taxonomy.name_of(one["category"])) for one in row["categories"]]
    differing = [line for line in lines if line.differs]
    return ComparedSlice(row["kind"], row["name"], row["n"], differing, len(lines) - len(differing))


def _line(row: Mapping[str, Any], name: str) -> ComparedLine:
    return ComparedLine(
        name=name,
        n=row["n"],
        recall=_difference(row["recall"]),
        false_positive_rate=_difference(row["false_positive_rate"]),
        lost=row["lost"],
        found=row["found"],
        blocked=row["blocked"],
        cleared=row["cleared"],
    )


def _pair(
    row: Mapping[str, Any], name: str, p_values: Sequence[float], items: Mapping[int, Item]
) -> ComparedPair:
    return ComparedPair(
        name=name,
        recall=_difference(row["recall"]),
        false_positive_rate=_difference(row["false_positive_rate"]),
        f1=_difference(row["f1"]),
        lost=row["lost"],
        found=row["found"],
        blocked=row["blocked"],
        cleared=row["cleared"],
        p_lost=p_values[0],
        p_blocked=p_values[1],
        p_found=p_values[2],
        p_cleared=p_values[3],
        flips=[_flip(flip, items[flip["item"]]) for flip in row["flips"] if flip["item"] in items],
    )


def _difference(fact: Mapping[str, Any]) -> Difference:
    return Difference(fact["value"], fact["low"], fact["high"], fact["n"], fact["why_undefined"])


def _flip(flip: Mapping[str, Any], item: Item) -> Flip:
    address = parts_of(Address(item.url, item.host, item.registrable_domain))
    return Flip(item.pk, address, flip["present"], flip["candidate"], flip["weight"])
