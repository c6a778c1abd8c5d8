"""An evaluation as its pages show it. Everything is read from the facts of one row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from annotator.errors import NotFound
from annotator.pool.addresses import UrlParts
from annotator.pool.models import Item
from annotator.pool.selectors import item_rows
from annotator.projects.selectors import Taxonomy, taxonomy_version
from learner.core.metrics.names import NONE
from learner.evaluation.lens.cells import Cell, percent, rate_cell, score_cell
from learner.evaluation.models import Evaluation, KnownPages, ProfileVersion
from learner.evaluation.selectors import evaluation_latest
from learner.training.models import ClassifierVersion

FLIPS_SHOWN: Final = 20
LEVELS: Final = 9
NAMED_MAX: Final = 4
KINDS: Final = {
    "site": "Size of the site",
    "source": "Source",
    "language": "Language of the text",
    "text": "Length of the text",
    "age": "When the page was seen",
}


@dataclass(frozen=True)
class Line:
    """One category of the table."""

    slug: str
    name: str
    reason: str
    n_positive: int
    precision: Cell
    recall: Cell
    f_beta: Cell
    average_precision: Cell
    fpr: Cell
    ece: Cell
    prevalence: Cell


@dataclass(frozen=True)
class Heat:
    """One cell of the confusion matrix: a share of its row, in words, how dark it is, and whether it is right."""

    words: str
    level: int
    tip: str
    is_right: bool


@dataclass(frozen=True)
class HeatRow:
    """One row of the confusion matrix."""

    number: int
    name: str
    cells: tuple[Heat, ...]


@dataclass(frozen=True)
class SliceLine:
    """One category on one part of the pages."""

    kind: str
    name: str
    n: int
    precision: Cell
    recall: Cell
    fpr: Cell


@dataclass(frozen=True)
class PolicySlice:
    """Part of the audited pages under a school profile: over-blocking, and misses."""

    kind: str
    name: str
    n: int
    fpr: Cell
    fnr: Cell


@dataclass(frozen=True)
class PolicyLine:
    """What a school profile blocks, against what it should.

    `counts` are pages of the holdout: rightly blocked, blocked by mistake, let through by mistake, rightly let through;
    empty where an older evaluation did not count.
    """

    name: str
    number: int
    recall: Cell
    precision: Cell
    fpr: Cell
    fnr: Cell
    counts: tuple[int, ...]
    slices: tuple[PolicySlice, ...]


@dataclass(frozen=True)
class PackLine:
    """One slice that must not be over-blocked."""

    slug: str
    title: str
    n: int
    fpr: Cell
    limit: str
    verdict: str
    by: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True)
class EvaluationView:
    """The newest evaluation of a classifier version; without one, `evaluation` is None and everything else empty."""

    version: ClassifierVersion
    evaluation: Evaluation | None
    sentence: str
    totals: tuple[tuple[str, Cell, str], ...]
    lines: tuple[Line, ...]
    confusion: tuple[HeatRow, ...]
    policies: tuple[PolicyLine, ...]
    packs: tuple[PackLine, ...]

    @property
    def n_population(self) -> int:
        """Holdout pages that the audited ones stand for."""
        return self.evaluation.facts.get("n_population", 0) if self.evaluation else 0


@dataclass(frozen=True)
class Flip:
    """A page of which it is known whether it has the category, and that a change of threshold moves."""

    item_id: int
    url: UrlParts
    title: str
    probability: float
    is_audited: bool


@dataclass(frozen=True)
class Flips:
    """What a threshold in place of another does to known pages: for the better and for the worse.

    `begins` where pages begin to be flagged, else they cease to be.
    """

    begins: bool
    better: tuple[Flip, ...]
    worse: tuple[Flip, ...]
    n_better: int
    n_worse: int


def evaluation_view(version: ClassifierVersion) -> EvaluationView:
    """The page of one version. One query once its taxonomy is in memory."""
    evaluation = evaluation_latest(version)
    facts: Mapping[str, Any] = evaluation.facts if evaluation else {}
    taxonomy = taxonomy_version(version.taxonomy_id)
    scores = {row["category"]: row for row in facts.get("categories", ())}
    lines = tuple(
        _line(row, scores.get(row["category"], {}), taxonomy) for row in version.categories if evaluation
    )
    return EvaluationView(
        version=version,
        evaluation=evaluation,
        sentence=sentence_of(evaluation, lines) if evaluation else "",
        totals=_totals(facts) if evaluation else (),
        lines=lines,
        confusion=_heat(facts.get("confusion"), taxonomy),
        policies=tuple(_policy(row) for row in facts.get("policies", ())),
        packs=tuple(_pack(row, taxonomy) for row in facts.get("pack", ())),
    )


def category_facts(evaluation: Evaluation | None, slug: str) -> Mapping[str, Any]:
    """What an evaluation says of one category; nothing where it says nothing. No query."""
    rows = evaluation.facts.get("categories", ()) if evaluation else ()
    return next((row for row in rows if row["category"] == slug), {})


def category_status(version: ClassifierVersion, slug: str) -> Mapping[str, Any]:
    """What a version says of one category; raises NotFound for one that it does not know. No query."""
    found: Mapping[str, Any] | None = next(
        (row for row in version.categories if row["category"] == slug), None
    )
    if found is None:
        raise NotFound(f'Classifier v{version.number} knows no category "{slug[:40]}".')
    return found


def slice_lines(facts: Mapping[str, Any], slug: str) -> list[tuple[str, list[SliceLine]]]:
    """The slices by kind, for one category. No query."""
    found: dict[str, list[SliceLine]] = {}
    for one in facts.get("slices", ()):
        row: Mapping[str, Any] = next((row for row in one["categories"] if row["category"] == slug), {})
        cells = score_cell(row.get("precision")), score_cell(row.get("recall")), rate_cell(row.get("fpr"))
        line = SliceLine(one["kind"], one["name"], one["n"], *cells)
        found.setdefault(KINDS.get(one["kind"], one["kind"]), []).append(line)
    return list(found.items())


def flips_of(evaluation: Evaluation, slug: str, used: float | None, wanted: float | None) -> Flips | None:
    """What flips between two probabilities; None where nothing moves. Three queries."""
    if used is None or wanted is None or used == wanted:
        return None
    row = KnownPages.objects.filter(evaluation=evaluation, category=slug).first()
    low, high = min(used, wanted), max(used, wanted)
    moved = [page for page in (row.pages if row else ()) if low <= page[1] < high]
    begins = wanted < used
    better = [page for page in moved if page[2] == begins]
    worse = [page for page in moved if page[2] != begins]
    shown = _nearest(better, used), _nearest(worse, used)
    ids = [page[0] for part in shown for page in part]
    items = Item.objects.filter(project=evaluation.project_id, pk__in=ids, withheld=False)
    rows = {one.item.pk: one for one in item_rows(list(items))}
    lists = [
        tuple(
            Flip(page[0], rows[page[0]].url, rows[page[0]].title, page[1], page[3])
            for page in part
            if page[0] in rows
        )
        for part in shown
    ]
    return Flips(begins, lists[0], lists[1], len(better), len(worse))


def sentence_of(evaluation: Evaluation, lines: Sequence[Line]) -> str:
    """The evaluation in words for somebody who decides."""
    facts = evaluation.facts
    exact = (facts.get("subset_accuracy") or {}).get("value")
    parts = [
        f"Judged on {evaluation.n_items:,} audited pages, which stand for {facts.get('n_population', 0):,} pages "
        "of sites that it never learned from"
    ]
    if exact is not None:
        parts[0] += f", it answers every category of a page right on {percent(exact)} of them"
    parts[0] += "."
    found = [line for line in lines if line.recall.value is not None and not line.reason]
    if found:
        weakest = min(found, key=lambda line: line.recall.value or 0)
        best = max(found, key=lambda line: line.recall.value or 0)
        parts.append(
            f"It finds most of {best.name} ({percent(best.recall.value or 0)} of such pages, "
            f"or anything from {best.recall.interval})"
        )
        if weakest is not best:
            parts[-1] += (
                f" and least of {weakest.name} ({percent(weakest.recall.value or 0)}, "
                f"or anything from {weakest.recall.interval})"
            )
        parts[-1] += "."
    flagged = [line for line in lines if line.fpr.value and not line.reason]
    if flagged:
        often = max(flagged, key=lambda line: line.fpr.value or 0)
        parts.append(
            f"Flagged by mistake most often is {often.name}: {often.fpr.words} of the pages that are not of it."
        )
    if unknown := [line.name for line in lines if line.recall.value is None and not line.reason]:
        parts.append(f"Nothing can be said yet of what it finds of {_named(unknown)}.")
    if unlearned := [line.name for line in lines if line.reason]:
        parts.append(f"Not learned yet, so never predicted: {_named(unlearned)}.")
    return " ".join(parts)


def _named(names: Sequence[str]) -> str:
    """The first few, and how many more."""
    more = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")


def _nearest(pages: Sequence[Any], used: float) -> list[Any]:
    return sorted(pages, key=lambda page: abs(page[1] - used))[:FLIPS_SHOWN]


def _totals(facts: Mapping[str, Any]) -> tuple[tuple[str, Cell, str], ...]:
    return (
        ("Macro-F1", score_cell(facts.get("macro_f1")), "every category counts alike"),
        ("Micro-F1", score_cell(facts.get("micro_f1")), "every page and category counts alike"),
        ("Weighted F1", score_cell(facts.get("weighted_f1")), "categories count by their pages"),
        ("Pages all right", rate_cell(facts.get("subset_accuracy")), _single(facts)),
        ("Ranking", score_cell(facts.get("label_ranking_ap")), "do a page's categories score highest"),
    )


def _single(facts: Mapping[str, Any]) -> str:
    cell = rate_cell(facts.get("hamming"))
    return (
        f"of single answers {cell.words} are wrong ({cell.interval})" if cell.words else "in every category"
    )


def _line(status: Mapping[str, Any], scores: Mapping[str, Any], taxonomy: Taxonomy) -> Line:
    calibration = scores.get("calibration") or {}
    return Line(
        slug=status["category"],
        name=taxonomy.name_of(status["category"]),
        reason="" if status["learned"] else status["reason"],
        n_positive=scores.get("n_positive", 0),
        precision=score_cell(scores.get("precision")),
        recall=score_cell(scores.get("recall")),
        f_beta=score_cell(scores.get("f_beta")),
        average_precision=score_cell(scores.get("average_precision")),
        fpr=rate_cell(scores.get("fpr")),
        ece=rate_cell(calibration.get("ece")),
        prevalence=rate_cell(scores.get("prevalence")),
    )


def _heat(confusion: Mapping[str, Any] | None, taxonomy: Taxonomy) -> tuple[HeatRow, ...]:
    if not confusion:
        return ()
    names = [taxonomy.name_of(slug) if slug != NONE else "None" for slug in confusion["categories"]]
    return tuple(
        HeatRow(
            row + 1,
            name,
            tuple(_heat_cell(confusion, row, column, names) for column in range(len(names))),
        )
        for row, name in enumerate(names)
    )


def _heat_cell(confusion: Mapping[str, Any], row: int, column: int, names: Sequence[str]) -> Heat:
    value, n = confusion["cells"][row][column], confusion["n"][row][column]
    if value is None:
        return Heat("", 0, f"No audited page is {names[row]}", is_right=False)
    low, high = confusion["low"][row][column], confusion["high"][row][column]
    tip = (
        f"{names[row]} is true, {names[column]} predicted: {percent(value)} of such pages, "
        f"{percent(low)} to {percent(high)}, n={n:,}"
    )
    return Heat(f"{100 * value:.0f}" if value else "", ceil(value * LEVELS), tip, is_right=row == column)


def _policy(row: Mapping[str, Any]) -> PolicyLine:
    names = dict(ProfileVersion.Name.choices)
    return PolicyLine(
        names.get(row["name"], row["name"]),
        row["number"],
        recall=score_cell(row["recall"]),
        precision=score_cell(row["precision"]),
        fpr=rate_cell(row["fpr"]),
        fnr=rate_cell(row["fnr"]),
        counts=tuple(round(row[name]) for name in ("tp", "fp", "fn", "tn") if name in row),
        slices=tuple(
            PolicySlice(one["kind"], one["name"], one["n"], rate_cell(one["fpr"]), rate_cell(one["fnr"]))
            for one in row.get("slices", ())
        ),
    )


def _pack(row: Mapping[str, Any], taxonomy: Taxonomy) -> PackLine:
    fpr, limit = rate_cell(row["fpr"]), row["limit"]
    names = dict(ProfileVersion.Name.choices)
    by = [(names.get(one["name"], one["name"]), rate_cell(one["fpr"])) for one in row.get("profiles", ())]
    by = [(name, cell) for name, cell in by if cell.words]
    by += [(taxonomy.name_of(one["category"]), rate_cell(one["fpr"])) for one in row.get("categories", ())]
    return PackLine(
        row["name"], row["title"], row["n"], fpr, percent(limit), pack_verdict(row["fpr"], limit), tuple(by)
    )


def pack_verdict(fact: Mapping[str, Any], limit: float) -> str:
    """Whether the whole interval of what is flagged is on one side of the limit. No query."""
    if fact["value"] is None or (fact["low"] <= limit < fact["high"]):
        return "not enough evidence"
    return "within" if fact["high"] <= limit else "over"
