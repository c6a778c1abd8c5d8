"""Where each item of a snapshot goes: its site, its near-duplicates, and the sides that earlier snapshots dealt."""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annotator.pool.minhash import CHARS_MAX, bands, shingles
from annotator.pool.models import Split
from learner.core.arrays import Integers
from learner.core.near_duplicates import clusters_of
from learner.core.splits import (
    NAMES,
    UNDECIDED,
    Cut,
    Leakage,
    items_cut,
    leakage_of,
)
from learner.snapshots.choosing import Halves, halves
from learner.snapshots.frozen import State, run
from learner.snapshots.parquet import Reading

VALIDATION_SHARE: Final = 0.1
# As signatures of served items are made: of the title and the beginning of the text.
TEXTS: Final = f"""
    SELECT DISTINCT ON (item_id) item_id, title || E'\\n' || left(text, {CHARS_MAX}) FROM evidence
    WHERE item_id = ANY(%(items)s) AND (version = 1 OR added_at <= %(as_of)s)
    ORDER BY item_id, version DESC
"""  # noqa: S608 - composed of constants
# Only what snapshots of that time had dealt: one that was taken later could not be inherited from.
DEALT: Final = """
    SELECT d.site, max(d.side) FROM snapshot_site d JOIN snapshot s ON s.id = d.snapshot_id
    WHERE s.project_id = %(project)s AND s.created_at <= %(as_of)s GROUP BY d.site
"""
TEXTS_AT_ONCE: Final = 2_000


@dataclass(frozen=True, eq=False)
class Splits:
    """Where each item of the snapshot goes, in the order of its rows, and what is worth keeping of it.

    `dealt` are the sites whose side is new or another than before: (key of the site, side).
    """

    cut: Cut
    leakage: Leakage
    n_groups: int
    largest_group: int
    dealt: list[tuple[int, int]]

    @property
    def n_by_split(self) -> dict[str, int]:
        """Items on each side."""
        found = np.bincount(self.cut.split, minlength=len(NAMES)).tolist()
        return dict(zip(NAMES, found, strict=True))


@dataclass(frozen=True, eq=False)
class _Keys:
    """What is read of the items to cut them, a row each."""

    labels: NDArray[np.bool_]
    site: Integers
    site_keys: list[int]
    is_test: NDArray[np.bool_]
    bands: Halves


def splits_of(reading: Reading) -> Splits:
    """Cut the items of the snapshot. Holdout sites are test; a site that was dealt before keeps its side.

    A statement for each `TEXTS_AT_ONCE` that nobody was served: those have none yet.
    """
    keys = _keys_read(reading)
    held: dict[int, int] = dict(run(reading.state, DEALT, reading.values))
    by_site = np.array([held.get(key, UNDECIDED) for key in keys.site_keys], dtype=np.int8)
    cut = items_cut(
        labels=keys.labels,
        site=keys.site,
        cluster=clusters_of(keys.bands),
        is_test=keys.is_test,
        before=np.where(keys.is_test, UNDECIDED, by_site[keys.site]).astype(np.int8),
        validation_share=VALIDATION_SHARE,
    )
    sizes = np.bincount(cut.group[cut.group >= 0], minlength=1)
    return Splits(
        cut=cut,
        leakage=leakage_of(cut, keys.site),
        n_groups=int((sizes > 0).sum()),
        largest_group=int(sizes.max()),
        dealt=_dealt(keys, cut, by_site),
    )


def site_key(salt: str, domain: str) -> int:
    """A site as the list of dealt sites knows it: a page that is sealed later leaves no name in it."""
    keyed = hashlib.blake2b(domain.encode(), key=salt.encode(), person=b"site", digest_size=8)
    return int.from_bytes(keyed.digest(), "big", signed=True)


def _keys_read(reading: Reading) -> _Keys:
    held, salt = reading.held, reading.project.holdout_salt
    site, domains = held.coded("registrable_domain")
    side, sides = held.coded("split")
    return _Keys(
        labels=held.labels.present[held.coded("held")[0]],
        site=site.astype(np.int64),
        site_keys=[site_key(salt, domain) for domain in domains],
        is_test=np.array([name == Split.HOLDOUT for name in sides], dtype=np.bool_)[side],
        bands=_completed(reading.state, reading, held.ids, held.bands),
    )


def _completed(state: State, reading: Reading, ids: Integers, found: Halves) -> Halves:
    """The same bands, with those of items that nobody was served computed from their texts."""
    missing = np.flatnonzero(~found.any(axis=1))
    for start in range(0, len(missing), TEXTS_AT_ONCE):
        rows = missing[start : start + TEXTS_AT_ONCE]
        texts: dict[int, str] = dict(run(state, TEXTS, {**reading.values, "items": ids[rows].tolist()}))
        for row in rows.tolist():
            computed = bands(shingles(texts.get(int(ids[row]), "")))
            if computed:
                found[row] = halves(np.array(computed, dtype=np.int64))
    return found


def _dealt(keys: _Keys, cut: Cut, by_site: NDArray[np.int8]) -> list[tuple[int, int]]:
    rest = np.flatnonzero(~keys.is_test)
    side = np.full(len(by_site), UNDECIDED, dtype=np.int8)
    side[keys.site[rest]] = cut.split[rest]
    changed = np.flatnonzero((side != UNDECIDED) & (side != by_site))
    return [(keys.site_keys[site], int(side[site])) for site in changed.tolist()]
