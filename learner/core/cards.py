"""The data card: what a snapshot holds and how it came about, written from facts and nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import yaml

SIZE_BANDS = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured number with its 95 % interval, or why there is none."""

    value: float | None
    low: float | None
    high: float | None
    n_items: int
    why_undefined: str = ""


@dataclass(frozen=True, slots=True)
class CategoryFacts:
    """What the snapshot says of one category. `positives` is by split, then by stream."""

    slug: str
    name: str
    definition: str
    severity: int
    cipa: bool
    train_positives: int
    holdout_positives: int
    percent_agreement: Interval
    alpha: Interval


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """How many items a stream brought, and with which inclusion probabilities (None: not a random draw)."""

    stream: str
    n_items: int
    lowest_probability: float | None
    highest_probability: float | None


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What became of one category in a taxonomy version: `source` is its slug in the version before."""

    taxonomy: int
    kind: str
    source: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from the parent snapshot, by item."""

    parent: int
    added: int
    removed: int
    relabelled: int


@dataclass(frozen=True, slots=True)
class CardFacts:
    """All that a data card says. Holds no clock: the same state gives the same card."""

    project: str
    slug: str
    description: str
    number: int
    state_as_of: str
    taxonomy: int
    guideline: int
    n_items: int
    n_train: int
    n_holdout: int
    n_none: int
    n_sites: int
    n_judgments: int
    n_annotators: int
    n_left_out: int
    overlap: int
    overlap_max: int
    holdout_percent: int
    sources: Mapping[str, int]
    methods: Mapping[str, int]
    streams: Sequence[StreamFacts]
    categories: Sequence[CategoryFacts]
    changes: Changes | None
    column_of: Mapping[str, str]
    versions: Mapping[int, int] = field(default_factory=dict)
    """Items by the taxonomy version that their labels were held under."""
    unknown: Mapping[str, int] = field(default_factory=dict)
    mapping: Sequence[LinkFacts] = ()
    n_erased: int = 0
    """Items whose evidence was erased: they have labels, and neither title nor text."""


def data_card(facts: CardFacts) -> str:
    """The data card as Markdown with dataset-card front matter."""
    sections = (
        _purpose(facts),
        _composition(facts),
        _taxonomies(facts),
        _sources(facts),
        _sampling(facts),
        _process(facts),
        _agreement(facts),
        _columns(facts),
        _limitations(facts),
        _changes(facts),
    )
    return _front_matter(facts) + "\n".join(sections)


def _front_matter(facts: CardFacts) -> str:
    entries = {
        "pretty_name": f"{facts.project} v{facts.number}",
        "license": "other",
        "task_categories": ["text-classification"],
        "task_ids": ["multi-label-classification"],
        "annotations_creators": ["expert-generated"],
        "size_categories": [_size(facts.n_items)],
        "tags": ["web-content-safety", "k-12", "active-learning"],
        "configs": [
            {"config_name": "items", "default": True, "data_files": "items.parquet"},
            {"config_name": "judgments", "data_files": "judgments.parquet"},
        ],
    }
    return f"---\n{yaml.safe_dump(entries, sort_keys=False, allow_unicode=True)}---\n\n"


def _purpose(facts: CardFacts) -> str:
    description = facts.description or "The project has no description."
    return f"""# {facts.project}, snapshot v{facts.number}

State of the project as of {facts.state_as_of}. Taxonomy version {facts.taxonomy}, guideline version {facts.guideline}.

## Purpose

{description}

Made to train and to judge classifiers that decide which categories of a school's filtering policy a page belongs to.
Not made to judge the people who wrote, own or visit a page, nor as a blocklist: a label speaks of one page at one time.
"""


def _composition(facts: CardFacts) -> str:
    rows = [
        (
            category.name,
            f"`{category.slug}`",
            str(category.severity),
            "yes" if category.cipa else "no",
            _count(category.train_positives, facts.n_train),
            _count(category.holdout_positives, facts.n_holdout),
        )
        for category in facts.categories
    ]
    heads = ("Category", "Slug", "Severity", "CIPA", "Train", "Holdout")
    return f"""## Composition

{facts.n_items:,} items on {facts.n_sites:,} registrable domains: {facts.n_train:,} train, \
{facts.n_holdout:,} holdout. One registrable domain is never on both sides. \
{facts.n_none:,} items have none of the categories.
{facts.n_left_out:,} further items are resolved as not labelled (not enough evidence, not reachable, or in a language \
nobody read) and are left out.

Items with each category; an item can have several.

{_table(heads, rows)}
"""


def _taxonomies(facts: CardFacts) -> str:
    carried = {number: n for number, n in facts.versions.items() if number != facts.taxonomy}
    if not carried:
        return f"## Taxonomy versions\n\nAll labels were held under taxonomy version {facts.taxonomy}.\n"
    rows = [(f"{number}", f"{n:,}") for number, n in facts.versions.items()]
    links = [
        (f"{link.taxonomy}", link.kind, _slugs([link.source]), _slugs(link.targets)) for link in facts.mapping
    ]
    unknown = [(f"`{facts.column_of[slug]}`", _count(n, facts.n_items)) for slug, n in facts.unknown.items()]
    return f"""## Taxonomy versions

The columns are the categories of taxonomy version {facts.taxonomy}. {sum(carried.values()):,} items were resolved \
under another version, and their labels are carried to this one. `judgments.parquet` has labels as they were given.

{_table(("Taxonomy version", "Items"), rows)}

Through these changes:

{_table(("In version", "Change", "Category before", "Category now"), links)}

A renamed category is the same. A merged one is present with any of its parts, and absent without all of them. Of a
split one, the parts are absent where it was absent. **Where the mapping cannot tell, a category is null, not false:
leave it out, never count it as absent.** Null by category:

{_table(("Column", "Items"), unknown)}
"""


def _slugs(slugs: Iterable[str]) -> str:
    return ", ".join(f"`{slug}`" for slug in slugs if slug) or "none"


def _sources(facts: CardFacts) -> str:
    rows = [(source or "not given", f"{n:,}") for source, n in facts.sources.items()]
    return f"""## Sources

Addresses and page evidence (title, description, text) were taken in from files; nothing was fetched. By source:

{_table(("Source", "Items"), rows)}
"""


def _sampling(facts: CardFacts) -> str:
    meanings = {
        "query": "closest to the operating threshold of a category: informative, and biased by design",
        "rare": "likely finds for categories with few positives: biased by design",
        "explore": "drawn at random from the pool",
        "audit": "drawn at random from the holdout sites",
        "recheck": "looked at again after a change of the policy",
        "": "resolved without having been served",
    }
    rows = [
        (
            stream.stream or "none",
            f"{stream.n_items:,}",
            _probabilities(stream),
            meanings.get(stream.stream, ""),
        )
        for stream in facts.streams
    ]
    return f"""## Sampling

Most items were chosen by a query model, not at random: **shares and prevalences in this snapshot are not those of the
web**. The columns `stream` and `inclusion_probability` undo the bias where that is possible: an item drawn at random
carries the probability with which its draw took it; for the other streams it is empty.

{_table(("Stream", "Items", "Inclusion probability", "How chosen"), rows)}
"""


def _process(facts: CardFacts) -> str:
    meanings = {
        "single": "one judgment",
        "unanimous": "all judgments equal",
        "majority": "two thirds equal, no severe category in dispute",
        "inferred": "judgments and known skills make every category certain, before the overlap is reached",
        "adjudicated": "decided by a lead with a reason",
    }
    rows = [(method, f"{n:,}", meanings.get(method, "")) for method, n in facts.methods.items()]
    return f"""## Annotation process

{facts.n_annotators:,} annotators gave {facts.n_judgments:,} judgments. Each item has {facts.overlap} place\
{"" if facts.overlap == 1 else "s"} and up to {facts.overlap_max} where people disagree{_fewer(facts)}.
Nobody sees another person's
judgment, or a classifier's guess, before their own. Annotators answer per category present, unsure or absent, and can
say that the evidence does not suffice. How the labels came about:

{_table(("Method", "Items", "Meaning"), rows)}
"""


def _fewer(facts: CardFacts) -> str:
    return "; an item of method `inferred` stopped with fewer" if "inferred" in facts.methods else ""


def _agreement(facts: CardFacts) -> str:
    rows = [
        (
            category.name,
            _number(category.percent_agreement),
            _number(category.alpha),
            f"{category.alpha.n_items:,}",
        )
        for category in facts.categories
    ]
    heads = ("Category", "Percent agreement", "Krippendorff's alpha", "Items with two judgments")
    return f"""## Agreement

Per category, on current judgments, with 95 % bootstrap intervals over items. *Unsure* counts as missing. Percent
agreement is not corrected for chance and is high for every rare category; alpha is corrected.

{_table(heads, rows)}
"""


def _columns(facts: CardFacts) -> str:
    flags = [(f"`{facts.column_of[category.slug]}`", category.definition) for category in facts.categories]
    return f"""## Columns

`items.parquet`: `url`, `registrable_domain`, `title`, `text`, `labels` (slugs), one boolean per category, `method`,
`n_judgments`, `split`, `stream`, `inclusion_probability`, `batch`, `source`, `taxonomy` (the version that the labels
were held under, before they were carried). Rows are ordered by `url`.

`judgments.parquet`: `url`, `annotator` (pseudonym, stable within the project), `labels`, `unsure`, `verdict`,
`seconds`, `late`, `is_current` (false when superseded or withdrawn), `created_at`, `taxonomy`, `guideline`,
`clause` (number of the clause of that guideline that the annotator cited, if any).

{_table(("Column", "True when the page is; null when not known"), flags)}
"""


def _limitations(facts: CardFacts) -> str:
    lines = [
        "- Judged from stored evidence, mostly text; pictures and video were not seen.",
        "- The evidence is of its capture time; the page may have changed since.",
        f"- The evidence of {facts.n_erased:,} items was erased, by request or because it was kept long enough: their "
        "`title` and `text` are empty, their labels rest on what people read before."
        if facts.n_erased
        else "",
        "- Items of the query and rare streams over-represent hard and rare pages: weigh, or use explore and audit.",
        "- Labels of method `single` have no second opinion." if "single" in facts.methods else "",
        "- Labels of method `inferred` rest on fewer judgments and on estimated skills: where that matters, leave "
        "them out by the column `method`."
        if "inferred" in facts.methods
        else "",
        *(
            f"- {category.name}: {category.train_positives + category.holdout_positives} positives. "
            "Too few to train or to judge a classifier on."
            for category in facts.categories
            if category.train_positives + category.holdout_positives < MIN_POSITIVES
        ),
        *(
            f"- {category.name}: agreement is low, alpha {_number(category.alpha)}: read its clauses first."
            for category in facts.categories
            if category.alpha.value is not None and category.alpha.value < LOW_ALPHA
        ),
    ]
    return "## Known limitations\n\n" + "\n".join(line for line in lines if line) + "\n"


def _changes(facts: CardFacts) -> str:
    if facts.changes is None:
        return "## Changes\n\nThis is the first snapshot of the project.\n"
    return f"""## Changes

Since v{facts.changes.parent}: {facts.changes.added:,} items added, {facts.changes.removed:,} removed, \
{facts.changes.relabelled:,} with other labels.
"""


MIN_POSITIVES = 10
LOW_ALPHA = 0.667  # below it, Krippendorff (2004, p. 241) advises to draw no conclusion


def _size(n_items: int) -> str:
    return next((band for limit, band in SIZE_BANDS if n_items < limit), "n>1M")


def _count(n: int, of: int) -> str:
    return f"{n:,} ({n / of:.1%})" if of else f"{n:,}"


def _number(estimate: Interval) -> str:
    if estimate.value is None:
        return f"undefined: {estimate.why_undefined}"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f} (no interval: {estimate.why_undefined})"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def _probabilities(stream: StreamFacts) -> str:
    if stream.lowest_probability is None or stream.highest_probability is None:
        return "not a random draw"
    if stream.lowest_probability == stream.highest_probability:
        return f"{stream.lowest_probability:.3g}"
    return f"{stream.lowest_probability:.3g} to {stream.highest_probability:.3g}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")
