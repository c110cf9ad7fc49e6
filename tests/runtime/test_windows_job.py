"""Limits of Windows' job objects, by a stand-in for Windows."""

from __future__ import annotations

import ctypes

import pytest

from dreamlayer.core.runtime.windows_job import ExtendedLimits, limit


def test_structure_is_windows_own() -> None:
    """Its length and the places of its fields on 64 bits, as in winnt.h."""
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        pytest.skip("a system of 32 bits")
    assert ctypes.sizeof(ExtendedLimits) == 144
    fields = ExtendedLimits
    assert (fields.flags.offset, fields.process_memory.offset, fields.job_memory.offset) == (
        16,
        112,
        120,
    )


@pytest.mark.parametrize(
    ("flags", "wanted"),
    [(0, None), (0x2000, None), (0x100, 700), (0x200, 500), (0x300, 500), (0x2100, 700)],
)
def test_limits_that_are_set(flags: int, wanted: int | None) -> None:
    """Only those whose flag says so."""

    def query(limits: ExtendedLimits) -> bool:
        limits.flags, limits.process_memory, limits.job_memory = flags, 700, 500
        return True

    assert limit(query) == wanted


def test_without_a_job() -> None:
    """Or where Windows does not tell."""

    def refused(_limits: ExtendedLimits) -> bool:
        raise OSError("not here")

    assert limit(lambda _: False) is None
    assert limit(refused) is None
