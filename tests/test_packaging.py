"""What is installed: one import package that stands beside others, by each way of installing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
PARTS = ("core", "export", "plugin", "dreamlayer", "pyproject.toml", "README.md", "LICENSE*")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")

WAYS = ("wheel", "tool", "editable", "checkout")
QUICK = ["--steps", "2", "--octaves", "2", "--quiet"]


@dataclass(frozen=True)
class Environment:
    """An environment of its own, which sees what dreamlayer needs but not dreamlayer."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def script(self) -> Path:
        return self.folder / "bin" / "dreamlayer"

    def pip(self, *words: str | Path) -> None:
        """Run this Python's pip on the environment, without a network."""
        command = [sys.executable, "-m", "pip", "--python", str(self.python), *map(str, words)]
        _done(subprocess.run(command, capture_output=True, text=True, env=_clean(), check=False))

    def install(self, *words: str | Path) -> None:
        """Install something, whatever else of its name is seen from the environment."""
        self.pip("install", "--no-index", "--no-deps", "--ignore-installed", *words)


def _done(ran: subprocess.CompletedProcess[str]) -> str:
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def _clean() -> dict[str, str]:
    """The variables of this process, but for those that lead to another dreamlayer."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def _environment(folder: Path, needed: Path) -> Environment:
    venv.create(folder, symlinks=True)
    made = Environment(folder)
    asked = [str(made.python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    own = Path(_done(subprocess.run(asked, capture_output=True, text=True, check=False)).strip())
    # What a .pth lists is searched last.
    (own / "needed.pth").write_text(str(needed))
    return made


@pytest.fixture(scope="module")
def needed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Links to all that this Python has installed, but for dreamlayer itself."""
    links = tmp_path_factory.mktemp("needed")
    places = [Path(path) for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    for path in (path for place in places for path in place.iterdir()):
        ours = path.name.startswith(("dreamlayer", "__editable__")) or path.suffix == ".pth"
        if not ours and not (links / path.name).exists():
            (links / path.name).symlink_to(path)
    return links


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a wheel is built from, so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("source")
    for path in (path for part in PARTS for path in ROOT.glob(part)):
        if path.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(path, folder / path.name, ignore=ignored)
        else:
            shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    words = [*command, "--wheel-dir", str(folder), str(source)]
    _done(subprocess.run(words, capture_output=True, text=True, env=_clean(), check=False))
    (built,) = folder.glob("*.whl")
    return built


def _toy(folder: Path) -> Path:
    """The wheel of another distribution, which has a top-level package `core`."""
    path = folder / "toy-1.0-py3-none-any.whl"
    about = "toy-1.0.dist-info"
    files = {
        "core/__init__.py": "TOY = True\n",
        "core/errors.py": "",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, f"{about}/RECORD": record}.items():
            archive.writestr(name, text)
    return path


@dataclass(frozen=True)
class Installed:
    """A way to start dreamlayer: the command's first words, and the folder that it needs."""

    command: Sequence[str | Path]
    cwd: Path | None = None

    def run(self, *words: str | Path, cwd: Path) -> str:
        """Run a command to its end; what it printed."""
        command = [str(word) for word in (*self.command, *words)]
        at = self.cwd or cwd
        return _done(
            subprocess.run(
                command, cwd=at, capture_output=True, text=True, env=_clean(), check=False
            )
        )


@pytest.fixture(scope="module")
def wheel_environment(
    wheel: Path, needed: Path, tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    """The wheel, installed beside another distribution's `core`, which is removed again."""
    folder = tmp_path_factory.mktemp("beside")
    made = _environment(folder / "environment", needed)
    made.install(_toy(folder))
    made.install(wheel)
    shown = [str(made.python), "-P", "-c", "import core, dreamlayer.core.errors; print(core.TOY)"]
    ran = subprocess.run(shown, capture_output=True, text=True, env=_clean(), check=False)
    assert _done(ran).strip() == "True"
    made.pip("uninstall", "--yes", "toy")
    return made


@pytest.fixture(params=WAYS)
def installed(
    request: pytest.FixtureRequest,
    source: Path,
    needed: Path,
    wheel_environment: Environment,
    tmp_path: Path,
) -> Installed:
    """dreamlayer as a wheel, as pipx and uv install tools, editable, and not installed at all."""
    if request.param == "wheel":
        return Installed([wheel_environment.script])
    if request.param == "tool":
        # Its script alone is on the path, as a link out of an environment that nobody activates.
        link = tmp_path / "dreamlayer"
        link.symlink_to(wheel_environment.script)
        return Installed([link])
    made = _environment(tmp_path / "environment", needed)
    if request.param == "checkout":
        return Installed([made.python, "-m", "core"], cwd=source)
    made.install("--no-build-isolation", "--editable", source)
    shown = [str(made.python), "-c", "import dreamlayer.core.cli as cli; print(cli.__file__)"]
    ran = subprocess.run(
        shown, cwd=tmp_path, capture_output=True, text=True, env=_clean(), check=False
    )
    assert Path(_done(ran).strip()).is_relative_to(source)
    return Installed([made.python, "-m", "dreamlayer"])


@pytest.fixture
def users_folder(tmp_path: Path) -> Path:
    """A folder with modules of a user's own, which happen to have names of ours."""
    folder = tmp_path / "user"
    folder.mkdir()
    for name in ("core", "export", "plugin"):
        (folder / f"{name}.py").write_text("raise SystemExit('the wrong module')\n")
    return folder


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small picture."""
    path = tmp_path_factory.mktemp("picture") / "photo.png"
    noise = np.random.default_rng(0).integers(0, 255, (40, 56, 3), np.uint8)
    Image.fromarray(noise).save(path)
    return path


@pytest.fixture(scope="module")
def expected(picture: Path) -> bytes:
    """What this checkout makes of it."""
    out = picture.with_name("expected.png")
    Installed([sys.executable, "-m", "core"]).run("dream", picture, "-o", out, *QUICK, cwd=ROOT)
    return out.read_bytes()


def test_dreams_and_examines_itself(
    installed: Installed, users_folder: Path, picture: Path, expected: bytes, tmp_path: Path
) -> None:
    """However it is installed, the same bytes come out, and the doctor finds the CPU."""
    installed.run("dream", picture, "-o", tmp_path / "out.png", *QUICK, cwd=users_folder)
    assert (tmp_path / "out.png").read_bytes() == expected
    assert "cpu        works" in installed.run("doctor", "--provider", "cpu", cwd=users_folder)


def test_the_wheel_brings_one_package(wheel: Path) -> None:
    """Nothing but `dreamlayer` is put among other people's packages."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"dreamlayer", f"{wheel.name.rpartition('-py3')[0]}.dist-info"}


def test_the_wheel_brings_what_is_no_module(wheel: Path) -> None:
    """Types, network, presets, the editor's side and every licence are in it."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    there = [ROOT / "dreamlayer" / "py.typed"]
    for folder in ("core/data", "core/presets", "plugin/dreamlayer"):
        there += (path for path in (ROOT / folder).rglob("*") if path.is_file())
    expected = {
        path.relative_to(ROOT).as_posix() for path in there if path.parent.name != "__pycache__"
    }
    inside = {f"dreamlayer/{name}" if name[0] in "cp" else name for name in expected}
    assert inside <= names, inside - names
    licences = {Path(name).name for name in names if ".dist-info/licenses/" in name}
    own = {"LICENSE", *(path.name for path in (ROOT / "core" / "data").glob("LICENSE-*.txt"))}
    assert own <= licences


def test_the_wheel_is_small(wheel: Path) -> None:
    """Both networks in it: less than 10 MB, which everyone can send and receive."""
    assert wheel.stat().st_size < 10e6


def test_a_checkout_has_a_short_name(source: Path, needed: Path, tmp_path: Path) -> None:
    """In a checkout `core` gives the public names that `dreamlayer` gives everywhere."""
    bare = _environment(tmp_path / "environment", needed)
    told = "import core, dreamlayer; print(core.dream is dreamlayer.dream, dreamlayer.__version__)"
    ran = subprocess.run(
        [str(bare.python), "-c", f"from core import dream, read, write; {told}"],
        cwd=source,
        capture_output=True,
        text=True,
        env=_clean(),
        check=False,
    )
    assert _done(ran).startswith("True 0.")
