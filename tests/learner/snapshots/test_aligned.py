"""What belongs to which item, found by ids; and texts as numbers that do not depend on what else there is."""

import numpy as np
import pyarrow as pa
import pytest

from learner.snapshots.aligned import aligned, by_place, groups_of, order_of, places_of
from learner.snapshots.rowsets import Coder, Rows, coded, factored

IDS = np.array([3, 5, 9])


def piece(ids: list[int], versions: list[int], texts: list[str]) -> dict[str, object]:
    return {"id": np.array(ids), "version": np.array(versions), "text": pa.array(texts)}


def test_rows_in_the_order_of_the_ids_stay_as_they_are() -> None:
    found = aligned([piece([3, 5], [1, 1], ["a", "b"]), piece([9], [1], ["c"])], IDS)

    assert found["text"].to_pylist() == ["a", "b", "c"]


def test_of_several_versions_the_last_one_stays_and_what_is_missing_is_null() -> None:
    pieces = [piece([9, 4, 3], [2, 1, 1], ["new", "nobody's", "a"]), piece([9], [1], ["old"])]

    found = aligned(pieces, IDS, by="version")

    assert found["text"].to_pylist() == ["a", None, "new"]
    assert found["version"].tolist() == [1, 0, 2]


def test_without_rows_there_are_no_columns() -> None:
    assert aligned([], IDS) == aligned([], IDS, by="version") == {}


def test_places_are_found_for_any_width_of_numbers() -> None:
    assert places_of(IDS, np.array([9, 10, 2, 3], dtype=np.int32)).tolist() == [2, -1, -1, 0]
    assert places_of(np.empty(0, dtype=np.int64), np.array([9])).tolist() == [-1]


def test_rows_go_by_place_and_then_as_they_were() -> None:
    rows = Rows(
        {"item": np.array([9, 3, 7, 9]), "n": np.arange(4)}, {"said": np.arange(4, dtype=np.int32)}, {}
    )

    found = by_place(
        rows, IDS, order_of(np.array([2, 0, 0], dtype=np.int8))
    )  # the first item is of the last split

    assert found.numbers["place"].tolist() == [1, 1, 2]
    assert found.numbers["n"].tolist() == found.codes["said"].tolist() == [0, 3, 1]
    assert [len(group) for group in groups_of(found, 3)] == [3]


def test_a_dictionary_is_the_same_whatever_was_seen_before() -> None:
    one, other = Coder(), Coder()
    other.codes(pa.array(["z", "b", "a"]))
    texts = pa.array(["b", "a", "b"])

    found = [coded(coder.codes(texts), list(coder.known)) for coder in (one, other)]

    assert found[0].equals(found[1])
    assert found[0].dictionary.to_pylist() == ["a", "b"]
    assert coded(np.array([0, 1]), ["", "x"], none=0).to_pylist() == [None, "x"]


@pytest.mark.parametrize("numbers", [[7, 7, 0], [2**40, 1, 2**40], []])
def test_few_different_numbers_are_codes_for_them(numbers: list[int]) -> None:
    codes, values = factored(np.array(numbers, dtype=np.int64))

    assert [values[code] for code in codes] == numbers
    assert values == sorted(set(numbers))
