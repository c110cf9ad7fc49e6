"""What is slow to make and small to keep, on disk: optimised graphs, and facts about networks.

Every entry is filed under all that it depends on, so none is ever out of date; any may be removed
at any time, by anyone. Entries are put in place whole, so that processes can share a folder.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import mmap
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError
from platformdirs import user_cache_path

from dreamlayer.core.version import VERSION

VARIABLE, OFF = "DREAMLAYER_CACHE", "off"
MOST_BYTES = 1 << 30
"""When there is more, what was not used for longest goes."""

_GRAPH_CODE = (
    "graph/*.py",
    "autodiff/**/*.py",
    "network/gradient_model.py",
    "network/objective.py",
    "recipe/kinds.py",
    "runtime/providers.py",
)
"""The files of `core` that shape what is cached: another version of them makes other graphs."""

_PAGE = 4096
"""Weights begin at whole pages, so that they can be mapped into memory."""

_NO_WEIGHTS = "none.weights"
"""Stands in a graph's name for the weights of one that has all of them in itself."""

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


def memoize(compute: Callable[[], Any], *parts: object) -> Any:
    """What `compute` gives, a JSON value, computed once for all that it depends on."""
    place = _ready()
    if place is None:
        return compute()
    path = place / f"{key(*parts)}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(path.read_text(encoding="utf-8"))["value"]
        touch(path)
        return known
    found = compute()
    with contextlib.suppress(OSError), _making(place) as made:
        fresh = made / "fact"
        fresh.write_text(json.dumps({"value": found}), encoding="utf-8")
        fresh.replace(path)
    return found


def find(*parts: object) -> Path | None:
    """The kept graph for all that it depends on, with its weights, or None."""
    place = _ready()
    path = None if place is None else next(place.glob(f"{key(*parts)}.*.onnx"), None)
    if place is None or path is None:
        return None
    shared = place / f"{path.name.split('.')[1]}.weights"
    try:
        whole = shared.name == _NO_WEIGHTS or shared.stat().st_size == _length(shared)
    except (OSError, ValueError):
        whole = False
    if not whole:
        forget(path)
        return None
    touch(path)
    touch(shared)
    return path


def forget(path: Path) -> None:
    """Remove a graph that turned out to be of no use, and its weights, which may be why."""
    for one in (path, path.with_name(f"{path.name.split('.')[1]}.weights")):
        with contextlib.suppress(OSError):
            one.unlink()


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
        with contextlib.suppress(OSError, DecodeError):
            _file(made, place, key(*parts))
            _make_room(place)


def discard(made: Path) -> None:
    """Let nothing of what is being made be kept."""
    for path in made.iterdir():
        with contextlib.suppress(OSError):
            path.unlink()


def machine() -> str:
    """What a graph optimised for this machine depends on: it is laid out for the processor."""
    flags = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return " ".join([platform.machine(), platform.processor(), flags])


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


def _file(made: Path, place: Path, filed: str) -> None:
    model, weights = made / "model.onnx", made / "weights"
    if not model.is_file():
        return
    shared = place / _NO_WEIGHTS
    if weights.is_file():
        graph = onnx.load(model, load_external_data=False)
        ordered = made / "ordered"
        digest, length, places = _put_in_order(graph, weights, ordered)
        if length > MOST_BYTES:
            return
        shared = place / f"{digest[:40]}-{length}.weights"
        for tensor, start, count in places:
            del tensor.external_data[:]
            given = {"location": shared.name, "offset": str(start), "length": str(count)}
            for entry, value in given.items():
                tensor.external_data.add(key=entry, value=value)
        if not (shared.is_file() and shared.stat().st_size == length):
            ordered.replace(shared)
        touch(shared)
        model.write_bytes(graph.SerializeToString())
    model.replace(place / f"{filed}.{shared.stem}.onnx")


def _put_in_order(
    graph: onnx.ModelProto, source: Path, target: Path
) -> tuple[str, int, list[tuple[onnx.TensorProto, int, int]]]:
    """Write weights in an order that is theirs alone, each distinct once.

    ONNX Runtime writes them in the order of names that differ from size to size. They are looked
    at where they are on disk: there may be more of them than memory to spare.

    Returns
    -------
    (str, int, list)
        What stands for the content, its bytes, and for each tensor where it begins and ends.
    """
    owners: dict[str, list[onnx.TensorProto]] = {}
    parts: dict[str, tuple[int, int]] = {}
    places = []
    whole = hashlib.sha256()
    with source.open("rb") as file, target.open("wb") as ordered:
        content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        with content, memoryview(content) as view:
            for tensor in graph.graph.initializer:
                given = {entry.key: entry.value for entry in tensor.external_data}
                if given:
                    start, count = int(given.get("offset", 0)), int(given["length"])
                    with view[start : start + count] as part:
                        digest = hashlib.sha256(part).hexdigest()
                    parts[digest] = start, count
                    owners.setdefault(digest, []).append(tensor)
            for digest in sorted(owners):
                start, count = parts[digest]
                with view[start : start + count] as part:
                    for piece in (bytes(-ordered.tell() % _PAGE), part):
                        whole.update(piece)
                        ordered.write(piece)
                begin = ordered.tell() - count
                places += [(tensor, begin, count) for tensor in owners[digest]]
        ordered.flush()
        os.fsync(ordered.fileno())
        return whole.hexdigest(), ordered.tell(), places


def _length(shared: Path) -> int:
    """How many bytes a file of weights must have, as its name tells."""
    return int(shared.stem.rpartition("-")[2])


def _make_room(place: Path) -> None:
    entries = sorted(_entries(place), key=lambda entry: entry[1].st_mtime)
    total = sum(state.st_size for _, state in entries)
    for path, state in entries:
        if total <= MOST_BYTES:
            break
        with contextlib.suppress(OSError):
            path.unlink()
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
    """Stands for the code that shapes what is cached."""
    here = Path(__file__).parents[1]
    whole = hashlib.sha256(f"{VERSION} {onnx.__version__}".encode())
    for pattern in _GRAPH_CODE:
        for path in sorted(here.glob(pattern)):
            with contextlib.suppress(OSError):
                whole.update(path.read_bytes())
    return whole.hexdigest()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
