import io

import numpy as np
import pytest

from learner.core.archive import archive_bytes, archive_read, archive_view
from learner.core.arrays import Array
from learner.core.errors import MalformedFileError

ARRAYS: dict[str, Array] = {
    "b": np.arange(5, dtype=np.int64),
    "a": np.ones((2, 3), dtype=np.float32),
    "none": np.empty(0),
    "name": np.array("x"),
}


@pytest.mark.parametrize("packing", ["compressed", "plain"])
def test_arrays_read_back_and_equal_arrays_give_equal_bytes(packing: str) -> None:
    compressed = packing == "compressed"
    content = archive_bytes(ARRAYS, compressed=compressed)

    back = archive_read(io.BytesIO(content), list(ARRAYS))

    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(back[name], array)
        assert back[name].dtype == array.dtype
    assert archive_bytes(dict(reversed(ARRAYS.items())), compressed=compressed) == content


def test_a_view_is_aligned_read_only_and_no_copy() -> None:
    content = archive_bytes(ARRAYS, compressed=False)
    base = np.frombuffer(content, dtype=np.uint8).ctypes.data

    views = archive_view(content, list(ARRAYS))

    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(views[name], array)
        assert views[name].shape == array.shape
        assert (views[name].ctypes.data - base) % 64 == 0
        assert not views[name].flags.writeable


def test_a_view_of_a_compressed_file_is_refused() -> None:
    with pytest.raises(MalformedFileError, match=r"a\.npy is compressed"):
        archive_view(archive_bytes(ARRAYS, compressed=True), ["a"])


def test_a_view_of_a_missing_array_is_refused_with_its_name() -> None:
    with pytest.raises(MalformedFileError, match="no array 'c"):
        archive_view(archive_bytes(ARRAYS, compressed=False), ["c"])


@pytest.mark.parametrize("keep", [0, 10, 100, -1])
def test_a_view_of_a_truncated_file_is_refused(keep: int) -> None:
    with pytest.raises(MalformedFileError, match="cannot be read as arrays"):
        archive_view(archive_bytes(ARRAYS, compressed=False)[:keep], ["a"])
