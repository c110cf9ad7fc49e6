"""Damage that knows no format: bytes flipped, cut, doubled, moved, spliced, numbers replaced."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random

NUMBERS = [
    *(0, 1, 2, 3, 4, 7, 8, 9, 16, 127, 128, 255, 256, 32767, 32768, 65534, 65535, 65536),
    *(2**24, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1, 2**32, 2**62, 2**63 - 1, 2**63, 2**64 - 1),
    *(-1, -2, -(2**31), -(2**63), 20, 14, 10**6, 30_000),
]
"""Numbers at which programs trip."""


def number(rng: Random) -> int:
    """One of them, or any."""
    return rng.choice(NUMBERS) if rng.random() < 0.85 else rng.randrange(2**32)


def flipped(data: bytes, rng: Random) -> bytes:
    """Some bits are others: mostly a few, at times many."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64)) if out else 0):
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return bytes(out)


def replaced(data: bytes, rng: Random) -> bytes:
    """A number of one to eight bytes is another, in either byte order."""
    size = rng.choice((1, 2, 4, 4, 8))
    if len(data) < size:
        return data
    at = rng.randrange(len(data) - size + 1)
    value = (number(rng) % 256**size).to_bytes(size, rng.choice(("little", "big")))
    return data[:at] + value + data[at + size :]


def cut(data: bytes, rng: Random) -> bytes:
    """The end is missing."""
    return data[: rng.randrange(len(data) + 1)]


def shortened(data: bytes, rng: Random) -> bytes:
    """A piece in the middle is missing."""
    at, size = rng.randrange(len(data) + 1), rng.choice((1, 2, 4, 16, 256))
    return data[:at] + data[at + size :]


def doubled(data: bytes, rng: Random) -> bytes:
    """A piece is there twice, or many times."""
    at, size = rng.randrange(len(data) + 1), rng.choice((1, 4, 32, 512))
    piece = data[at : at + size]
    return data[:at] + piece * rng.choice((2, 2, 3, 100)) + data[at + size :]


def filled(data: bytes, rng: Random) -> bytes:
    """A piece is all zeros or ones, or noise."""
    at, size = rng.randrange(len(data) + 1), rng.choice((4, 16, 64, 1024))
    size = min(size, len(data) - at)
    piece = rng.choice((b"\0" * size, b"\xff" * size, rng.randbytes(size)))
    return data[:at] + piece + data[at + size :]


def longer(data: bytes, rng: Random) -> bytes:
    """Something follows the end."""
    return data + rng.choice((b"\0" * 64, rng.randbytes(300), data, b"\xff\xd9", b"\n"))


ANY: list[Callable[[bytes, Random], bytes]] = [
    *(flipped, flipped, replaced, replaced, cut, shortened, doubled, filled, longer),
]


def damaged(data: bytes, rng: Random) -> bytes:
    """One damage of any kind."""
    return rng.choice(ANY)(data, rng)


def spliced(data: bytes, other: bytes, rng: Random) -> bytes:
    """The head of one, the tail of another."""
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def changed_field(data: bytes, rng: Random, code: str, at: int) -> bytes:
    """The number of `struct` code `code` at a place is another."""
    size = struct.calcsize(code)
    value = (number(rng) % 256**size).to_bytes(size, "big" if code[0] == ">" else "little")
    return data[:at] + value + data[at + size :]
