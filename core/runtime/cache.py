"""Disk cache: its folder, its limit, and values that are computed from networks.

The key of an entry covers everything that it depends on, so no entry is ever stale, and any may be
deleted at any time. Entries are written atomically, so processes can share a folder.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import platform
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from platformdirs import user_cache_path

from dreamlayer.core.runtime import staging
from dreamlayer.core.version import VERSION

VARIABLE, OFF = "DREAMLAYER_CACHE", "off"
MAX_BYTES = 1 << 30
"""Above this size, the least recently used entries are deleted."""

_GRAPH_CODE = (
    "graph/**/*.py",
    "autodiff/**/*.py",
    "network/contract.py",
    "network/files.py",
    "network/gradient_model.py",
    "network/image_size.py",
    "network/inputs.py",
    "network/layers.py",
    "network/lazy_model.py",
    "network/limits/*.py",
    "network/network.py",
    "network/objective.py",
    "network/trials.py",
    "recipe/kinds.py",
    "runtime/cache.py",
    "runtime/graph_cache.py",
    "runtime/loading.py",
    "runtime/onnx_session.py",
    "runtime/openvino_session.py",
    "runtime/providers.py",
    "runtime/sessions.py",
    "style/tile_loss.py",
)
"""The files of `core` that determine what is cached; the key covers their content."""

_HAS_VARIANTS = "onnxruntime"

_FILE = "file-"
_DIGEST = re.compile("[0-9a-f]{64}")

_OTHERS_WRITE = 0o022

Value = TypeVar("Value")

_swept: set[Path] = set()
"""Folders in which this process has removed what killed ones left."""

_sweeping = threading.Lock()


def folder() -> Path | None:
    """The cache folder: `DREAMLAYER_CACHE`, else one in the user's cache; None if it is `off`.

    None too where the system names no folder of the user's, as without a home.
    """
    named = os.environ.get(VARIABLE, "")
    if named.lower() == OFF:
        return None
    if named:
        return Path(os.path.expanduser(named))  # noqa: PTH111  (it may have no home, which raises)
    found = user_cache_path("dreamlayer", appauthor=False) / "graphs"
    return found if found.is_absolute() else None


def key(*parts: object) -> str:
    """A file name derived from what an entry depends on and from this program's own code."""
    return hashlib.sha256(json.dumps([_code(), *map(str, parts)]).encode()).hexdigest()[:40]


def memoize(compute: Callable[[], Any], *parts: object, read: Callable[[Any], Value]) -> Value:
    """Return `read(compute())` from the cache where `parts` were seen before.

    Parameters
    ----------
    compute : callable
        Computes a JSON value.
    parts : objects
        What it depends on.
    read : callable
        Turns the value into what is wanted. It raises `ValueError` or `TypeError` where that cannot
        be; a cached value that another program put there is then computed again.
    """
    stored = load_blob("value", *parts)
    if stored is not None:
        with contextlib.suppress(
            ValueError, TypeError, LookupError, AttributeError, RecursionError
        ):
            return read(json.loads(stored))
    value = json.dumps(compute()).encode()
    store_blob(value, "value", *parts)
    return read(json.loads(value))


def load_blob(*parts: object) -> bytes | None:
    """The content that `store_blob` stored, where it is intact, or None."""
    root = ready()
    if root is None:
        return None
    path = root / f"{key(*parts)}.blob"
    with contextlib.suppress(OSError), path.open("rb") as file:
        digest, content = file.read(hashlib.sha256().digest_size), file.read()
        if hashlib.sha256(content).digest() == digest:
            touch(path)
            return content
    delete(path)
    return None


def delete_blob(*parts: object) -> None:
    """Delete what `store_blob` stored."""
    if (root := ready()) is not None:
        delete(root / f"{key(*parts)}.blob")


def store_blob(content: bytes, *parts: object) -> None:
    """Cache bytes whose damage their reader would not notice, behind their digest."""
    root = ready()
    if root is not None and len(content) <= MAX_BYTES:
        _put(root / f"{key(*parts)}.blob", hashlib.sha256(content).digest(), content)
        trim(root)


def remember_file(digest: str, path: str) -> None:
    """Remember where a file with a SHA-256 (hexadecimal) lies on this machine."""
    root = ready()
    if root is None or remembered_file(digest) == Path(path):
        return
    # What no text can hold is not remembered.
    with contextlib.suppress(UnicodeEncodeError):
        _put(root / f"{_FILE}{digest}.blob", path.encode())


def remembered_file(digest: str) -> Path | None:
    """Where a file was that `remember_file` was told of; it may have changed, or be gone."""
    root = ready()
    if root is None or not _DIGEST.fullmatch(digest):
        return None
    with contextlib.suppress(OSError, ValueError):
        return Path((root / f"{_FILE}{digest}.blob").read_text(encoding="utf-8"))
    return None


def _put(target: Path, *parts: bytes) -> None:
    """Write a file of the cache atomically; where the system refuses, nothing is cached."""
    with contextlib.suppress(OSError):
        staged = staging.Staging(target.parent)
        try:
            fresh = staged.path / "blob"
            with fresh.open("wb") as file:
                file.writelines(parts)
            fresh.replace(target)
        finally:
            staged.remove()


def machine() -> str:
    """The processor and its features, which the layout of optimized graphs depends on."""
    flags = ""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return " ".join([platform.machine(), platform.processor(), flags])


def size() -> int:
    """Bytes that the cache holds."""
    root = ready()
    return sum(state.st_size for _, state in _entries(root)) if root is not None else 0


def touch(path: Path) -> None:
    """Mark an entry as used."""
    with contextlib.suppress(OSError):
        os.utime(path)


def delete(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def ready() -> Path | None:
    """The folder of the cache's files, created if needed; None where there is none."""
    root = folder()
    if root is None:
        return None
    own, reason = own_folder(root)
    if reason:
        return None
    with _sweeping:
        fresh = own not in _swept
        _swept.add(own)
    if fresh:
        staging.remove_abandoned(own)
    return own


def own_folder(root: Path) -> tuple[Path, str]:
    """The folder to use for a cache folder, created if needed, and why it cannot be used.

    Whoever can write there decides what networks compute. Where others can, as in a folder that
    colleagues share, it is a folder of the user's own within; their permissions stay.

    Returns
    -------
    (Path, str)
        The reason is a clause, empty where the folder can be used.
    """
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name != "posix" or _is_own(root):
            return root, ""
        inner = root / f"user-{os.geteuid()}"
        inner.mkdir(mode=0o700, exist_ok=True)
        return inner, "" if _is_own(inner) else "others can write there"
    except OSError as error:
        return root, f"it cannot be created: {error.strerror or error}"


def _is_own(root: Path) -> bool:
    """Whether a folder belongs to this user, and others cannot write there."""
    state = root.stat()
    return state.st_uid == os.geteuid() and not state.st_mode & _OTHERS_WRITE


def trim(root: Path) -> None:
    """Delete the least recently used entries above `MAX_BYTES`, and what killed processes left."""
    entries = sorted(_entries(root), key=lambda entry: entry[1].st_mtime)
    total = sum(state.st_size for _, state in entries)
    for path, state in entries:
        if total <= MAX_BYTES:
            break
        if path.parent != root:
            # A process is about to use it.
            continue
        with contextlib.suppress(OSError):
            path.unlink()
            total -= state.st_size
    staging.remove_abandoned(root)


def _entries(root: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    for pattern in ("*.onnx", "*.weights", "*.blob", f"{staging.PREFIX}*/*"):
        # Another process may delete a folder while it is listed.
        with contextlib.suppress(OSError):
            for path in root.glob(pattern):
                with contextlib.suppress(OSError):
                    found.append((path, path.stat()))
    return found


@functools.cache
def _code() -> str:
    """Digest of the code that determines what is cached."""
    told = f"{VERSION} {_onnx_version()} {digest_of_code(*_GRAPH_CODE)}"
    return hashlib.sha256(told.encode()).hexdigest()


@functools.cache
def digest_of_code(*patterns: str) -> str:
    """Digest of files of `core`, given by patterns such as ``isolation/*.py``."""
    core = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(core.glob(pattern)):
            with contextlib.suppress(OSError):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _onnx_version() -> str:
    """The version of the installed onnx, by the name of what pip notes of it: importing takes long.

    Reading its metadata would import the parser of electronic mail.
    """
    noted = noted_versions("onnx")
    if noted:
        return noted
    import onnx

    return str(onnx.__version__)


def noted_versions(package: str) -> str:
    """What pip notes beside an installed package of it and its variants; empty where it does not.

    Those of ``onnxruntime`` are ``onnxruntime_gpu`` and others. What begins with another package's
    name is another package, such as ``onnx_ir``.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.origin:
        return ""
    beside = Path(spec.origin).parents[1]
    variants = [f"{package}_*.dist-info"] if package == _HAS_VARIANTS else []
    patterns = [f"{package}-*.dist-info", *variants]
    return " ".join(sorted(path.stem for one in patterns for path in beside.glob(one)))
