"""Candidates that went through bytes are the candidates that were written, and nothing else is read."""

from dataclasses import fields

import numpy as np
import pytest

from learner.core.candidates import Candidates, LaneCandidates, merge
from learner.core.candidates_file import candidates_bytes, candidates_read
from learner.core.errors import MalformedFileError
from learner.core.features import PageText, featurise
from learner.core.waves import Held

ROWS = np.array([2, 0])


def made() -> Candidates:
    pages = [
        PageText(f"https://a{n}.example/", f"a{n}.example", f"a{n}.example", "Chess", "", "")
        for n in range(3)
    ]
    return Candidates(
        n_train=7,
        n_holdout=2,
        item_ids=np.array([3, 5, 2**60]),
        domains=np.array([1, -1, 2**62]),
        contents=np.array([0, 4, 4]),
        features=featurise(pages),
        lanes=(
            LaneCandidates(
                "query", "rare_category", "likely", 0.25, ROWS, np.array([0.5, -np.inf]), np.array([0.25, 0])
            ),
            LaneCandidates(
                "audit", "uniform", "audit", 1.0, np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), 9
            ),
        ),
        held=Held(np.array([4, 2**61]), np.array([0.2, 1.7]), np.array([True, False])),
    )


@pytest.mark.parametrize("candidates", [made(), merge([])], ids=["some", "none"])
def test_what_is_read_is_what_was_written(candidates: Candidates) -> None:
    content = candidates_bytes(candidates)

    again = candidates_read(content)

    assert candidates_bytes(again) == content
    assert abs(again.features - candidates.features).sum() == 0
    for name in ("item_ids", "domains", "contents"):
        assert getattr(again, name).tolist() == getattr(candidates, name).tolist()
    for field in fields(Held):
        np.testing.assert_array_equal(getattr(again.held, field.name), getattr(candidates.held, field.name))
    for one, other in zip(again.lanes, candidates.lanes, strict=True):
        for field in fields(LaneCandidates):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


@pytest.mark.parametrize("content", [b"", b"PK", candidates_bytes(made())[:900]])
def test_damaged_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(MalformedFileError):
        candidates_read(content)
