"""Work in a process of its own: its answer, its limits, its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import isolated_work as work
import psutil
import pytest
from command_line import ROOT

from dreamlayer.core.errors import CancelledError, LayerError
from dreamlayer.core.isolation.budget import Budget, StoppedError
from dreamlayer.core.isolation.cancellation import cancellable
from dreamlayer.core.isolation.meter import Meter
from dreamlayer.core.isolation.process import UnexpectedError, run

AMPLE = Budget(processor=60, standstill=60, memory=1 << 30)
PATIENCE = 60

posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")


@pytest.fixture(autouse=True)
def nothing_is_left() -> object:
    """No process, not even a dead one, and no thread is left behind."""
    threads = {*threading.enumerate()}
    before = {*psutil.Process().children()}
    yield
    assert {*psutil.Process().children()} <= before
    assert {*threading.enumerate()} <= threads


def test_the_result_is_that_of_the_function() -> None:
    """It was computed in another process, from arguments of ours."""
    assert run(AMPLE, work.added, 2, second=3) == [5, True]


def test_our_own_errors_are_raised_here() -> None:
    """By their class, with a sentence that is safe to print."""
    with pytest.raises(LayerError, match="there is no such layer") as raised:
        run(AMPLE, work.refuse)
    assert str(raised.value).isprintable()


def test_other_errors_are_told_by_their_class() -> None:
    """What they say comes from a stranger's file."""
    with pytest.raises(UnexpectedError, match=r"^KeyError$"):
        run(AMPLE, work.fail)


@posix
@pytest.mark.parametrize(
    ("function", "name"), [(work.abort, "SIGABRT"), (work.read_nothing, "SIGSEGV")]
)
def test_a_signal_ends_that_process_only(function: object, name: str) -> None:
    """The reason names it."""
    with pytest.raises(StoppedError, match=rf"ended the program .*signal {name}"):
        run(AMPLE, function)


def test_an_exit_code_is_told() -> None:
    """Some libraries end the process themselves."""
    with pytest.raises(StoppedError, match="exit code 7"):
        run(AMPLE, work.leave, 7)


def test_processor_time_is_limited() -> None:
    """Even where native code holds the interpreter's lock."""
    with pytest.raises(StoppedError, match="took more than 1 s of processor time"):
        run(Budget(1, 60, 1 << 30), work.hold)


def _idle_meter(budget: Budget) -> Meter:
    """One that sees no processor time."""
    meter = Meter(os.getpid(), budget)
    meter._process = None
    return meter


def _look_at(meter: Meter, times: int) -> None:
    for _ in range(times):
        meter.check(0.5)


def test_a_meter_counts_what_it_saw_only() -> None:
    """A program that was stopped for an hour does not hold that against the process it watches."""
    meter = _idle_meter(Budget(processor=60, standstill=10, memory=1 << 30))
    meter.check(3600)
    meter.check(0.5)
    with pytest.raises(StoppedError, match="wait for more than 10 s"):
        _look_at(meter, 30)


def test_work_without_end_ends_at_last() -> None:
    """Where it never takes its processor time, nor stands still for long."""
    meter = _idle_meter(Budget(processor=1, standstill=1000, memory=1 << 30))
    with pytest.raises(StoppedError, match="took more than 80 s to look at"):
        _look_at(meter, 200)


def test_time_is_limited_where_nothing_happens() -> None:
    """What waits for ever takes no processor time."""
    with pytest.raises(StoppedError, match="wait for more than 2 s"):
        run(Budget(60, 2, 1 << 30), work.sleep)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems are watched, not limited")
def test_memory_is_limited() -> None:
    """What is allowed is there, what is more is told."""
    small = Budget(60, 60, 256 << 20)
    assert run(small, work.take, 128 << 20) == 128 << 20
    with pytest.raises(StoppedError, match="needs more than 256 MiB"):
        run(small, work.take, 512 << 20)


def test_what_libraries_print_is_no_answer() -> None:
    """Nor does it fill a pipe that nobody reads."""
    assert run(AMPLE, work.print_much) == "done"


def test_cancelled_work_ends_at_once() -> None:
    """Whoever waits for it asks in its own thread, and only while it waits."""
    begun = time.monotonic()
    with cancellable(lambda: time.monotonic() - begun > 1), pytest.raises(CancelledError):
        run(AMPLE, work.sleep)
    assert run(AMPLE, work.added, 1, 1) == [2, True]


@pytest.mark.parametrize("program", ["", "/usr/bin/gimp", "/opt/editor/blender.exe"])
def test_an_editor_is_not_started_again(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python is part of a program, the work is done in it."""
    monkeypatch.setattr(sys, "executable", program)
    assert run(AMPLE, work.added, 2, 3) == [5, False]
    with pytest.raises(UnexpectedError, match="KeyError"):
        run(AMPLE, work.fail)


def test_an_interpreter_that_does_not_start_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is missing, or ends at once."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    assert run(AMPLE, work.added, 2, 3) == [5, False]
    if os.name == "posix":
        (tmp_path / "python3").write_text("#!/bin/sh\nexit 3\n")
        (tmp_path / "python3").chmod(0o700)
        assert run(AMPLE, work.added, 2, 3) == [5, False]


_PARENT = """
import sys
sys.path.insert(0, {support!r})
import isolated_work as work
from dreamlayer.core.isolation.budget import Budget
from dreamlayer.core.isolation.process import run
run(Budget(60, 120, 1 << 30), work.{function}, {file!r})
"""


@posix
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_it_ends_with_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    """However that ends, and even where native code holds the interpreter's lock."""
    file = tmp_path / "pid"
    code = _PARENT.format(support=str(ROOT / "tests" / "support"), function="hold", file=str(file))
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )
    child = int(_content(file))
    parent.send_signal(how)
    assert parent.wait(PATIENCE) != 0
    deadline = time.monotonic() + PATIENCE
    while psutil.pid_exists(child) and time.monotonic() < deadline:
        with contextlib.suppress(psutil.NoSuchProcess):
            if psutil.Process(child).status() == psutil.STATUS_ZOMBIE:
                break
        time.sleep(0.05)
    else:
        assert not psutil.pid_exists(child)


def _content(file: Path) -> str:
    """What is in a file, once there is something."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if file.exists() and (text := file.read_text()):
            return text
        time.sleep(0.05)
    raise AssertionError("it did not start")


_GUEST = """
import sys
sys.path[:0] = {places!r}
import isolated_work as work
from dreamlayer.core.isolation.budget import Budget
from dreamlayer.core.isolation.process import run
print(run(Budget(60, 60, 1 << 30), work.added, 2, 3))
"""


@pytest.mark.parametrize("options", [["-P"], ["-I"], ["-E", "-P"]])
def test_files_nearby_are_not_taken_for_modules(tmp_path: Path, options: list[str]) -> None:
    """Not those of the current folder, nor of an environment that the parent does not heed."""
    for name in ("json", "onnx", "numpy", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("import os; os._exit(9)\n")
    code = _GUEST.format(places=[str(ROOT), str(ROOT / "tests" / "support")])
    heeded = "-P" in options and "-E" not in options
    ran = subprocess.run(
        [sys.executable, *options, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": "" if heeded else str(tmp_path), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ran.stdout, ran.returncode) == ("[5, True]\n", 0), ran.stderr
