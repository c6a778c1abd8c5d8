"""Named arrays in one npz file, without pickle: equal arrays give equal bytes, and nothing read can run."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from math import prod
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from learner.core.arrays import Array
from learner.core.errors import MalformedFileError

_ALIGNED = 64
_LOCAL_HEADER = 30
_PADDING_ID = 0xD935  # the extra field by which Android's zipalign pads too
_BROKEN = (
    ValueError,
    TypeError,
    EOFError,
    OSError,
    AttributeError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
)


def archive_bytes(arrays: Mapping[str, Array], *, compressed: bool) -> bytes:
    """The arrays as npz. Members are in order of name and dated 1980-01-01, so that no clock gets in.

    Without compression each array begins at a multiple of 64 bytes, so that `archive_view` needs no copy of it.
    """
    buffer = io.BytesIO()
    if compressed:
        np.savez_compressed(buffer, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})
        return buffer.getvalue()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(arrays):
            member = zipfile.ZipInfo(f"{name}.npy")
            member.extra = _padding(buffer.tell() + _LOCAL_HEADER + len(member.filename))
            with archive.open(member, "w") as file:
                npy.write_array(file, arrays[name], version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def archive_view(content: bytes, names: Sequence[str]) -> dict[str, Array]:
    """The named arrays of an uncompressed npz file, read-only and without a copy.

    For bytes whose hash was compared already: the checksums within the file are not computed again.

    Raises
    ------
    MalformedFileError
        As `archive_read`, or if the file is compressed.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
            return {name: _view(content, members[name]) for name in names}
    except KeyError as missing:
        raise _lacks(missing) from missing
    except _BROKEN as error:
        raise _unreadable(error) from error


def archive_read(file: BinaryIO, names: Sequence[str], maybe: Sequence[str] = ()) -> dict[str, Array]:
    """The named arrays of an npz file, and those of `maybe` that it has.

    Raises
    ------
    MalformedFileError
        If the file is no npz, is cut short, holds pickled objects, or lacks one of the names.
    """
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in (*names, *(set(maybe) & set(archive.files)))}
    except KeyError as missing:
        raise _lacks(missing) from missing
    except _BROKEN as error:
        raise _unreadable(error) from error


def _padding(start: int) -> bytes:
    """An extra field after which a member that would begin at `start` begins at a multiple of `_ALIGNED`."""
    field = struct.calcsize("<HH")
    return struct.pack("<HH", _PADDING_ID, zeros := -(start + field) % _ALIGNED) + bytes(zeros)


def _view(content: bytes, member: zipfile.ZipInfo) -> Array:
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{member.filename} is compressed")
    lengths = struct.unpack_from("<HH", content, member.header_offset + _LOCAL_HEADER - 4)
    start = member.header_offset + _LOCAL_HEADER + sum(lengths)
    header = io.BytesIO(content[start : start + 2**12])
    npy.read_magic(header)
    shape, _, dtype = npy.read_array_header_1_0(header)
    if dtype.hasobject:
        raise ValueError("Object arrays cannot be loaded")
    return np.frombuffer(content, dtype, prod(shape), start + header.tell()).reshape(shape)


def _lacks(missing: KeyError) -> MalformedFileError:
    return MalformedFileError(f"the file has no array {missing}; write it again with this version")


def _unreadable(error: Exception) -> MalformedFileError:
    return MalformedFileError(f"the file cannot be read as arrays ({error}); write it again")
