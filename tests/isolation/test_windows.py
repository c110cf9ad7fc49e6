"""Windows' job objects, by a stand-in that notes what it is asked."""

from __future__ import annotations

import sys
from typing import Any

from dreamlayer.core.isolation import windows
from dreamlayer.core.isolation.budget import Budget

BUDGET = Budget(processor=10, standstill=20, memory=1 << 30)


class _Kernel:
    """Notes calls; each handle is a number of its own."""

    def __init__(self, job: int = 7) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self._job = job

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            self.calls.append((name, arguments))
            return self._job if name == "CreateJobObjectW" else 9

        return call

    def limits(self) -> Any:
        given = next(args for name, args in self.calls if name == "SetInformationJobObject")
        return given[2]._obj


def test_a_process_is_put_into_a_job_with_limits() -> None:
    """It ends with the job, after its time, and at its memory."""
    kernel = _Kernel()
    held = windows.contain(123, BUDGET, kernel)
    limits = kernel.limits()
    assert limits.flags == 0x2 | 0x100 | 0x2000
    assert limits.process_time == 12 * 10**7
    assert limits.process_memory == (1 << 30) + (1 << 29)
    assert ("AssignProcessToJobObject", (7, 9)) in kernel.calls
    assert kernel.calls[-1] == ("CloseHandle", (9,))
    windows.release(held)
    assert kernel.calls[-1] == ("CloseHandle", (7,))


def test_without_a_job_there_is_none() -> None:
    """Windows may refuse one; other systems have none."""
    assert windows.contain(123, BUDGET, _Kernel(job=0)) is None
    windows.release(None)
    if sys.platform != "win32":
        assert windows.contain(123, BUDGET) is None
