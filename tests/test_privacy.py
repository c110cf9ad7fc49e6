"""Nothing leaves the machine: no socket but local ones, and nothing written into the user's home.

The real programs run under strace, with an empty home folder; ONNX Runtime 1.32 and later report
to Microsoft wherever they are not told otherwise.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from dreamlayer.core.runtime import openvino_session
from dreamlayer.plugin.dreamlayer.worker_client import worker_environment
from dreamlayer.plugin.interpreter import probe_python
from dreamlayer.plugin.machine import Machine

ROOT = Path(__file__).parents[1]
VARIABLE = "ORT_DISABLE_TELEMETRY"

LOADS = "from dreamlayer.core.runtime.installed import runtime; runtime()"
BARE = "import onnxruntime"
OPENVINO = ("--octaves", "1", "--provider", "openvino")


def traced(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> list[str]:
    """Run a command with an empty home; the connections it tried beyond this machine.

    The home must stay empty.
    """
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: apt-get install strace")
    home, log = folder / "home", folder / "strace.txt"
    home.mkdir()
    kept = {k: v for k, v in environment.items() if not k.startswith("XDG_")}
    ran = subprocess.run(
        ["strace", "-f", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", str(log), *command],
        cwd=ROOT,
        env={**kept, "HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert [str(path) for path in home.rglob("*")] == []
    return [line for line in log.read_text(encoding="utf-8").splitlines() if "AF_INET" in line]


@pytest.fixture
def environment() -> dict[str, str]:
    """This process's, in which nobody has decided on telemetry."""
    return {k: v for k, v in os.environ.items() if k != VARIABLE}


@pytest.mark.parametrize(
    "words",
    [
        ["core", "dream", "PHOTO", "-o", "OUT", "--steps", "1", "--octaves", "1"],
        ["core", "dream", "PHOTO", "-o", "OUT", "--steps", "1", *OPENVINO],
        ["core", "doctor", "--provider", "cpu"],
        ["core", "doctor", "--provider", "openvino"],
        ["export", "gradient", "default", "--layer", "mixed0", "-o", "OUT.onnx"],
        ["plugin", "install", "--to", "PLUG-INS"],
    ],
    ids=lambda words: " ".join([*words[:2], words[-1]]),
)
def test_programs_talk_to_nobody(
    words: list[str], environment: dict[str, str], photo: Path, tmp_path: Path
) -> None:
    """A dream, the doctor, an export and the installer open no connection and leave no file.

    OpenVINO requires a package that does both when it is imported.
    """
    if "openvino" in words and not openvino_session.is_installed():
        pytest.skip("no OpenVINO: install dreamlayer[openvino]")
    (tmp_path / "plug-ins").mkdir()
    places = {
        "PHOTO": str(photo),
        "OUT": str(tmp_path / "out.png"),
        "OUT.onnx": str(tmp_path / "out.onnx"),
        "PLUG-INS": str(tmp_path / "plug-ins"),
    }
    command = [sys.executable, "-m", *(places.get(word, word) for word in words)]
    assert traced(command, environment, tmp_path) == []


DREAM = """
from worker_process import SMALL, Client
with Client() as client:
    client.dream(SMALL, recipe={"steps": 1, "octaves": 1})
    client.until("result")
"""


def test_a_dream_in_the_worker_talks_to_nobody(environment: dict[str, str], tmp_path: Path) -> None:
    """Whoever starts it, with whatever environment."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")])
    command = [sys.executable, "-c", DREAM]
    assert traced(command, {**environment, "PYTHONPATH": paths}, tmp_path) == []


def test_onnxruntime_in_the_editors_worker_is_silent(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """What the plug-in gives its worker silences an ONNX Runtime that is imported by others too."""
    command = [sys.executable, "-c", BARE]
    assert traced(command, worker_environment(environment, {}), tmp_path) == []


def test_trial_of_an_interpreter_is_silent(environment: dict[str, str], tmp_path: Path) -> None:
    """The installer's trial, which imports ONNX Runtime itself, tells it to be silent."""
    tried = []

    def run(_command: Sequence[str], given: Mapping[str, str], _seconds: float) -> object:
        tried.append(given)
        raise IndexError

    machine = Machine("Linux", tmp_path, environment, run=run)  # type: ignore[arg-type]
    with pytest.raises(IndexError):
        probe_python(machine, sys.executable, {})
    assert tried[0][VARIABLE] == "1"


@pytest.mark.parametrize("decided", [None, "0", "1"])
def test_the_environment_stays_as_it_was(decided: str | None, environment: dict[str, str]) -> None:
    """The variable is set for the import alone, and what the user decided holds."""
    before = environment if decided is None else {**environment, VARIABLE: decided}
    shown = f"{LOADS}; import os; print(os.environ.get({VARIABLE!r}))"
    ran = subprocess.run(
        [sys.executable, "-c", shown],
        cwd=ROOT,
        env=before,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == str(decided)


def test_the_editors_user_decides_too() -> None:
    """A painter who wants the reports gets them."""
    assert worker_environment({VARIABLE: "0"}, {})[VARIABLE] == "0"
