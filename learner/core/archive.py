"""Named arrays in one npz file, without pickle: equal arrays give equal bytes, and nothing read can run."""

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import numpy as np

from learner.core.arrays import Array
from learner.core.errors import MalformedFileError


def archive_bytes(arrays: Mapping[str, Array], *, compressed: bool) -> bytes:
    """The arrays as npz. Members are in order of name and dated 1980-01-01, so that no clock gets in."""
    buffer = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(buffer, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})
    return buffer.getvalue()


def archive_read(file: BinaryIO, names: Sequence[str]) -> dict[str, Array]:
    """The named arrays of an npz file.

    Raises
    ------
    MalformedFileError
        If the file is no npz, is cut short, holds pickled objects, or lacks one of the names.
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except KeyError as missing:
        raise MalformedFileError(
            f"the file has no array {missing}; write it again with this version"
        ) from missing
    except (
        ValueError,
        TypeError,
        EOFError,
        OSError,
        AttributeError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise MalformedFileError(f"the file cannot be read as arrays ({error}); write it again") from error
