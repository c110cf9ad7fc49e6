"""Values of TIFF fields, and the two layouts that files store them in."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

# Bytes per value, and per word when swapping, by field type.
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
SIZES |= {16: 8, 17: 8, 18: 8}
# Text in UTF-8, by Exif 3.0.
UTF8 = 129
SIZES[UTF8] = 1
_WORDS = SIZES | {5: 4, 10: 4}
# Letters of `struct` for the types of numbers.
_LETTERS = {1: "B", 3: "H", 4: "I", 5: "I", 6: "b", 7: "B", 8: "h", 9: "i", 10: "i", 13: "I"}
_LETTERS |= {16: "Q", 17: "q", 18: "Q"}
_FRACTIONS = (5, 10)
_TO_CLASSIC = {16: 4, 17: 9, 18: 4}

Number = int | float


class BadTiffError(Exception):
    """A structure that is not TIFF, or points outside itself."""


@dataclass(frozen=True)
class Value:
    """One field: TIFF type, number of values, and the values in little-endian order."""

    kind: int
    count: int
    data: bytes

    def numbers(self) -> tuple[int, ...]:
        """The words of an unsigned value: one per value, two of a fraction.

        Raises
        ------
        BadTiffError
            It is of another type.
        """
        if self.kind not in (3, 4, 5, 13, 16, 18):
            raise BadTiffError
        word = _WORDS[self.kind]
        parts = range(0, len(self.data), word)
        return tuple(int.from_bytes(self.data[at : at + word], "little") for at in parts)

    def quantities(self) -> tuple[Number, ...]:
        """What the values mean, signed where they are, fractions divided (by 0: 0); () for text."""
        letter = _LETTERS.get(self.kind)
        if letter is None:
            return ()
        words = struct.unpack(f"<{len(self.data) // _WORDS[self.kind]}{letter}", self.data)
        if self.kind not in _FRACTIONS:
            return words
        pairs = zip(words[::2], words[1::2], strict=True)
        return tuple(top / bottom if bottom else 0.0 for top, bottom in pairs)

    def text(self) -> str | None:
        """The text of a field of ASCII or UTF-8; None for other types."""
        if self.kind in (2, UTF8):
            return self.data.rstrip(b"\0").decode("utf-8", "replace")
        return None


Directory = dict[int, "Value | Directory"]


@dataclass(frozen=True)
class Layout:
    """Byte order and sizes of a TIFF structure: classic, or BigTIFF with 64-bit offsets."""

    order: str
    big: bool

    @property
    def offset(self) -> str:
        """Format of an offset."""
        return self.order + ("Q" if self.big else "I")

    @property
    def room(self) -> int:
        """Bytes of an offset."""
        return 8 if self.big else 4

    @property
    def count(self) -> str:
        """Format of the number of fields."""
        return self.order + ("Q" if self.big else "H")

    @property
    def entry(self) -> str:
        """Tag, type, number of values; then come the values or their offset."""
        return self.order + ("HHQ" if self.big else "HHI")

    @property
    def start(self) -> int:
        """Bytes of the header."""
        return 16 if self.big else 8


def short(value: int) -> Value:
    """A field of one 16-bit number."""
    return shorts(value)


def shorts(*values: int) -> Value:
    """A field of 16-bit numbers."""
    return Value(3, len(values), struct.pack(f"<{len(values)}H", *values))


def long(value: int) -> Value:
    """A field of one 32-bit number."""
    return Value(4, 1, value.to_bytes(4, "little"))


def fraction(top: int, bottom: int) -> Value:
    """A field of one unsigned fraction."""
    return Value(5, 1, struct.pack("<II", top, bottom))


def to_classic(tags: Directory) -> Directory:
    """The fields in the types of classic TIFF; 64-bit numbers that do not fit are dropped."""
    result: Directory = {}
    for tag, value in tags.items():
        if isinstance(value, dict):
            result[tag] = to_classic(value)
        elif value.kind not in _TO_CLASSIC:
            result[tag] = value
        else:
            words = [value.data[at : at + 8] for at in range(0, len(value.data), 8)]
            filler = {b"\0" * 4, b"\xff" * 4} if value.kind == 17 else {b"\0" * 4}
            if all(word[4:] in filler for word in words):
                data = b"".join(word[:4] for word in words)
                result[tag] = replace(value, kind=_TO_CLASSIC[value.kind], data=data)
    return result


def swapped(data: bytes, kind: int, order: str) -> bytes:
    """Convert values of a type between `order` and little-endian."""
    word = _WORDS[kind]
    if order == "<" or word == 1:
        return data
    result = bytearray(len(data))
    for at in range(word):
        result[at::word] = data[word - 1 - at :: word]
    return bytes(result)
