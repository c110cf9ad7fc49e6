"""Whether work fits into the memory that is free, and the error where it does not."""

from __future__ import annotations

from dreamlayer.core.errors import MemoryLimitError
from dreamlayer.core.runtime.host_memory import available, held

SHARE_OF_FREE = 0.9
"""The fraction of free memory that a dream may use."""


def usable() -> float:
    """Bytes that this process may use, including those it already has."""
    return available() + held()


def fits(needed: float, free: float) -> bool:
    """Whether an estimate in bytes fits into free memory with a margin."""
    return needed <= free * SHARE_OF_FREE


def shortage(
    what: str, needed: float, free: float, remedy: str, where: str = "memory"
) -> MemoryLimitError:
    """The error for work that needs more bytes than are free, with the remedy."""
    rest = ", and a tenth of that is left to others" if needed <= free else ""
    return MemoryLimitError(
        f"{what} needs about {in_units(needed)} of {where}, but only {in_units(free)} are free"
        f"{rest}; {remedy}, or close other programs"
    )


def in_units(count: float) -> str:
    """A number of bytes as text, in MiB or GiB."""
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
