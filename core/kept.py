"""What is slow to make and small to keep, on disk: optimised graphs, and facts about networks.

Every entry is filed under all that it depends on, so none is ever out of date; any may be removed
at any time, by anyone. Entries are put in place whole, so that processes can share a folder.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx
from platformdirs import user_cache_path

from core import __version__

VARIABLE, OFF = "DREAMLAYER_CACHE", "off"
MOST_BYTES = 1 << 30
"""When there is more, what was not used for longest goes."""

_MADE = ("*.py", "rules/*.py")
_PAGE = 4096
"""Weights begin at whole pages, so that they can be mapped into memory."""

_STALE_SECONDS = 24 * 3600.0


def folder() -> Path | None:
    """Where things are kept: what `DREAMLAYER_CACHE` says, else the user's cache folder.

    None where the variable says `off`.
    """
    named = os.environ.get(VARIABLE, "")
    if named.lower() == OFF:
        return None
    return Path(named) if named else user_cache_path("dreamlayer", appauthor=False) / "kept"


def key(*parts: object) -> str:
    """A file name for all that an entry depends on, this program's own code included."""
    return _digest(json.dumps([_code(), *map(str, parts)]).encode())[:40]


def fact(compute: Callable[[], Any], *parts: object) -> Any:
    """What `compute` gives, a JSON value, computed once for all that it depends on."""
    place = _ready()
    if place is None:
        return compute()
    path = place / f"{key(*parts)}.json"
    with contextlib.suppress(OSError, ValueError):
        known = json.loads(path.read_text(encoding="utf-8"))
        touch(path)
        return known
    found = compute()
    with contextlib.suppress(OSError), _making(place) as made:
        fresh = made / "fact"
        fresh.write_text(json.dumps(found), encoding="utf-8")
        fresh.replace(path)
    return found


def find(*parts: object) -> Path | None:
    """The kept graph for all that it depends on, or None."""
    place = _ready()
    path = place and place / f"{key(*parts)}.onnx"
    if path is None or not path.is_file():
        return None
    touch(path)
    return path


def forget(path: Path) -> None:
    """Remove an entry that turned out to be of no use."""
    with contextlib.suppress(OSError):
        path.unlink()


@contextlib.contextmanager
def keeping(*parts: object) -> Iterator[Path | None]:
    """Give a folder to write `model.onnx` into, weights beside it as `weights`; it is then kept.

    None where nothing can be kept. Weights are filed under their content: the graphs of one
    network for many sizes share them.
    """
    place = _ready()
    if place is None:
        yield None
        return
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(_making(place))
        except OSError:
            yield None
            return
        yield made
        # A full disk, or a folder that was removed meanwhile: then it is not kept.
        with contextlib.suppress(OSError):
            _file(made, place / f"{key(*parts)}.onnx")
            _make_room(place)


def machine() -> str:
    """What a graph optimised for this machine depends on: it is laid out for the processor."""
    flags = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return " ".join([platform.node(), platform.machine(), platform.processor(), flags])


def size() -> int:
    """Bytes that are kept."""
    place = folder()
    return sum(state.st_size for _, state in _entries(place)) if place is not None else 0


def touch(path: Path) -> None:
    """Note that an entry is in use."""
    with contextlib.suppress(OSError):
        os.utime(path)


def _ready() -> Path | None:
    place = folder()
    if place is None:
        return None
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return place


@contextlib.contextmanager
def _making(place: Path) -> Iterator[Path]:
    """A folder of one's own on the same disk, gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="making-", dir=place))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _file(made: Path, target: Path) -> None:
    model, weights = made / "model.onnx", made / "weights"
    if not model.is_file():
        return
    if weights.is_file():
        graph = onnx.load(model, load_external_data=False)
        content, places = _in_order(graph, weights.read_bytes())
        shared = target.parent / f"{_digest(content)[:40]}.weights"
        for tensor, start, length in places:
            del tensor.external_data[:]
            given = {"location": shared.name, "offset": str(start), "length": str(length)}
            for entry, value in given.items():
                tensor.external_data.add(key=entry, value=value)
        if shared.is_file():
            touch(shared)
        else:
            weights.write_bytes(content)
            weights.replace(shared)
        model.write_bytes(graph.SerializeToString())
    model.replace(target)


def _in_order(
    graph: onnx.ModelProto, content: bytes
) -> tuple[bytes, list[tuple[onnx.TensorProto, int, int]]]:
    """Weights in an order that is theirs alone, each distinct once, and where each tensor's are.

    ONNX Runtime writes them in the order of names that differ from size to size.
    """
    parts: dict[str, bytes] = {}
    owners: dict[str, list[onnx.TensorProto]] = {}
    for tensor in graph.graph.initializer:
        given = {entry.key: entry.value for entry in tensor.external_data}
        if given:
            start = int(given.get("offset", 0))
            part = content[start : start + int(given["length"])]
            digest = _digest(part)
            parts[digest] = part
            owners.setdefault(digest, []).append(tensor)
    ordered, places = bytearray(), []
    for digest in sorted(owners):
        ordered += bytes(-len(ordered) % _PAGE)
        places += [(tensor, len(ordered), len(parts[digest])) for tensor in owners[digest]]
        ordered += parts[digest]
    return bytes(ordered), places


def _make_room(place: Path) -> None:
    entries = sorted(_entries(place), key=lambda entry: entry[1].st_mtime)
    total = sum(state.st_size for _, state in entries)
    for path, state in entries:
        if total <= MOST_BYTES:
            break
        forget(path)
        total -= state.st_size
    # What processes that were killed left unfinished.
    for left in place.glob("making-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _entries(place: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    for pattern in ("*.onnx", "*.weights", "*.json"):
        for path in place.glob(pattern):
            with contextlib.suppress(OSError):
                found.append((path, path.stat()))
    return found


@functools.cache
def _code() -> str:
    """Stands for the code that makes what is kept: another version makes another graph."""
    here = Path(__file__).parent
    whole = hashlib.sha256(__version__.encode())
    for pattern in _MADE:
        for path in sorted(here.glob(pattern)):
            with contextlib.suppress(OSError):
                whole.update(path.read_bytes())
    return whole.hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
