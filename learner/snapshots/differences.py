"""What differs between two snapshots of a project: items, labels by category and by cause, and agreement."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotator.projects.selectors import Taxonomy, taxonomy_current
from learner.core.cards.wording import table
from learner.snapshots.content import ACTS
from learner.snapshots.files import ITEMS, RESOLUTIONS, file_verified
from learner.snapshots.models import Snapshot
from learner.snapshots.tables import labels_joined

CAUSES: Final = {
    "judgments": "new judgments",
    "adjudication": "a lead decided",
    "taxonomy": "the taxonomy changed, and with it what the same resolution says",
    "label_noise": "a label that looked wrong was fixed",
}
SHORT: Final = {
    "judgments": "judgments",
    "adjudication": "leads",
    "taxonomy": "taxonomy",
    "label_noise": "fixed",
}
BY_LEADS: Final = ["adjudicated", *ACTS]


@dataclass(frozen=True)
class Agreement:
    """Krippendorff's alpha of one category in one snapshot, its 95 % interval, and the items with two judgments."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n_items: int = 0

    @property
    def words(self) -> str:
        """The number with its interval and n, or that there is none."""
        if self.value is None:
            return f"undefined (n {self.n_items:,})"
        if self.low is None or self.high is None:
            return f"{self.value:.2f} (no interval, n {self.n_items:,})"
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}] (n {self.n_items:,})"


@dataclass(frozen=True)
class CategoryDifference:
    """Items that gained or lost one category, of those that are in both; and how far people agreed on it."""

    slug: str
    name: str
    gained: int
    lost: int
    by_cause: dict[str, int]
    alpha_before: Agreement
    alpha_after: Agreement

    @property
    def why(self) -> str:
        """The causes that there are, with the number of items of each."""
        return ", ".join(
            f"{words}: {self.by_cause[cause]:,}" for cause, words in SHORT.items() if self.by_cause[cause]
        )


@dataclass(frozen=True)
class Differences:
    """From the snapshot `before` to the snapshot `after`, by items."""

    before: Snapshot
    after: Snapshot
    added: int
    removed: int
    relabelled: int
    same: int
    by_cause: dict[str, int]
    categories: tuple[CategoryDifference, ...]

    @property
    def causes(self) -> list[tuple[str, int]]:
        """Items with other labels by cause, in words."""
        return [(words, self.by_cause[cause]) for cause, words in CAUSES.items()]


def differences_of(before: Snapshot, after: Snapshot) -> Differences:
    """What differs. Reads labels and current resolutions of both, checked by hash; neither texts nor judgments.

    Raises Unavailable when a file of either was changed or is missing.
    """
    was, now = _labels(before, "was"), _labels(after, "now")
    both = was.join(now, keys="url", join_type="full outer")
    added, removed = both["was"].null_count, both["now"].null_count
    relabelled = both.filter(pc.fill_null(pc.not_equal(both["was"], both["now"]), fill_value=False))
    triples = _caused(relabelled, before, after)
    by_cause: Counter[str] = Counter(dict.fromkeys(CAUSES, 0))
    for _, _, cause, n in triples:
        by_cause[cause] += n
    taxonomy = taxonomy_current(after.project)
    slugs = dict.fromkeys([*after.manifest["categories"], *before.manifest["categories"]])
    return Differences(
        before=before,
        after=after,
        added=added,
        removed=removed,
        relabelled=relabelled.num_rows,
        same=both.num_rows - added - removed - relabelled.num_rows,
        by_cause=dict(by_cause),
        categories=tuple(_category(_counted(slug, triples), taxonomy, before, after) for slug in slugs),
    )


def differences_json(found: Differences) -> dict[str, Any]:
    """The same as the API tells it."""
    return {
        "before": found.before.number,
        "after": found.after.number,
        "added": found.added,
        "removed": found.removed,
        "relabelled": found.relabelled,
        "same": found.same,
        "by_cause": found.by_cause,
        "categories": [asdict(row) for row in found.categories],
    }


def differences_read(before: Snapshot, after: Snapshot, told: Mapping[str, Any]) -> Differences:
    """What `differences_json` told once. Names are those of now, and agreement is what the manifests say."""
    taxonomy = taxonomy_current(after.project)
    categories = tuple(_category(row, taxonomy, before, after) for row in told["categories"])
    return Differences(**dict(told) | {"before": before, "after": after, "categories": categories})


def differences_markdown(found: Differences) -> str:
    """The same as Markdown, for a ticket or a mail."""
    causes = [(words, f"{n:,}") for words, n in found.causes]
    rows = [
        (row.name, f"{row.gained:,}", f"{row.lost:,}", row.why, row.alpha_before.words, row.alpha_after.words)
        for row in found.categories
    ]
    return "\n".join(
        [
            f"# {found.before.project.name}: v{found.before.number} ({found.before.semantic}) to "
            f"v{found.after.number} ({found.after.semantic})",
            "",
            f"{found.added:,} items added, {found.removed:,} removed, {found.relabelled:,} with other labels, "
            f"{found.same:,} the same.",
            "",
            table(("Why the labels are others", "Items"), causes),
            "",
            table(("Category", "Gained", "Lost", "Why", "Alpha before", "Alpha after"), rows),
            "",
            "Alpha is Krippendorff's, with its 95 % interval; n are the items with two judgments or more.",
            "",
        ]
    )


def _labels(snapshot: Snapshot, name: str) -> pa.Table:
    with file_verified(snapshot, ITEMS) as stream:
        rows = pq.read_table(stream, columns=["url", "labels"])
    return pa.table({"url": rows["url"], name: labels_joined(rows["labels"])})


def _caused(relabelled: pa.Table, before: Snapshot, after: Snapshot) -> list[tuple[str, str, str, int]]:
    """(labels before, labels after, cause, number of items): few rows, however many items."""
    then, held = _current(before, "then"), _current(after, "held")
    rows = relabelled.join(then.select(["url", "then"]), keys="url").join(held, keys="url")
    unmoved = pc.fill_null(pc.equal(rows["then"], rows["held"]), fill_value=False)
    suspect = pc.fill_null(pc.equal(rows["reason_class"], "suspect"), fill_value=False)
    led = pc.fill_null(pc.is_in(rows["method"], value_set=pa.array(BY_LEADS)), fill_value=False)
    conditions = pa.StructArray.from_arrays(
        [column.combine_chunks() for column in (unmoved, suspect, led)], names=["a", "b", "c"]
    )
    cause = pc.case_when(conditions, "taxonomy", "label_noise", "adjudication", "judgments")
    counted = pa.table({"was": rows["was"], "now": rows["now"], "cause": cause, "url": rows["url"]})
    found = counted.group_by(["was", "now", "cause"]).aggregate([("url", "count")]).to_pylist()
    return [(row["was"], row["now"], row["cause"], row["url_count"]) for row in found]


def _current(snapshot: Snapshot, name: str) -> pa.Table:
    """When and how what is held of each item came to be held; nothing for a snapshot that has no such table."""
    if RESOLUTIONS not in snapshot.manifest["files"]:
        nothing = pa.table({"url": pa.array([], pa.string()), "method": pa.array([], pa.string())})
        return nothing.append_column("reason_class", nothing["method"]).append_column(
            name, pa.array([], pa.timestamp("us", tz="UTC"))
        )
    columns = ["url", "method", "reason_class", "created_at"]
    with file_verified(snapshot, RESOLUTIONS) as stream:
        rows = pq.read_table(stream, columns=columns, filters=[("is_current", "=", True)])
    return rows.rename_columns(["url", "method", "reason_class", name])


def _counted(slug: str, triples: Sequence[tuple[str, str, str, int]]) -> dict[str, Any]:
    gained = lost = 0
    by_cause: Counter[str] = Counter(dict.fromkeys(CAUSES, 0))
    for was, now, cause, n in triples:
        had, has = slug in was.split("|"), slug in now.split("|")
        gained += n * (has and not had)
        lost += n * (had and not has)
        by_cause[cause] += n * (had != has)
    return {"slug": slug, "gained": gained, "lost": lost, "by_cause": dict(by_cause)}


def _category(
    counted: Mapping[str, Any], taxonomy: Taxonomy, before: Snapshot, after: Snapshot
) -> CategoryDifference:
    slug = counted["slug"]
    return CategoryDifference(
        slug=slug,
        name=taxonomy.name_of(slug),
        gained=counted["gained"],
        lost=counted["lost"],
        by_cause=counted["by_cause"],
        alpha_before=_agreement(before, slug),
        alpha_after=_agreement(after, slug),
    )


def _agreement(snapshot: Snapshot, slug: str) -> Agreement:
    told = snapshot.manifest.get("agreement", {}).get(slug)
    if told is None:
        return Agreement()
    return Agreement(told["alpha"], told["alpha_low"], told["alpha_high"], told["n_items"])
