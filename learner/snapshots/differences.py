"""What differs between two snapshots of a project: items, labels by category and by cause, and agreement."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

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
BY_LEADS: Final = ["adjudicated", *ACTS]


@dataclass(frozen=True)
class CategoryDifference:
    """Items that gained or lost one category, of those that are in both; and how far people agreed on it."""

    slug: str
    gained: int
    lost: int
    by_cause: dict[str, int]
    alpha_before: float | None
    alpha_after: float | None


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
    slugs = dict.fromkeys([*after.manifest["categories"], *before.manifest["categories"]])
    return Differences(
        before=before,
        after=after,
        added=added,
        removed=removed,
        relabelled=relabelled.num_rows,
        same=both.num_rows - added - removed - relabelled.num_rows,
        by_cause=dict(by_cause),
        categories=tuple(_category(slug, triples, before, after) for slug in slugs),
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
        "categories": [vars(row) for row in found.categories],
    }


def differences_read(before: Snapshot, after: Snapshot, told: Mapping[str, Any]) -> Differences:
    """What `differences_json` told."""
    columns = dict(told) | {"before": before, "after": after}
    return Differences(
        **columns | {"categories": tuple(CategoryDifference(**row) for row in told["categories"])}
    )


def differences_markdown(found: Differences) -> str:
    """The same as Markdown, for a ticket or a mail."""
    causes = [f"| {words} | {n:,} |" for words, n in found.causes]
    rows = [
        f"| `{row.slug}` | {row.gained:,} | {row.lost:,} | {_number(row.alpha_before)} | {_number(row.alpha_after)} |"
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
            "| Why the labels are others | Items |",
            "| --- | --- |",
            *causes,
            "",
            "| Category | Gained | Lost | Alpha before | Alpha after |",
            "| --- | --- | --- | --- | --- |",
            *rows,
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


def _category(
    slug: str, triples: Sequence[tuple[str, str, str, int]], before: Snapshot, after: Snapshot
) -> CategoryDifference:
    gained = lost = 0
    by_cause: Counter[str] = Counter()
    for was, now, cause, n in triples:
        had, has = slug in was.split("|"), slug in now.split("|")
        gained += n * (has and not had)
        lost += n * (had and not has)
        by_cause[cause] += n * (had != has)
    return CategoryDifference(
        slug=slug,
        gained=gained,
        lost=lost,
        by_cause={cause: by_cause[cause] for cause in CAUSES},
        alpha_before=_alpha(before, slug),
        alpha_after=_alpha(after, slug),
    )


def _alpha(snapshot: Snapshot, slug: str) -> float | None:
    found: float | None = snapshot.manifest.get("agreement", {}).get(slug, {}).get("alpha")
    return found


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"
