"""What a data card says, counted from the files as they were written."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotator.agreement.bootstrap import CategoryAgreement, Estimate
from annotator.agreement.ratings import ABSENT, MISSING, PRESENT
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, carried, taxonomy_links, taxonomy_versions
from learner.core.cards import (
    CardFacts,
    CategoryFacts,
    Changes,
    Interval,
    LinkFacts,
    StreamFacts,
    WrittenFacts,
    in_order,
)
from learner.snapshots.agreeing import Answers, agreement_from
from learner.snapshots.frozen import Totals, Versions
from learner.snapshots.items_table import column_of
from learner.snapshots.pictures import Counted
from learner.snapshots.sections.selectors import WrittenSection
from learner.snapshots.tables import labels_joined

AGREEMENT_SEED: Final = 20_240_711


@dataclass(frozen=True)
class ItemCounts:
    """What the card says of the items."""

    n_items: int
    n_none: int
    n_sites: int
    splits: Mapping[str, int]
    sources: Mapping[str, int]
    methods: Mapping[str, int]
    streams: Mapping[str, int]
    probabilities: Mapping[str, tuple[float, float]]
    versions: Mapping[int, int]
    positives_by_split: Mapping[str, Mapping[str, int]]
    unknown: Mapping[str, int]


@dataclass(frozen=True)
class JudgmentCounts:
    """What the card says of the judgments; `agreement` is in the order of the categories."""

    n_judgments: int
    n_annotators: int
    agreement: list[CategoryAgreement]


@dataclass(frozen=True)
class Frozen:
    """One state of a project, as its tables were written."""

    project: Project
    versions: Versions
    totals: Totals
    items: ItemCounts
    judgments: JudgmentCounts
    written: Sequence[WrittenSection] = ()
    n_erased: int = 0

    @property
    def taxonomy(self) -> Taxonomy:
        """The taxonomy whose categories are the columns."""
        return self.versions.taxonomy


def items_count(path: Path, taxonomy: Taxonomy) -> ItemCounts:
    """The counts of `items.parquet`; neither texts nor addresses are read."""
    flags = [column_of(slug) for slug in taxonomy.slugs]
    wanted = [
        "registrable_domain",
        "source",
        "method",
        "split",
        "stream",
        "inclusion_probability",
        "taxonomy",
    ]
    texts = ["registrable_domain", "source", "method", "split", "stream"]
    rows = pq.read_table(
        path, columns=[*wanted, *flags, "labels"], read_dictionary=texts
    ).unify_dictionaries()
    empty = pc.equal(pc.list_value_length(rows["labels"]), 0)
    known = pa.array(np.ones(rows.num_rows, dtype=np.bool_))
    for name in flags:
        known = pc.and_(known, pc.is_valid(rows[name]))
    return ItemCounts(
        n_items=rows.num_rows,
        n_none=_sum(pc.and_(empty, known)),
        n_sites=len(pc.unique(rows["registrable_domain"])),
        splits=_counter(rows["split"]),
        sources=_counter(rows["source"]),
        methods=_counter(rows["method"]),
        streams=_counter(rows["stream"]),
        probabilities=_probabilities(rows),
        versions=_counter(rows["taxonomy"]),
        positives_by_split={
            slug: _counter(pc.filter(rows["split"], rows[column_of(slug)])) for slug in taxonomy.slugs
        },
        unknown={slug: rows[column_of(slug)].null_count for slug in taxonomy.slugs},
    )


def judgments_count(answers: Answers, project: Project, taxonomy: Taxonomy) -> JudgmentCounts:
    """The counts of the judgments, and how far people agree, from current answers in the words of `taxonomy`."""
    numbers = {row.version.number: row.version.pk for row in taxonomy_versions(project)}
    values = np.full((len(answers.answers), len(taxonomy.slugs)), ABSENT, dtype=np.int8)
    for place, (labels, unsure, version) in enumerate(answers.answers):
        said = carried(labels, unsure, numbers[version], taxonomy.version.pk)
        for column, slug in enumerate(taxonomy.slugs):
            if slug in said.labels:
                values[place, column] = PRESENT
            if slug in said.unsure | said.unknown:
                values[place, column] = MISSING
    agreement = agreement_from(answers, values, AGREEMENT_SEED)
    return JudgmentCounts(answers.n_judgments, answers.n_annotators, agreement)


def card_facts(
    frozen: Frozen, number: int, semantic: str, changes: Changes | None, counted: Counted
) -> CardFacts:
    """All that the data card of `frozen` says."""
    project, taxonomy, totals = frozen.project, frozen.taxonomy, frozen.totals
    items, judgments = frozen.items, frozen.judgments
    splits = in_order(items.splits)
    return CardFacts(
        project=project.name,
        slug=project.slug,
        description=project.description,
        number=number,
        semantic=semantic,
        state_as_of=totals.state_as_of,
        taxonomy=taxonomy.version.number,
        guideline=frozen.versions.guideline.version.number,
        n_items=items.n_items,
        splits={split: items.splits[split] for split in splits},
        n_none=items.n_none,
        n_sites=items.n_sites,
        n_judgments=judgments.n_judgments,
        n_annotators=judgments.n_annotators,
        n_left_out=totals.n_left_out,
        n_erased=frozen.n_erased,
        overlap=project.overlap,
        overlap_max=project.overlap_max,
        holdout_percent=project.holdout_percent,
        sources=dict(sorted(items.sources.items())),
        methods=dict(sorted(items.methods.items())),
        streams=[_stream_facts(stream, n, items) for stream, n in sorted(items.streams.items())],
        categories=_categories(frozen, splits, counted),
        changes=changes,
        column_of={slug: column_of(slug) for slug in taxonomy.slugs},
        versions=dict(sorted(items.versions.items())),
        unknown={slug: n for slug, n in items.unknown.items() if n},
        mapping=mapping_facts(frozen),
        pictures=counted.pictures,
        tables=counted.tables,
        written=[_written(row) for row in frozen.written if row.text],
    )


def _categories(frozen: Frozen, splits: Sequence[str], counted: Counted) -> list[CategoryFacts]:
    """What the card says of each category."""
    positives = frozen.items.positives_by_split
    return [
        CategoryFacts(
            slug=category.slug,
            name=category.name,
            definition=category.definition,
            severity=category.severity,
            cipa=category.cipa,
            positives={split: positives[category.slug].get(split, 0) for split in splits},
            percent_agreement=_interval(measured.percent),
            alpha=_interval(measured.alpha),
            drawn=counted.drawn[category.slug],
        )
        for category, measured in zip(frozen.taxonomy.categories, frozen.judgments.agreement, strict=True)
    ]


def mapping_facts(frozen: Frozen) -> list[LinkFacts]:
    """What became of each category since the oldest version that labels of the snapshot were held under."""
    used = {frozen.taxonomy.version.number, *frozen.items.versions}
    versions = [row.version for row in reversed(taxonomy_versions(frozen.project))]
    passed = [version for version in versions if min(used) < version.number <= max(used)]
    return [
        LinkFacts(version.number, link.kind.value, link.source, link.targets)
        for version in passed
        for link in taxonomy_links(version.pk)
    ]


def changes_between(number: int, before: Any, now: Any) -> Changes:
    """What differs between two `items.parquet`, paths or open files; `number` is that of the earlier snapshot."""
    both = _labels_by_url(before, "before").join(
        _labels_by_url(now, "now"), keys="url", join_type="full outer"
    )
    was, is_ = both["before"], both["now"]
    return Changes(
        parent=number,
        added=was.null_count,
        removed=is_.null_count,
        relabelled=_sum(pc.not_equal(was, is_)),
    )


def _counter(column: pa.ChunkedArray) -> Counter[Any]:
    return Counter({row["values"].as_py(): row["counts"].as_py() for row in pc.value_counts(column)})


def _sum(flags: pa.ChunkedArray) -> int:
    return int(pc.sum(flags).as_py() or 0)


def _probabilities(rows: pa.Table) -> dict[str, tuple[float, float]]:
    found = rows.group_by("stream").aggregate(
        [("inclusion_probability", "min"), ("inclusion_probability", "max")]
    )
    columns = found.to_pydict()
    lows, highs = columns["inclusion_probability_min"], columns["inclusion_probability_max"]
    known = zip(columns["stream"], lows, highs, strict=True)
    return {stream: (low, high) for stream, low, high in known if low is not None}


def _labels_by_url(file: Any, name: str) -> pa.Table:
    table = pq.read_table(file, columns=["url", "labels"])
    return pa.table({"url": table["url"], name: labels_joined(table["labels"])})


def _written(row: WrittenSection) -> WrittenFacts:
    assert row.newest is not None
    return WrittenFacts(
        section=row.section.slug,
        title=row.section.title,
        text=row.text,
        number=row.number,
        written_at=row.newest.created_at.strftime("%Y-%m-%d"),
    )


def _stream_facts(stream: str, n_items: int, items: ItemCounts) -> StreamFacts:
    low, high = items.probabilities.get(stream, (None, None))
    return StreamFacts(stream=stream, n_items=n_items, lowest_probability=low, highest_probability=high)


def _interval(estimate: Estimate) -> Interval:
    return Interval(
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        n_items=estimate.n_items,
        why_undefined=estimate.why_undefined,
    )
