"""Disk cache of optimized graphs and of values computed from networks.

The key of an entry covers everything that it depends on, so no entry is ever stale, and any may be
deleted at any time. Entries are written atomically, so processes can share a folder.
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
MAX_BYTES = 1 << 30
"""Above this size, the least recently used entries are deleted."""

_GRAPH_CODE = (
    "graph/*.py",
    "autodiff/**/*.py",
    "network/gradient_model.py",
    "network/objective.py",
    "recipe/kinds.py",
    "runtime/cache.py",
    "runtime/loading.py",
    "runtime/openvino_session.py",
    "runtime/providers.py",
    "runtime/sessions.py",
    "style/tile_loss.py",
)
"""The files of `core` that determine what is cached; the key covers their content."""

_PAGE = 4096
"""Weights are aligned to pages, so that they can be mapped into memory."""

_NO_WEIGHTS = "none.weights"
"""Placeholder in the file name of a graph that contains all of its weights."""

_STAGING = "staging-"
_STALE_SECONDS = 24 * 3600.0


def folder() -> Path | None:
    """The cache folder: `DREAMLAYER_CACHE`, else one in the user's cache; None if it is `off`."""
    named = os.environ.get(VARIABLE, "")
    if named.lower() == OFF:
        return None
    return Path(named) if named else user_cache_path("dreamlayer", appauthor=False) / "graphs"


def key(*parts: object) -> str:
    """A file name derived from what an entry depends on and from this program's own code."""
    return hashlib.sha256(json.dumps([_code(), *map(str, parts)]).encode()).hexdigest()[:40]


def memoize(compute: Callable[[], Any], *parts: object) -> Any:
    """Return `compute()`, a JSON value, from the cache where `parts` were seen before."""
    root = _ready()
    if root is None:
        return compute()
    path = root / f"{key(*parts)}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        value = json.loads(path.read_text(encoding="utf-8"))["value"]
        _touch(path)
        return value
    value = compute()
    with contextlib.suppress(OSError), _staging(root) as staged:
        fresh = staged / "value"
        fresh.write_text(json.dumps({"value": value}), encoding="utf-8")
        fresh.replace(path)
    return value


def lookup(*parts: object) -> Path | None:
    """The file of a cached graph whose weights are intact, or None."""
    root = _ready()
    path = None if root is None else next(root.glob(f"{key(*parts)}.*.onnx"), None)
    if path is None:
        return None
    weights = _weights_of(path)
    try:
        intact = weights.name == _NO_WEIGHTS or weights.stat().st_size == _length(weights)
    except (OSError, ValueError):
        intact = False
    if not intact:
        evict(path)
        return None
    _touch(path)
    _touch(weights)
    return path


def evict(path: Path) -> None:
    """Delete a graph that does not load, and its weights, which may be the cause."""
    for file in (path, _weights_of(path)):
        _delete(file)


def load_blob(*parts: object) -> bytes | None:
    """The content that `store_blob` stored, where it is intact, or None."""
    root = _ready()
    if root is None:
        return None
    path = root / f"{key(*parts)}.blob"
    with contextlib.suppress(OSError), path.open("rb") as file:
        digest, content = file.read(hashlib.sha256().digest_size), file.read()
        if hashlib.sha256(content).digest() == digest:
            _touch(path)
            return content
    _delete(path)
    return None


def store_blob(content: bytes, *parts: object) -> None:
    """Cache bytes whose damage their reader would not notice, behind their digest."""
    root = _ready()
    if root is None or len(content) > MAX_BYTES:
        return
    with contextlib.suppress(OSError), _staging(root) as staged:
        fresh = staged / "blob"
        with fresh.open("wb") as file:
            file.write(hashlib.sha256(content).digest())
            file.write(content)
        fresh.replace(root / f"{key(*parts)}.blob")
        _trim(root)


@contextlib.contextmanager
def store(*parts: object) -> Iterator[Path | None]:
    """Yield a folder; a `model.onnx` written there is cached, with its weights in `weights`.

    Yields None where nothing can be cached. Weights are named after their content: the graphs of
    one network for many sizes share them.
    """
    root = _ready()
    if root is None:
        yield None
        return
    with contextlib.ExitStack() as stack:
        try:
            staged = stack.enter_context(_staging(root))
        except OSError:
            yield None
            return
        yield staged
        # If the disk is full or the folder was removed meanwhile, nothing is cached.
        with contextlib.suppress(OSError, DecodeError):
            _install(staged, root, key(*parts))
            _trim(root)


def discard(staged: Path) -> None:
    """Empty a folder that `store` yielded, so that nothing is cached."""
    for path in staged.iterdir():
        _delete(path)


def machine() -> str:
    """The processor and its features, which the layout of optimized graphs depends on."""
    flags = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return " ".join([platform.machine(), platform.processor(), flags])


def size() -> int:
    """Bytes that the cache holds."""
    root = folder()
    return sum(state.st_size for _, state in _entries(root)) if root is not None else 0


def _touch(path: Path) -> None:
    """Mark an entry as used."""
    with contextlib.suppress(OSError):
        os.utime(path)


def _delete(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _weights_of(path: Path) -> Path:
    """The weights file that a graph's file name refers to."""
    return path.with_name(f"{path.name.split('.')[1]}.weights")


def _ready() -> Path | None:
    """The cache folder, created if needed; None where there is none."""
    root = folder()
    try:
        if root is not None:
            root.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return root


@contextlib.contextmanager
def _staging(root: Path) -> Iterator[Path]:
    """A temporary folder on the same disk."""
    staged = Path(tempfile.mkdtemp(prefix=_STAGING, dir=root))
    try:
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _install(staged: Path, root: Path, name: str) -> None:
    """Move a staged graph, and its weights if no other graph has the same, into the cache."""
    model, weights = staged / "model.onnx", staged / "weights"
    if not model.is_file():
        return
    shared = root / _NO_WEIGHTS
    if weights.is_file():
        graph = onnx.load(model, load_external_data=False)
        ordered = staged / "ordered"
        digest, length, locations = _write_in_order(graph, weights, ordered)
        if length > MAX_BYTES:
            return
        shared = root / f"{digest[:40]}-{length}.weights"
        for tensor, start, count in locations:
            del tensor.external_data[:]
            given = {"location": shared.name, "offset": str(start), "length": str(count)}
            for entry, value in given.items():
                tensor.external_data.add(key=entry, value=value)
        if not (shared.is_file() and shared.stat().st_size == length):
            ordered.replace(shared)
        _touch(shared)
        model.write_bytes(graph.SerializeToString())
    model.replace(root / f"{name}.{shared.stem}.onnx")


def _write_in_order(
    graph: onnx.ModelProto, source: Path, target: Path
) -> tuple[str, int, list[tuple[onnx.TensorProto, int, int]]]:
    """Write weights in an order that depends on their content only, equal ones once.

    ONNX Runtime writes them in the order of names, which differ from size to size. They are mapped,
    not read: they may exceed free memory.

    Returns
    -------
    (str, int, list)
        The content's digest, its length in bytes, and for each tensor its offset and length.
    """
    owners: dict[str, list[onnx.TensorProto]] = {}
    parts: dict[str, tuple[int, int]] = {}
    locations = []
    content = hashlib.sha256()
    with source.open("rb") as file, target.open("wb") as ordered:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        with mapped, memoryview(mapped) as view:
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
                        content.update(piece)
                        ordered.write(piece)
                begin = ordered.tell() - count
                locations += [(tensor, begin, count) for tensor in owners[digest]]
        ordered.flush()
        os.fsync(ordered.fileno())
        return content.hexdigest(), ordered.tell(), locations


def _length(weights: Path) -> int:
    """The length in bytes that a weights file's name states."""
    return int(weights.stem.rpartition("-")[2])


def _trim(root: Path) -> None:
    """Delete the least recently used entries above `MAX_BYTES`, and what killed processes left."""
    entries = sorted(_entries(root), key=lambda entry: entry[1].st_mtime)
    total = sum(state.st_size for _, state in entries)
    for path, state in entries:
        if total <= MAX_BYTES:
            break
        with contextlib.suppress(OSError):
            path.unlink()
            total -= state.st_size
    for left in root.glob(f"{_STAGING}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _entries(root: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    for pattern in ("*.onnx", "*.weights", "*.json", "*.blob"):
        for path in root.glob(pattern):
            with contextlib.suppress(OSError):
                found.append((path, path.stat()))
    return found


@functools.cache
def _code() -> str:
    """Digest of the code that determines what is cached."""
    core = Path(__file__).parents[1]
    digest = hashlib.sha256(f"{VERSION} {onnx.__version__}".encode())
    for pattern in _GRAPH_CODE:
        for path in sorted(core.glob(pattern)):
            with contextlib.suppress(OSError):
                digest.update(path.read_bytes())
    return digest.hexdigest()
