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
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from platformdirs import user_cache_path

from dreamlayer.core.version import VERSION

VARIABLE, OFF = "DREAMLAYER_CACHE", "off"
MAX_BYTES = 1 << 30
"""Above this size, the least recently used entries are deleted."""

_GRAPH_CODE = (
    "graph/*.py",
    "autodiff/**/*.py",
    "network/files.py",
    "network/gradient_model.py",
    "network/inputs.py",
    "network/lazy_model.py",
    "network/network.py",
    "network/objective.py",
    "recipe/kinds.py",
    "runtime/cache.py",
    "runtime/graph_cache.py",
    "runtime/loading.py",
    "runtime/openvino_session.py",
    "runtime/providers.py",
    "runtime/sessions.py",
    "style/tile_loss.py",
)
"""The files of `core` that determine what is cached; the key covers their content."""

_FILE = "file-"
_DIGEST = re.compile("[0-9a-f]{64}")

_OTHERS_WRITE = 0o022

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
    stored = load_blob("value", *parts)
    if stored is not None:
        return json.loads(stored)
    value = compute()
    store_blob(json.dumps(value).encode(), "value", *parts)
    return value


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


def store_blob(content: bytes, *parts: object) -> None:
    """Cache bytes whose damage their reader would not notice, behind their digest."""
    root = ready()
    if root is None or len(content) > MAX_BYTES:
        return
    with contextlib.suppress(OSError):
        staged = new_staging(root)
        try:
            fresh = staged / "blob"
            with fresh.open("wb") as file:
                file.write(hashlib.sha256(content).digest())
                file.write(content)
            fresh.replace(root / f"{key(*parts)}.blob")
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        trim(root)


def remember_file(digest: str, path: str) -> None:
    """Remember where a file with a SHA-256 (hexadecimal) lies on this machine."""
    root = ready()
    if root is None or "\n" in path:
        return
    with contextlib.suppress(OSError, UnicodeEncodeError):
        content = path.encode()
        name = root / f"{_FILE}{digest}.blob"
        if not name.is_file() or name.read_bytes() != content:
            staged = new_staging(root)
            try:
                (staged / "file").write_bytes(content)
                (staged / "file").replace(name)
            finally:
                shutil.rmtree(staged, ignore_errors=True)


def remembered_file(digest: str) -> Path | None:
    """Where a file was that `remember_file` was told of; it may have changed, or be gone."""
    root = ready()
    if root is None or not _DIGEST.fullmatch(digest):
        return None
    with contextlib.suppress(OSError, ValueError):
        return Path((root / f"{_FILE}{digest}.blob").read_text(encoding="utf-8"))
    return None


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
    return None if reason else own


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
        return root, f"it cannot be created: {error.strerror}"


def _is_own(root: Path) -> bool:
    """Whether a folder belongs to this user, and others cannot write there."""
    state = root.stat()
    return state.st_uid == os.geteuid() and not state.st_mode & _OTHERS_WRITE


def new_staging(root: Path) -> Path:
    """A new temporary folder on the same disk; what killed processes left is removed by `trim`."""
    return Path(tempfile.mkdtemp(prefix=f"{_STAGING}{os.getpid()}-", dir=root))


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
    for left in root.glob(f"{_STAGING}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_SECONDS or _is_abandoned(left):
                shutil.rmtree(left, ignore_errors=True)


def _is_abandoned(staged: Path) -> bool:
    """Whether the process that made a staging folder has ended."""
    number = staged.name.removeprefix(_STAGING).partition("-")[0]
    return number.isdigit() and not psutil.pid_exists(int(number))


def _entries(root: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    for pattern in ("*.onnx", "*.weights", "*.blob", f"{_STAGING}*/*"):
        for path in root.glob(pattern):
            with contextlib.suppress(OSError):
                found.append((path, path.stat()))
    return found


@functools.cache
def _code() -> str:
    """Digest of the code that determines what is cached."""
    core = Path(__file__).parents[1]
    digest = hashlib.sha256(f"{VERSION} {_onnx_version()}".encode())
    for pattern in _GRAPH_CODE:
        for path in sorted(core.glob(pattern)):
            with contextlib.suppress(OSError):
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _onnx_version() -> str:
    """The version of the installed onnx, by the name of what pip notes of it: importing takes long.

    Reading its metadata would import the parser of electronic mail.
    """
    spec = importlib.util.find_spec("onnx")
    if spec is not None and spec.origin:
        beside = Path(spec.origin).parents[1]
        noted = sorted(path.stem for path in beside.glob("onnx-*.dist-info"))
        if noted:
            return " ".join(noted)
    import onnx

    return str(onnx.__version__)
