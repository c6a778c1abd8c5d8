"""What a data card says, from what was counted while the tables were written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from annotator.agreement.bootstrap import Estimate, agreement_by_category
from annotator.agreement.ratings import Ratings
from annotator.projects.models import Project
from annotator.projects.selectors import Guideline, Taxonomy, taxonomy_links, taxonomy_versions
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
from learner.snapshots.pictures import Counted
from learner.snapshots.sections.selectors import WrittenSection
from learner.snapshots.tables import ItemCounts, JudgmentCounts, Totals, column_of

AGREEMENT_SEED: Final = 20_240_711


@dataclass(frozen=True)
class Frozen:
    """One state of a project, as its tables were written."""

    project: Project
    taxonomy: Taxonomy
    guideline: Guideline
    totals: Totals
    items: ItemCounts
    judgments: JudgmentCounts
    n_erased: int = 0


def card_facts(
    frozen: Frozen, changes: Changes | None, counted: Counted, written: Sequence[WrittenSection]
) -> CardFacts:
    """All that the data card of `frozen` says."""
    project, taxonomy, totals = frozen.project, frozen.taxonomy, frozen.totals
    items, judgments = frozen.items, frozen.judgments
    ratings = Ratings.from_answers(judgments.answers, taxonomy.slugs)
    agreement = agreement_by_category(ratings, seed=AGREEMENT_SEED)
    return CardFacts(
        project=project.name,
        slug=project.slug,
        description=project.description,
        number=1 if changes is None else changes.parent + 1,
        state_as_of=totals.state_as_of,
        taxonomy=taxonomy.version.number,
        guideline=frozen.guideline.version.number,
        n_items=items.n_items,
        splits={split: items.splits[split] for split in in_order(items.splits)},
        n_none=items.n_none,
        n_sites=len(items.sites),
        n_judgments=judgments.n_judgments,
        n_annotators=len(judgments.annotators),
        n_left_out=totals.n_left_out,
        n_erased=frozen.n_erased,
        overlap=project.overlap,
        overlap_max=project.overlap_max,
        holdout_percent=project.holdout_percent,
        sources=dict(sorted(items.sources.items())),
        methods=dict(sorted(items.methods.items())),
        streams=[_stream_facts(stream, n, items) for stream, n in sorted(items.streams.items())],
        categories=[
            CategoryFacts(
                slug=category.slug,
                name=category.name,
                definition=category.definition,
                severity=category.severity,
                cipa=category.cipa,
                positives={split: items.positives[category.slug, split] for split in in_order(items.splits)},
                percent_agreement=_interval(measured.percent),
                alpha=_interval(measured.alpha),
                drawn=counted.drawn[category.slug],
            )
            for category, measured in zip(taxonomy.categories, agreement, strict=True)
        ],
        changes=changes,
        column_of={slug: column_of(slug) for slug in taxonomy.slugs},
        versions=_version_facts(frozen),
        unknown={slug: items.unknown[slug] for slug in taxonomy.slugs if items.unknown[slug]},
        mapping=mapping_facts(frozen),
        pictures=counted.pictures,
        tables=counted.tables,
        written=[_written(row) for row in written if row.text],
    )


def mapping_facts(frozen: Frozen) -> list[LinkFacts]:
    """What became of each category since the oldest version that labels of the snapshot were held under."""
    used = {frozen.taxonomy.version.pk, *frozen.items.versions}
    versions = [row.version for row in taxonomy_versions(frozen.project)]
    numbers = [version.number for version in versions if version.pk in used]
    passed = [version for version in reversed(versions) if min(numbers) < version.number <= max(numbers)]
    return [
        LinkFacts(version.number, link.kind.value, link.source, link.targets)
        for version in passed
        for link in taxonomy_links(version.pk)
    ]


def _version_facts(frozen: Frozen) -> dict[int, int]:
    numbers = {row.version.pk: row.version.number for row in taxonomy_versions(frozen.project)}
    return dict(sorted((numbers[pk], n) for pk, n in frozen.items.versions.items()))


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
