"""What dreamlayer keeps on the machine beside the plug-in: caches, which can be removed without
loss, and the user's own presets and networks, which are never touched.

Only files that are named as the cache names its own are removed: the folder may be one that the
user has other things in, or a link to one.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dreamlayer.plugin.machine import Machine

_APPLICATION = "dreamlayer"
_CACHES = ("graphs", "kept")
"""The folder of today, and that of version 0.1."""

_CACHED = re.compile(r"(file-[0-9a-f]{64}|[0-9a-f]{40}(\.[0-9a-z]+){0,2})\.(onnx|weights|blob)")
_STAGING = re.compile(r"staging-[0-9a-f]{8}-[0-9a-f]{16}")
_STAGING_OF_0_1 = re.compile(r"making-[0-9a-z_]{8}")
_STAGED = {"model.onnx", "weights", "blob", "in-use"}

_PRESETS, _NETWORKS = (".toml", ".json"), (".onnx",)
_MOST_NAMES = 5


@dataclass(frozen=True)
class Leftover:
    """A folder that is left.

    Attributes
    ----------
    what : str
        What is in it, for people.
    path : Path
        The folder.
    files : int
        How many files of ours, or of the user's, it holds.
    bytes : int
        Their size.
    cache : bool
        Whether it may be removed.
    removed : bool
        Whether it was.
    failed : str
        Why not all of it could be removed, if so.
    """

    what: str
    path: Path
    files: int
    bytes: int
    cache: bool = False
    removed: bool = False
    failed: str = ""

    @property
    def line(self) -> str:
        """For the terminal."""
        size = f"{self.what} ({self.files} {'file' if self.files == 1 else 'files'}, "
        size += f"{megabytes(self.bytes)})"
        if self.failed:
            return f"not removed: {size} in {self.path}: {self.failed}"
        return (
            f"removed: {size} from {self.path}" if self.removed else f"left: {size} in {self.path}"
        )

    @property
    def described(self) -> dict[str, object]:
        """For another program."""
        return {
            "what": self.what,
            "path": str(self.path),
            "files": self.files,
            "bytes": self.bytes,
            "cache": self.cache,
            "removed": self.removed,
            "failed": self.failed or None,
        }


def caches(machine: Machine) -> list[Leftover]:
    """The caches that hold anything."""
    return [one for folder in _cache_folders(machine) if (one := _cache(folder)).files]


def remove_cache(machine: Machine, cache: Leftover) -> Leftover:
    """Remove the cache's files from its folder, and the folder if nothing else is in it."""
    failed = ""
    for path in _cached(cache.path):
        try:
            _remove(path)
        except FileNotFoundError:
            # A worker that still runs keeps the cache small itself.
            continue
        except OSError as error:
            failed = failed or f"{error.strerror or error} ({path.name})"
    own = machine.own_folder("cache", _APPLICATION)
    # A folder that the user made or linked stays, as does one that holds anything else.
    for folder in [cache.path, *cache.path.parents]:
        if own not in (folder, *folder.parents) or folder.is_symlink():
            break
        with contextlib.suppress(OSError):
            folder.rmdir()
    return Leftover(
        cache.what, cache.path, cache.files, cache.bytes, True, removed=not failed, failed=failed
    )


def own_things(
    machine: Machine, remembered: Iterable[tuple[str, Mapping[Path, list[Path]]]] = ()
) -> list[Leftover]:
    """The user's own presets and networks, and what editors remember of the filters' dialogs.

    Parameters
    ----------
    machine : Machine
        The machine.
    remembered : iterable of (str, mapping)
        The names of editors, each with the files, by folder, in which it remembers anything.
    """
    found = []
    for what, variable, kind, endings in (
        ("presets of your own", "DREAMLAYER_PRESETS", "config", _PRESETS),
        ("networks that you added", "", "data", _NETWORKS),
    ):
        inner = "presets" if kind == "config" else "networks"
        folder = _named(machine, variable) or machine.own_folder(kind, _APPLICATION) / inner
        files = [path for path in _files(folder) if path.suffix.lower() in endings]
        found.append(_leftover(f"{what}: {_names(files)}", folder, files))
    for editor, folders in remembered:
        found += [
            _leftover(f"settings last used in {editor}", folder, files)
            for folder, files in folders.items()
        ]
    return [one for one in found if one.files]


def megabytes(size: int) -> str:
    """A size for people.

    Examples
    --------
    >>> megabytes(900), megabytes(45_210_000)
    ('1 kB', '45.2 MB')
    """
    if size < 1_000_000:
        return f"{max(round(size / 1000), 1)} kB"
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB"


def _cache_folders(machine: Machine) -> Iterator[Path]:
    """Where the core keeps what it caches (see `core/runtime/cache.py`), this and former ones."""
    folders = [machine.own_folder("cache", _APPLICATION) / name for name in _CACHES]
    named = _named(machine, "DREAMLAYER_CACHE")
    if named is not None and str(named).lower() != "off":
        folders.insert(0, named)
    for folder in dict.fromkeys(folders):
        yield folder
        if hasattr(os, "geteuid"):
            # Within one that others can write to, each user has one of their own.
            yield folder / f"user-{os.geteuid()}"


def _named(machine: Machine, variable: str) -> Path | None:
    """The folder that a variable names, where it is set; as in the core, ~ is the home."""
    named = machine.environment.get(variable, "")
    home = str(machine.home)
    return Path(re.sub(r"^~(?=[/\\]|$)", lambda _: home, named)) if named else None


def _cache(folder: Path) -> Leftover:
    files = []
    for path in _cached(folder):
        files += list(_files(path)) if path.is_dir() else [path]
    name = "graphs optimized for this machine, which are made again when they are missing"
    return _leftover(name, folder, files, cache=True)


def _cached(folder: Path) -> list[Path]:
    """What the cache wrote into a folder: files by their names, and folders of nothing else."""
    found = []
    for path in _children(folder):
        if path.is_symlink():
            continue
        if (path.is_file() and _CACHED.fullmatch(path.name)) or (
            path.is_dir() and _is_staging(path)
        ):
            found.append(path)
    return found


def _is_staging(folder: Path) -> bool:
    """Whether the cache made a folder: by its name, and since nothing else is in it."""
    inner = _children(folder)
    if any(path.name not in _STAGED or path not in _files(folder) for path in inner):
        return False
    # Words have eight letters too, so that an empty folder may be the user's.
    of_0_1 = bool(inner) and _STAGING_OF_0_1.fullmatch(folder.name)
    return bool(of_0_1 or _STAGING.fullmatch(folder.name))


def _remove(path: Path) -> None:
    """Remove a file, or a folder of files; what else came into the folder meanwhile stays."""
    if not path.is_dir():
        path.unlink()
        return
    for file in _files(path):
        if file.name in _STAGED:
            file.unlink(missing_ok=True)
    path.rmdir()


def _files(folder: Path) -> list[Path]:
    """The files in a folder, without links."""
    return [path for path in _children(folder) if path.is_file() and not path.is_symlink()]


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _leftover(what: str, folder: Path, files: list[Path], *, cache: bool = False) -> Leftover:
    size = 0
    for path in files:
        with contextlib.suppress(OSError):
            size += path.lstat().st_size
    return Leftover(what, folder, len(files), size, cache)


def _names(files: list[Path]) -> str:
    """The first few names, and how many more there are."""
    names = [path.stem for path in files]
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
