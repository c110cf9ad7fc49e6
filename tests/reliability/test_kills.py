"""Whenever a command is ended, its target is the old or the whole new file, and nothing is left."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
from kill_scene import DEEDS, Deed, Scene, deed
from kill_trial import kill_trials
from outcomes import left_over
from worker_process import SMALL, Client

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX systems")

SHORT, LONG = 14, 100


def test_kills_at_random_moments(long: bool) -> None:
    """SIGKILL, SIGTERM and SIGINT, to dreams, batches, styles, recipes and exports."""
    trials = list(kill_trials(LONG if long else SHORT, 15))
    wrong = [str(trial) for trial in trials if trial.faults]
    assert not wrong, "\n".join(wrong)
    assert sum(not trial.finished for trial in trials) > len(trials) / 3


@pytest.mark.parametrize("one", DEEDS, ids=lambda one: f"{one.name}{'-cold' * one.cold}")
def test_kills_while_it_writes(one: Deed, long: bool) -> None:
    """Aimed at the moment at which the target or the cache is written."""
    trials = kill_trials(12 if long else 2, 16, [one], aimed=True)
    wrong = [str(trial) for trial in trials if trial.faults]
    assert not wrong, "\n".join(wrong)


def test_many_kills_of_one_target(long: bool) -> None:
    """Nothing adds up beside a target that is never finished."""
    trials = kill_trials(20 if long else 3, 17, [deed("tiff")], aimed=True)
    wrong = [str(trial) for trial in trials if trial.faults]
    assert not wrong, "\n".join(wrong)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("library", ["onnx_cpp2py_export", "onnxruntime_pybind11_state", "_vips"])
def test_interrupts_while_a_library_loads(tmp_path: Path, library: str, long: bool) -> None:
    """Ctrl-C in the middle of the import of compiled code ended it by an abort or a crash."""
    for _ in range(12 if long else 3):
        folder = tmp_path / os.urandom(8).hex()
        folder.mkdir()
        scene = Scene(folder, deed("dream", cold=True), folder / "cache")
        process = scene.start()
        while process.poll() is None and library not in _mapped(process.pid):
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode in (0, 130), (process.returncode, errors.decode())
        assert b"Traceback" not in errors


def _mapped(pid: int) -> str:
    """The files that a process has mapped into its memory."""
    try:
        return Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return ""


@pytest.mark.parametrize("which", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_worker_is_ended_in_the_middle_of_a_dream(
    tmp_path: Path, which: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves no file, no traceback, and the code that the signal asks for."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with Client([sys.executable, "-m", "dreamlayer", "worker"]) as client:
        client.dream(SMALL, recipe={"steps": 60_000, "octaves": 1}, id=1)
        client.until("progress")
        client.process.send_signal(which)
        assert client.process.wait(60) in (-which, 128 + which)
        code, errors = client.finish()
    assert "Traceback" not in errors, errors
    assert code in (-which, 128 + which)
    assert left_over(tmp_path) == []
