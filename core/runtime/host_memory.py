"""How much memory this process can still get: the least of what several limits leave."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import psutil

from dreamlayer.core.runtime import windows_job
from dreamlayer.core.runtime.cores import usable_cores

try:
    import resource
except ImportError:
    # Windows has no such limits.
    resource = None  # type: ignore[assignment]

_PER_THREAD = 40 << 20
"""Address space that a thread takes on Linux beyond what it uses: its stack, and its part of
malloc's arenas."""


@dataclass(frozen=True)
class _Controller:
    """The files of a kind of control group.

    Attributes
    ----------
    limits : tuple of str
        Those with a number of bytes that is the limit, if it is one.
    used : str
        What the group uses, its cache of files included.
    cached : tuple of str
        Lines of `memory.stat` with what the kernel takes back before it refuses memory.
    """

    limits: tuple[str, ...]
    used: str
    cached: tuple[str, ...]


_VERSION_2 = _Controller(
    ("memory.max", "memory.high"),
    "memory.current",
    ("inactive_file", "active_file", "slab_reclaimable"),
)
_VERSION_1 = _Controller(
    ("memory.limit_in_bytes",),
    "memory.usage_in_bytes",
    ("total_inactive_file", "total_active_file"),
)


def held() -> float:
    """Bytes of memory that this process uses."""
    return float(psutil.Process().memory_info().rss)


def available(proc: Path = Path("/proc/self")) -> float:
    """Bytes that this process can still get without swapping.

    The least of what the machine has, what the process's own limits leave (`ulimit -v`, `-d`), and
    what the limits of its control groups, or of its job on Windows, leave, as containers and
    services have them.

    Parameters
    ----------
    proc : Path
        Where Linux tells of this process.
    """
    left = [float(psutil.virtual_memory().available), *_of_the_process(), *_of_the_groups(proc)]
    return max(min(left), 0.0)


def _of_the_process() -> Iterator[float]:
    memory = psutil.Process().memory_info()
    if (most := windows_job.limit()) is not None:
        yield float(most - memory.private)
    if resource is None or not psutil.LINUX:
        # Other systems do not enforce these limits.
        return
    for limit, used in ((resource.RLIMIT_AS, memory.vms), (resource.RLIMIT_DATA, memory.data)):
        allowed = resource.getrlimit(limit)[0]
        if allowed != resource.RLIM_INFINITY:
            yield float(allowed - used - _PER_THREAD * (1 + usable_cores()))


def _of_the_groups(proc: Path) -> Iterator[float]:
    with contextlib.suppress(OSError, ValueError, IndexError):
        mounts = (proc / "mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        groups = (proc / "cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
        for controller, root, place in _mounts(mounts):
            for group in groups:
                _, names, path = group.split(":", 2)
                if ("memory" in names.split(",")) if controller is _VERSION_1 else not names:
                    yield from _up_the_tree(controller, Path(place), _below(path, root))


def _mounts(lines: list[str]) -> Iterator[tuple[_Controller, str, str]]:
    """The mounted trees of groups: their kind, which group is at their root, and where it is."""
    for line in lines:
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        root, place = before.split(" ")[3:5]
        if kind == "cgroup2":
            yield _VERSION_2, root, place
        elif kind == "cgroup" and "memory" in options.split(","):
            yield _VERSION_1, root, place


def _below(path: str, root: str) -> PurePosixPath:
    """A group's path below the group at the root, which is its own where a container hides it."""
    with contextlib.suppress(ValueError):
        return PurePosixPath(path).relative_to(root)
    return PurePosixPath()


def _up_the_tree(controller: _Controller, root: Path, path: PurePosixPath) -> Iterator[float]:
    """What the limits of a group and of those above it leave."""
    for part in (path, *path.parents):
        folder = root / part
        limits = [one for name in controller.limits if (one := _number(folder / name)) is not None]
        used = _number(folder / controller.used)
        if limits and used is not None:
            yield min(limits) - max(used - _cached(folder, controller.cached), 0.0)


def _number(file: Path) -> float | None:
    """The number in a file; None where there is none, as for `max`."""
    try:
        return float(int(file.read_text(encoding="ascii")))
    except (OSError, ValueError):
        return None


def _cached(folder: Path, names: tuple[str, ...]) -> float:
    with contextlib.suppress(OSError, ValueError):
        lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
        found: Mapping[str, str] = dict(line.split(" ", 1) for line in lines)
        return float(sum(int(found.get(name, 0)) for name in names))
    return 0.0
