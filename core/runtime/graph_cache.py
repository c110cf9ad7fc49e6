"""Disk cache of the graphs that ONNX Runtime optimized, and of their weights.

A graph is written when its session is created, in a folder of its own; it moves into the cache
later, by `fill`, so that no picture waits for it. All files are named after their content, which is
checked before they are first used.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import mmap
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dreamlayer.core.runtime.cache import MAX_BYTES, delete, key, ready, touch, trim
from dreamlayer.core.runtime.staging import Staging

if TYPE_CHECKING:
    import onnx

_MODEL, _WEIGHTS = "model.onnx", "weights"

_PAGE = 4096
"""Weights are aligned to pages, so that they can be mapped into memory."""

_NO_WEIGHTS = "none.weights"
"""Placeholder in the file name of a graph that contains all of its weights."""

_DIGITS = 40
"""Of the digests in file names."""

_MAX_PENDING = 1 << 28
"""Bytes that may wait: each graph has its own copy of the weights until then."""


@dataclass(frozen=True)
class _Pending:
    """A graph that was written, and is not in the cache yet."""

    folder: Staging
    root: Path

    @property
    def staged(self) -> Path:
        """The folder's path."""
        return self.folder.path


_pending: dict[str, _Pending] = {}
_lock, _filling = threading.Lock(), threading.Lock()

_seen: dict[Path, tuple[int, int, int]] = {}
"""Inode, length and time of change of files whose content was checked."""


def lookup(*parts: object) -> Path | None:
    """The file of a cached graph that is intact, as its weights are, or None."""
    root = ready()
    if root is None:
        return None
    name = key(*parts)
    with _lock:
        waiting = _pending.get(name)
    if waiting is not None and waiting.root == root and (waiting.staged / _MODEL).is_file():
        return waiting.staged / _MODEL
    path = min(root.glob(f"{name}.*.onnx"), default=None)
    if path is None:
        return None
    weights = _weights_of(path)
    # What is gone, another process is replacing.
    if not _checked(path) or not (weights.name == _NO_WEIGHTS or _checked(weights)):
        return None
    return path


def evict(path: Path) -> None:
    """Delete a graph that does not load, and its weights, which may be the cause."""
    with _lock:
        named = [name for name, waiting in _pending.items() if waiting.staged == path.parent]
        dropped = [_pending.pop(name) for name in named]
    for waiting in dropped:
        waiting.folder.remove()
    if path.name != _MODEL:
        for file in (path, _weights_of(path)):
            delete(file)


@contextlib.contextmanager
def store(*parts: object) -> Iterator[Path | None]:
    """Yield a folder; a `model.onnx` written there is cached, with its weights in `weights`.

    Yields None where nothing can be cached. `fill` moves it into the cache. Weights are named after
    their content: the graphs of one network for many sizes share them.
    """
    root, staged = ready(), None
    if root is not None:
        with contextlib.suppress(OSError):
            staged = Staging(root)
    if root is None or staged is None:
        yield None
        return
    try:
        yield staged.path
    except BaseException:
        staged.remove()
        raise
    if not (staged.path / _MODEL).is_file():
        staged.remove()
        return
    name = key(*parts)
    with _lock:
        # Another thread may have made the same.
        former = _pending.pop(name, None)
        _pending[name] = _Pending(staged, root)
        waiting = list(_pending.values())
    if former is not None:
        former.folder.remove()
    if sum(_length(one.staged) for one in waiting) > _MAX_PENDING:
        fill()


def discard(staged: Path) -> None:
    """Empty a folder that `store` yielded, so that nothing is cached."""
    with contextlib.suppress(OSError):
        for path in staged.iterdir():
            delete(path)


@atexit.register
def fill() -> None:
    """Move the graphs that were written into the cache, for other processes and later ones."""
    # Who ends the process must wait for what another thread is moving.
    with _filling:
        with _lock:
            moving = dict(_pending)
            _pending.clear()
        if not moving:
            return
        from google.protobuf.message import DecodeError

        for name, waiting in moving.items():
            # If the disk is full or the folder was removed meanwhile, nothing is cached.
            with contextlib.suppress(OSError, DecodeError):
                _install(waiting.staged, waiting.root, name)
            waiting.folder.remove()
        for root in {waiting.root for waiting in moving.values()}:
            trim(root)


def _weights_of(path: Path) -> Path:
    """The weights file that a graph's file name refers to."""
    return path.with_name(f"{path.name.split('.')[1]}.weights")


def _checked(path: Path) -> bool:
    """Whether a file's content is what its name says; marks it as used, or deletes it.

    Each is read once by a process, until something changes it.
    """
    try:
        if _seen.get(path) != _state(path):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if not path.stem.endswith(digest[:_DIGITS]):
                delete(path)
                return False
        touch(path)
        _seen[path] = _state(path)
    except OSError:
        return False
    return True


def _state(path: Path) -> tuple[int, int, int]:
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns


def _length(staged: Path) -> int:
    """Bytes of a staging folder's files."""
    with contextlib.suppress(OSError):
        return sum(path.stat().st_size for path in staged.iterdir())
    return 0


def _install(staged: Path, root: Path, name: str) -> None:
    """Move a staged graph, and its weights if no other graph has the same, into the cache."""
    import onnx

    model, weights = staged / _MODEL, staged / _WEIGHTS
    shared = root / _NO_WEIGHTS
    if weights.is_file() and weights.stat().st_size:
        graph = onnx.load(model, load_external_data=False)
        ordered = staged / "ordered"
        digest, length, locations = _write_in_order(graph, weights, ordered)
        if length > MAX_BYTES:
            return
        shared = root / f"{digest[:_DIGITS]}.weights"
        for tensor, start, count in locations:
            del tensor.external_data[:]
            given = {"location": shared.name, "offset": str(start), "length": str(count)}
            for entry, value in given.items():
                tensor.external_data.add(key=entry, value=value)
        if not _checked(shared):
            ordered.replace(shared)
        model.write_bytes(graph.SerializeToString())
    content = hashlib.sha256(model.read_bytes()).hexdigest()[:_DIGITS]
    model.replace(root / f"{name}.{shared.stem}.{content}.onnx")
    # ONNX Runtime writes equal graphs in several orders: of those of several processes the first
    # by name stays, whoever comes last.
    for other in sorted(root.glob(f"{name}.*.onnx"))[1:]:
        delete(other)


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
                        if len(part) < count:
                            raise OSError(f"{source} is truncated")
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
