"""Thrift's compact protocol, in which a Parquet file says what is where in it: read whole, and written again.

https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md. A struct is a list of fields in their
order; what nobody knows here is kept as it was.
"""

from dataclasses import dataclass
from typing import Any, Final

TRUE: Final = 1
FALSE: Final = 2
BYTE: Final = 3
I16: Final = 4
I64: Final = 6
DOUBLE: Final = 7
BINARY: Final = 8
LIST: Final = 9
SET: Final = 10
STRUCT: Final = 12
LONG: Final = 15
"""In place of the size of a list, or of the distance of a field: it follows."""


@dataclass
class Field:
    """One field of a struct: its number, its type, and what it holds."""

    number: int
    kind: int
    value: Any


@dataclass
class Many:
    """A list or a set: the type of all that is in it, and that."""

    kind: int
    values: list[Any]


Struct = list[Field]


def field_of(struct: Struct, number: int) -> Field | None:
    """The field of this number, if the struct has it."""
    return next((field for field in struct if field.number == number), None)


def struct_read(data: bytes) -> Struct:
    """The struct that these bytes begin with.

    >>> struct_read(bytes.fromhex("150218016100"))
    [Field(number=1, kind=5, value=1), Field(number=2, kind=8, value=b'a')]
    """
    return _Reader(data).struct()


def struct_written(struct: Struct) -> bytes:
    """The bytes of a struct.

    >>> struct_written([Field(1, 5, 1), Field(2, 8, b"a")]).hex()
    '150218016100'
    """
    out = bytearray()
    _struct_write(out, struct)
    return bytes(out)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def struct(self) -> Struct:
        fields: Struct = []
        number = 0
        while (head := self._byte()) != 0:
            distance, kind = head >> 4, head & 15
            number = number + distance if distance else self._signed()
            fields.append(Field(number, kind, kind == TRUE if kind in {TRUE, FALSE} else self._value(kind)))
        return fields

    def _value(self, kind: int) -> Any:
        if kind == STRUCT:
            return self.struct()
        if kind in {LIST, SET}:
            return self._many()
        if kind == BINARY:
            return self._bytes(self._varint())
        if kind == DOUBLE:
            return self._bytes(8)
        if I16 <= kind <= I64:
            return self._signed()
        if kind in {TRUE, FALSE, BYTE}:
            return self._byte()
        msg = f"thrift type {kind} does not occur in Parquet"
        raise ValueError(msg)

    def _many(self) -> Many:
        head = self._byte()
        size, kind = head >> 4, head & 15
        if size == LONG:
            size = self._varint()
        return Many(kind, [self._value(kind) for _ in range(size)])

    def _byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def _bytes(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
        return value | byte << shift

    def _signed(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)


def _struct_write(out: bytearray, struct: Struct) -> None:
    last = 0
    for field in struct:
        distance = field.number - last
        last = field.number
        if 0 < distance <= LONG:
            out.append(distance << 4 | field.kind)
        else:
            out.append(field.kind)
            _signed_write(out, field.number)
        if field.kind not in {TRUE, FALSE}:
            _value_write(out, field.kind, field.value)
    out.append(0)


def _value_write(out: bytearray, kind: int, value: Any) -> None:
    if kind == STRUCT:
        _struct_write(out, value)
    elif kind in {LIST, SET}:
        size = len(value.values)
        out.append(min(size, LONG) << 4 | value.kind)
        if size >= LONG:
            _varint_write(out, size)
        for each in value.values:
            _value_write(out, value.kind, each)
    elif kind == BINARY:
        _varint_write(out, len(value))
        out += value
    elif kind == DOUBLE:
        out += value
    elif I16 <= kind <= I64:
        _signed_write(out, value)
    else:
        out.append(value)


def _varint_write(out: bytearray, value: int) -> None:
    while value > 127:  # noqa: PLR2004 - seven bits, and whether there are more
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def _signed_write(out: bytearray, value: int) -> None:
    _varint_write(out, value << 1 if value >= 0 else (-value << 1) - 1)
