"""What the documents show: commands that exist, files that are there, examples that run."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import re
import runpy
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from architecture import Architecture
from documents import DOCUMENTS, ROOT, blocks, commands, links, paths, section, text
from PIL import Image

from dreamlayer import Recipe
from dreamlayer.core.ascent.octaves import octave_sizes

PROJECT = tomllib.loads(text("pyproject.toml"))["project"]
SCRIPTS = PROJECT["scripts"]
MODULES = {
    "core": SCRIPTS["dreamlayer"],
    "dreamlayer": SCRIPTS["dreamlayer"],
    "export": SCRIPTS["dreamlayer-export"],
    "plugin": SCRIPTS["dreamlayer-plugin"],
    "bench": "bench.__main__:main",
}
README = text("README.md")


def _cases() -> list[Any]:
    shown = {
        (name, tuple(words)) for name in DOCUMENTS for words in commands(text(name)) if words[1:]
    }
    return [
        pytest.param(list(words), id=f"{name}: {' '.join(words)}") for name, words in sorted(shown)
    ]


class _ParsedError(BaseException):
    """Ends a program whose arguments were understood, before it does anything."""


def _parse(entry: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    module, _, function = entry.partition(":")
    main: Callable[[list[str]], int] = getattr(importlib.import_module(module), function)
    parse_args = argparse.ArgumentParser.parse_args

    def parse_only(parser: argparse.ArgumentParser, *given: Any) -> None:
        parse_args(parser, *given)
        raise _ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_only)
    with pytest.raises(_ParsedError):
        main(arguments)


@pytest.mark.parametrize("words", _cases())
def test_commands_exist(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program that a command starts knows its options; extras and scripts are there."""
    match words:
        case [program, *arguments] if program in SCRIPTS:
            _run_parser(SCRIPTS[program], arguments, monkeypatch, capsys)
        case ["python", "-m", "pytest", *arguments]:
            for one in arguments:
                assert one.startswith("-") or "/" not in one or (ROOT / one).exists(), one
        case ["python", "-m", module] if module in MODULES:
            pass
        case ["python", "-m", module, *arguments] if module in MODULES:
            _run_parser(MODULES[module], arguments, monkeypatch, capsys)
        case ["python", "-m", module, *_] if module.startswith(("dreamlayer.", "bench.")):
            assert importlib.util.find_spec(module) is not None, module
        case ["python", "-m", module, *_]:
            assert module in ("venv", "ruff", "mypy", "pip"), module
        case ["python" | "bash", script, *_]:
            assert (ROOT / script).is_file(), script
        case ["pip", "install", *arguments]:
            wanted = re.findall(r"\[(.*)\]", " ".join(arguments))
            extras = {extra for found in wanted for extra in found.split(",")}
            assert extras <= set(PROJECT["optional-dependencies"]), arguments


def _run_parser(
    entry: str,
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if {"--help", "--help-all"} & set(arguments):
        module, _, function = entry.partition(":")
        with pytest.raises(SystemExit) as ended:
            getattr(importlib.import_module(module), function)(arguments)
        assert ended.value.code == 0
        return
    try:
        _parse(entry, arguments, monkeypatch)
    except SystemExit:
        pytest.fail(capsys.readouterr().err)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_are_there(name: str) -> None:
    """What a document links to or names by its path exists."""
    document, folder = text(name), (ROOT / name).parent
    lost = [one for one in links(document) if not (folder / one).exists()]
    heads = {path.name for path in ROOT.iterdir()}
    named = [one for one in paths(document) if one.partition("/")[0] in heads]
    lost += [one for one in named if not (ROOT / one).exists()]
    assert not lost


def test_the_map_has_a_row_for_each_room() -> None:
    """No room is left out of the README's map, and none is on it that is gone."""
    rows = re.findall(r"^\|(.*?)\|", section(README, "Map"), re.MULTILINE)
    shown = {one.rstrip("/") for row in rows for one in re.findall(r"`(core/[^`]*)`", row)}
    rooms = Architecture(ROOT).rooms("core")
    expected = {f"core/{one}" for one in rooms if (ROOT / "core" / one).is_dir()}
    expected |= {f"core/{one}.py" for one in rooms if (ROOT / "core" / f"{one}.py").is_file()}
    assert shown == expected | {"core/data"}


def test_the_first_command_prints_what_is_shown(tmp_path: Path) -> None:
    """Word by word, whatever the numbers; with fewer steps, to be done sooner."""
    (shown,) = blocks(section(README, "dreamlayer"), "")[:1]
    first = next(words for words in commands(README) if words[:2] == ["python", "-m"])
    *command, output = [sys.executable, *first[1:]]
    assert command[1:] == ["-m", "core", "dream", "tests/data/coffee.jpg", "-o"]
    fewer = ["--provider", "cpu", "--steps", "1"]
    ran = subprocess.run(
        [*command, str(tmp_path / output), *fewer],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    printed = ran.stderr.replace(str(tmp_path / output), output)
    assert _numberless(printed.splitlines()[-2:]) == _numberless(shown.splitlines())
    sizes = octave_sizes(400, 600, Recipe())
    assert f"octaves {len(sizes)} (180 × 120 to 600 × 400), steps {Recipe().steps}," in shown


def _numberless(lines: list[str]) -> list[str]:
    plain = (re.sub(r"\d[\d.]*( [KMG]iB)?", "0", line) for line in lines)
    return [line.replace("0 min 0 s", "0 s") for line in plain]


@pytest.mark.parametrize("number", range(len(blocks(README, "python"))))
def test_python_examples_run(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coffee: Path
) -> None:
    """The blocks under From Python, in a folder with a photo."""
    monkeypatch.chdir(tmp_path)
    with Image.open(coffee) as photo:
        photo.resize((90, 60)).save("photo.jpg")
    Path("example.py").write_text(blocks(README, "python")[number], encoding="utf-8")
    names = runpy.run_path("example.py")
    written = sorted(Path().glob("dream*.png"))
    assert written
    for path in written:
        with Image.open(path) as picture:
            assert picture.size == (90, 60)
    if "pixels" in names:
        assert names["pixels"].shape == (60, 90, 3)
        assert names["pixels"].dtype == np.float32
