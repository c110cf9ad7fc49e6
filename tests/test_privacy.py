"""Nothing leaves the machine, and nothing is written but the cache and what was asked for.

The real programs run under strace, which sees every socket and every file, with an empty home
folder; ONNX Runtime 1.32 and later report to Microsoft wherever they are not told otherwise.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from gradient_page import MODULES
from image_samples import names
from plugin_modules import module
from system_calls import Watched, watched

from dreamlayer.core.runtime import openvino_session
from dreamlayer.plugin.interpreter import probe_python
from dreamlayer.plugin.machine import Machine

ROOT = Path(__file__).parents[1]
worker_environment = module("editor.worker_start").worker_environment

VARIABLE = "ORT_DISABLE_TELEMETRY"

LOADS = "from dreamlayer.core.runtime.installed import runtime; runtime()"
BARE = "import onnxruntime"
GRADIENT = ("export", "gradient", "default", "--layer", "mixed0", "-o")
STEP = ("--steps", "1", "--octaves", "1", "--provider")


def private(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, code: int = 0
) -> Watched:
    """Run a command with an empty home; what it did.

    It must open no connection, write into `out` and `cache` of the folder alone, and leave neither
    home nor the system's temporary folder changed.
    """
    home, temporary, cache = (folder / name for name in ("home", "tmp", "cache"))
    for made in (home, temporary):
        made.mkdir(exist_ok=True)
    given = {k: v for k, v in environment.items() if not k.startswith("XDG_")}
    given |= {"HOME": str(home), "TMPDIR": str(temporary), "DREAMLAYER_CACHE": str(cache)}
    found = watched(command, given, ROOT, folder / "strace.txt")
    assert found.code == code, found.output
    assert found.sockets == []
    assert found.outside(folder / "out", cache, temporary) == set()
    assert [str(path) for path in (*home.rglob("*"), *temporary.rglob("*"))] == []
    return found


@pytest.fixture
def environment() -> dict[str, str]:
    """This process's, in which nobody has decided on telemetry."""
    return {k: v for k, v in os.environ.items() if k != VARIABLE}


@pytest.mark.parametrize(
    "words",
    [
        ["core", "dream", "PHOTO", "-o", "OUT/a.png", *STEP, "cpu"],
        ["core", "dream", "PHOTO", "-o", "OUT/a.png", *STEP, "openvino"],
        ["core", "dream", "PHOTO", "-o", "OUT/a.png", "--plot", "OUT/b.png", "SMALL", *STEP, "cpu"],
        ["core", "dream", "PHOTO", "-o", "-", "SMALL", *STEP, "cpu"],
        ["core", "dream", "PHOTO", "-o", "OUT/a.webp", "--steps", "0"],
        ["core", "style", "PHOTO", "PHOTO", "-o", "OUT/a.png", "STYLE"],
        ["core", "gallery", "-o", "OUT/a.png", "SMALL", "--steps", "1"],
        ["core", "features", "PHOTO", "-o", "OUT/a.png", "SMALL"],
        ["core", "layers", "SMALL"],
        ["core", "presets"],
        ["core", "recipe", "--preset", "eyes", "-o", "OUT/a.toml"],
        ["core", "doctor", "--provider", "cpu"],
        ["core", "doctor", "--provider", "openvino"],
        [*GRADIENT, "OUT/a.onnx"],
        [*GRADIENT, "OUT/b.onnx", "--size", "64x48", "--verify", "openvino"],
        [*GRADIENT, "OUT/c.onnx", "--verify", "onnxruntime", "--verify", "reference"],
        [*GRADIENT, "OUT/d.onnx", "--verify", "node", "--node-modules", str(MODULES)],
        ["plugin", "install", "--to", "OUT/plug-ins"],
        ["plugin", "uninstall", "--to", "OUT/plug-ins"],
    ],
    ids=lambda words: " ".join([*words[:2], words[-1].rpartition("/")[2]]),
)
def test_programs_talk_to_nobody(
    words: list[str], environment: dict[str, str], photo: Path, small_network: Path, tmp_path: Path
) -> None:
    """Whatever a user calls, it asks nothing of the network, and leaves nothing anywhere else.

    OpenVINO requires a package that does both when it is imported.
    """
    if "openvino" in words and not openvino_session.is_installed():
        pytest.skip("no OpenVINO: install dreamlayer[openvino]")
    if "node" in words and not (shutil.which("node") and (MODULES / "node_modules").is_dir()):
        pytest.skip("no onnxruntime-web: bash .ci/node")
    (tmp_path / "out" / "plug-ins").mkdir(parents=True)
    small = ["--network", str(small_network)]
    if words[1] in ("dream", "features"):
        small += ["--layer", "deep"]
    style = ["--network", str(small_network), "--content-layer", "deep", "--style-layer", "first"]
    places = {
        "PHOTO": [str(photo)],
        "SMALL": small,
        "STYLE": [*style, "--size", "32", "--rounds", "1"],
    }
    given = [
        one
        for word in words
        for one in places.get(word, [word.replace("OUT", str(tmp_path / "out"))])
    ]
    found = private([sys.executable, "-m", *given], environment, tmp_path)
    for word in given:
        if word.startswith(str(tmp_path / "out")) and Path(word).suffix:
            assert word in found.written, "the trace sees what is written"


def test_a_warm_dream_writes_the_picture_alone(
    environment: dict[str, str], photo: Path, small_network: Path, tmp_path: Path
) -> None:
    """All that it needs is in the cache."""
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / "a.png"
    words = ["dream", str(photo), "-o", str(target), "--network", str(small_network)]
    command = [sys.executable, "-m", "core", *words, "--layer", "deep", *STEP, "cpu"]
    cold, warm = (private(command, environment, tmp_path).written for _ in range(2))
    assert [path for path in cold if "/staging-" in path]
    assert not [path for path in warm if "/staging-" in path]
    assert str(target) in warm


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
    private(command, {**environment, "PYTHONPATH": paths}, tmp_path)


def test_onnxruntime_in_the_editors_worker_is_silent(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """What the plug-in gives its worker silences an ONNX Runtime that is imported by others too."""
    command = [sys.executable, "-c", BARE]
    private(command, worker_environment(environment, {}), tmp_path)


def test_killed_dreams_leave_nothing(
    environment: dict[str, str], photo: Path, quick: list[str], tmp_path: Path
) -> None:
    """At whatever moment: neither beside the picture nor in the system's temporary folder."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    before = names(photo.parent)
    for tenths in range(3, 11):
        for target in ("-", str(photo.with_name("out.png"))):
            words = ["dream", str(photo), "-o", target, *quick, "--provider", "cpu", "--quiet"]
            with subprocess.Popen(
                [sys.executable, "-m", "core", *words],
                cwd=ROOT,
                env={**environment, "TMPDIR": str(temporary)},
                stdout=subprocess.DEVNULL,
            ) as process:
                try:
                    process.wait(tenths / 10)
                except subprocess.TimeoutExpired:
                    process.kill()
    assert set(names(photo.parent)) - set(before) <= {"out.png"}
    assert names(temporary) == []


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
