"""Candidates of a shard as bytes, so that one worker can score it and another choose from it."""

import io
from itertools import starmap

import numpy as np
from scipy.sparse import csr_matrix

from learner.core.archive import archive_bytes, archive_read
from learner.core.arrays import Array
from learner.core.candidates import Candidates, LaneCandidates
from learner.core.errors import MalformedFileError
from learner.core.features import N_FEATURES
from learner.core.waves import Held

_COLUMNS = ("item_ids", "domains", "contents")
_HELD = ("held_ids", "held_measure", "held_available")
_WORDS = ("stream", "strategy", "reason")
_PARTS = ("rows", "scores", "recorded")
_NAMES = (
    "counts", *_COLUMNS, "data", "indices", "indptr", *_WORDS, "share", "wanted", "lengths", *_PARTS, *_HELD,
)  # fmt: skip


def candidates_bytes(candidates: Candidates) -> bytes:
    """The candidates as npz; equal bytes for equal candidates."""
    lanes, features = candidates.lanes, candidates.features
    arrays: dict[str, Array] = {name: getattr(candidates, name) for name in _COLUMNS}
    arrays |= {name: np.array([getattr(lane, name) for lane in lanes], dtype=np.str_) for name in _WORDS}
    arrays |= {
        "counts": np.array([candidates.n_train, candidates.n_holdout], dtype=np.int64),
        "data": features.data,
        "indices": features.indices,
        "indptr": features.indptr,
        "share": np.array([lane.share for lane in lanes], dtype=np.float64),
        "wanted": np.array([lane.wanted for lane in lanes], dtype=np.int64),
        "lengths": np.array([len(lane.rows) for lane in lanes], dtype=np.int64),
        "rows": np.concatenate([np.empty(0, dtype=np.int64), *(lane.rows for lane in lanes)]),
        "scores": np.concatenate([np.empty(0), *(lane.scores for lane in lanes)]),
        "recorded": np.concatenate([np.empty(0), *(lane.recorded for lane in lanes)]),
        "held_ids": candidates.held.item_ids,
        "held_measure": candidates.held.measure,
        "held_available": candidates.held.available,
    }
    return archive_bytes(arrays, compressed=False)


def candidates_read(content: bytes) -> Candidates:
    """The candidates of `candidates_bytes`; raises MalformedFileError for anything else."""
    arrays = archive_read(io.BytesIO(content), _NAMES)
    ends = np.cumsum(arrays["lengths"])
    try:
        parts = [np.split(arrays[name], ends[:-1]) if len(ends) else [] for name in _PARTS]
        words = (map(str, arrays[name]) for name in _WORDS)
        shares, wanted = map(float, arrays["share"]), map(int, arrays["wanted"])
        lanes = tuple(starmap(LaneCandidates, zip(*words, shares, *parts, wanted, strict=True)))
        shape = (len(arrays["item_ids"]), N_FEATURES)
        features = csr_matrix((arrays["data"], arrays["indices"], arrays["indptr"]), shape=shape)
    except ValueError as error:
        raise MalformedFileError(
            f"the candidates do not fit together ({error}); score the shard again"
        ) from error
    n_train, n_holdout = (int(count) for count in arrays["counts"])
    return Candidates(
        n_train=n_train,
        n_holdout=n_holdout,
        features=features,
        lanes=lanes,
        held=Held(*(arrays[name] for name in _HELD)),
        **{name: arrays[name] for name in _COLUMNS},
    )
