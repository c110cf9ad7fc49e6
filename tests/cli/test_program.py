"""The front door that all programs share: bad arguments, nothing installed, an old Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import venv
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from command_line import ROOT, refused

from bench.__main__ import main as bench_main
from dreamlayer.core.cli import program
from dreamlayer.core.cli.program import Program, joined
from dreamlayer.export import cli as export_cli
from dreamlayer.plugin import cli as plugin_cli

PROGRAMS = ("core", "dreamlayer", "export", "plugin", "bench")
OLD_PYTHONS = ("python3.8", "python3.9", "python3.10")


def start(python: str | Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run `python -m ...` in the checkout, without the packages of this environment."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        [python, "-s", "-m", *arguments],
        capture_output=True,
        cwd=ROOT,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=120,
        check=False,
    )


BAD_VALUES = [
    *(("core", "dream", "a.png", option, "x") for option in ("--steps", "--step-size", "--tile")),
    *(("core", "dream", "a.png", option, "x") for option in ("--max-loss", "--max-megapixels")),
    *(
        ("core", "dream", "a.png", option, "x")
        for option in ("--threads", "--layer=a:b:c", "--seed")
    ),
    ("core", "dream", "a.png", "--jitter", "-x"),
    ("core", "dream", "a.png", "--scheme", "x"),
    ("core", "dream", "a.png", "--format", "gif"),
    ("core", "style", "a.png", "b.png", "--style-weights", "x"),
    ("core", "style", "a.png", "b.png", "--content-weight", "x"),
    ("core", "style", "a.png", "b.png", "--size", "1.5"),
    ("core", "features", "a.png", "-o", "b.png", "--cell", "x"),
    ("core", "features", "a.png", "-o", "b.png", "--most", "-1"),
    ("core", "gallery", "-o", "b.png", "--octaves", "x"),
    ("core", "gallery", "-o", "b.png", "--columns", "x"),
    ("core", "recipe", "--octave-scale", "x"),
    ("core", "layers", "--jsn"),
    ("core", "nothing"),
    *(("export", "adopt", "x.onnx", option, "a") for option in ("--mean", "--std", "--range")),
    ("export", "adopt", "x.onnx", "--mean", "1,2"),
    ("export", "adopt"),
    ("export", "vgg16", "--seed", "x"),
    ("export", "vgg19", "--pooling", "x"),
    ("export", "gradient", "default"),
    ("export", "nothing"),
    ("plugin", "install", "--froce"),
    ("plugin", "nothing"),
    *(("bench", option, "x") for option in ("--size", "--rounds", "--pictures", "--threads")),
    *(("bench", option, "x") for option in ("--device", "--only", "--python", "--steps")),
]


MAINS: dict[str, Callable[[Sequence[str]], int]] = {
    "core": partial(program.main, program="python -m core"),
    "export": partial(export_cli.main, program="python -m export"),
    "plugin": partial(plugin_cli.main, program="python -m plugin"),
    "bench": bench_main,
}


@pytest.mark.parametrize("arguments", BAD_VALUES, ids=" ".join)
def test_a_bad_argument_is_one_sentence(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, the program's name, and no name of ours such as `_triple`."""
    with pytest.raises(SystemExit) as end:
        MAINS[arguments[0]](arguments[1:])
    assert end.value.code == 2
    out, said = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(rf"python -m {arguments[0]}[^:]*: [^\n]+; see [^\n]+ --help\n", said)
    assert " _" not in said
    assert "invalid int" not in said
    assert "invalid float" not in said


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without any package."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    found = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    assert found.exists()
    return found


@pytest.mark.parametrize(
    ("arguments", "extras"),
    [
        (("core",), "cpu"),
        (("core", "dream", "photo.png"), "cpu"),
        (("dreamlayer",), "cpu"),
        (("dreamlayer", "style", "photo.png", "other.png"), "cpu"),
        (("export",), "cpu,export"),
        (("export", "vgg16"), "cpu,export"),
        (("export", "adopt", "squeezenet.onnx"), "cpu,export"),
        (("plugin",), "cpu"),
        (("bench",), "bench"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_nothing_installed(arguments: tuple[str, ...], extras: str, bare: Path) -> None:
    """What is missing and the command that installs it, in one sentence."""
    result = start(bare, *arguments)
    refused(result, rf"'\w+' is not installed for .*; run: .*pip install .*'\.\[{extras}\]'$")
    assert result.stderr.decode().startswith(f"python -m {arguments[0]}: ")


def test_help_needs_nothing_installed(bare: Path) -> None:
    """Who reads first and installs later can."""
    for name in ("core", "export", "plugin"):
        result = start(bare, name, "--help")
        assert result.returncode == 0, result.stderr
        assert b"usage: python -m " in result.stdout


@pytest.mark.parametrize("version", OLD_PYTHONS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_an_old_python(name: str, version: str) -> None:
    """The Python that is needed, in one sentence, in whatever syntax the old one reads."""
    python = shutil.which(version)
    if python is None or subprocess.run([python, "-V"], capture_output=True).returncode:
        pytest.skip(f"there is no {version} on the PATH")
    refused(start(python, name), r"this is Python 3\.\d+; use Python 3\.11 or later")


def test_values_that_begin_with_a_minus_are_joined() -> None:
    """Behind options only; a file's name and a single dash stay as they are."""
    typed = ["dream", "-", "--jitter", "-9..9", "-o", "-", "--max-loss", "-.5", "--mean=1", "-1"]
    wanted = ["dream", "-", "--jitter=-9..9", "-o", "-", "--max-loss=-.5", "--mean=1", "-1"]
    assert joined(typed) == wanted


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (MemoryError(), 2, "toy: memory ran out; close other programs\n"),
        (KeyboardInterrupt(), 130, "toy: cancelled; nothing was written\n"),
        (OSError(28, "No space left", "a.png"), 2, "toy: No space left (a.png)\n"),
        (BrokenPipeError(), 0, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_what_goes_wrong_has_a_code_and_a_sentence(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """For every program alike."""

    class Toy:
        def configure(self, _parser: object) -> None:
            pass

        def run(self, _options: object) -> int:
            raise error

    toy = Program("toy", "A toy.", "", load=lambda _: Toy(), commands={})
    assert toy.main([]) == code
    assert capsys.readouterr().err == said


def test_a_module_of_ours_that_is_missing_is_no_package(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """That is our mistake: nothing that could be installed would help."""

    class Toy:
        def configure(self, _parser: object) -> None:
            raise ModuleNotFoundError("gone", name="dreamlayer.core.gone")

    assert Program("toy", "A toy.", "", load=lambda _: Toy(), commands={}).main([]) == 2
    said = capsys.readouterr().err
    assert "something went wrong inside dreamlayer (ModuleNotFoundError: gone)" in said
    assert "install" not in said
