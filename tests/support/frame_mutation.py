"""Seeded mutation of messages to the worker: of headers as JSON and as bytes, and of payloads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any

from byte_mutation import damaged, number

_DREAM: dict[str, Any] = {
    "type": "dream",
    "id": "sound",
    "width": 3,
    "height": 2,
    "pixels": "uint8",
    "mask": False,
    "preview": 0,
    "threads": 0,
    "provider": "auto",
    "recipe": {"steps": 0, "octaves": 1, "seed": 3},
    "bytes": 24,
}
_SOUND: list[dict[str, Any]] = [
    _DREAM,
    {**_DREAM, "pixels": "uint16", "bytes": 48, "preset": "gentle", "preview": 16},
    {**_DREAM, "pixels": "float32", "mask": True, "bytes": 120},
    {"type": "describe", "id": 7},
    {"type": "cancel", "id": "sound"},
]
_VALUES: list[Any] = [
    *(None, True, False, "", "x", "dream", "\0", "\x1b[31m", "ä" * 50, "x" * 5000, "../../etc"),
    *(1.5, -0.0, 1e308, float("inf"), float("nan"), [], {}, [[]], [1, 2], {"a": {}}, ["dream"]),
    *({"layer": "deep"}, [{"layer": None}], "\ud800", "auto", "cuda", "uint8"),
]
_KEYS = [*_DREAM, "preset", "network", "layers", "guide", "canvas", "jitter", "Width", "", "\n"]


@dataclass(frozen=True)
class Frame:
    """Bytes for the worker.

    Attributes
    ----------
    line : bytes
        The header with its line break, or what is in its place.
    payload : bytes
        What follows.
    told : int
        How many bytes the header says that follow; -1 where none can tell.
    """

    line: bytes
    payload: bytes
    told: int


def frame(seed: int, number_: int) -> Frame:
    """The message of this number."""
    rng = Random(f"frame/{seed}/{number_}")
    header = json.loads(json.dumps(_SOUND[number_ % len(_SOUND)]))
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        _change(header, rng)
    line = _line(header, rng)
    payload = rng.randbytes(min(_told(line), 4096) if _told(line) > 0 else 0)
    if rng.random() < 0.15:
        payload = damaged(payload, rng)
    return Frame(line, payload, _told(line))


def _change(header: dict[str, Any], rng: Random) -> None:
    inside = header.get("recipe")
    table = inside if isinstance(inside, dict) and rng.random() < 0.35 else header
    key = rng.choice([*table, *_KEYS] if table else _KEYS)
    match rng.randrange(7):
        case 0:
            table.pop(key, None)
        case 1 | 2:
            table[key] = number(rng)
        case 3 | 4:
            table[key] = rng.choice(_VALUES)
        case 5:
            table["recipe"] = _nested(rng)
        case _:
            table["layers"] = [{"layer": "deep", "weight": number(rng)}] * rng.choice((1, 3, 5000))


def _nested(rng: Random) -> Any:
    value: Any = rng.choice(_VALUES)
    for _ in range(rng.choice((1, 5, 80))):
        value = rng.choice(([value], {"recipe": value}, {"layers": value}))
    return value


def _line(header: dict[str, Any], rng: Random) -> bytes:
    text = json.dumps(header)
    how = rng.random()
    if how < 0.6:
        return text.encode() + b"\n"
    if how < 0.85:
        return damaged(text.encode(), rng).replace(b"\n", b" ") + b"\n"
    return rng.choice(
        [
            b"\n",
            b"\r\n",
            b"\0\n",
            b"[" * 50_000 + b"\n",
            b'{"a":' * 50_000 + b"\n",
            b"9" * 6000 + b"\n",
            b'{"type": "dream", "width": ' + b"9" * 6000 + b"}\n",
            b'{"bytes": -1}\n',
            b'{"bytes": 1e400}\n',
            b'{"bytes": "24"}\n',
            b'{"type": "describe", "type": "cancel"}\n',
            b"\xef\xbb\xbf" + text.encode() + b"\n",
            text.encode("utf-16") + b"\n",
            b"GET / HTTP/1.1\r\n",
            b"x" * 2**20 + b"\n",
            b" " * (2**20 - 2) + b"{}\n",
            text.encode()[:-1],
        ]
    )


def _told(line: bytes) -> int:
    """What a reader of the line takes from the stream."""
    try:
        header = json.loads(line.decode())
        told = header.get("bytes", 0)
    except (ValueError, RecursionError, AttributeError):
        return 0
    return told if type(told) is int and 0 <= told <= 2**53 else -1
