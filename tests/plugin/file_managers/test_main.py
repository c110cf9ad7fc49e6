"""The program that a right-click starts: pictures in, results beside them, one notification."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_machine import linux
from PIL import Image

from dreamlayer.plugin.file_managers.__main__ import main
from dreamlayer.plugin.file_managers.dreams import Outcome
from dreamlayer.plugin.machine import Answer, Machine


@pytest.fixture
def told() -> list[tuple[str, str]]:
    """What the notifications said, each with its urgency."""
    return []


@pytest.fixture
def machine(tmp_path: Path, told: list[tuple[str, str]]) -> Machine:
    """A desktop that notes notifications, and has no windows."""

    def run(command: Sequence[str], _environment: Mapping[str, str], _seconds: float) -> Answer:
        assert command[0] == "notify-send"
        urgency = next(word for word in command if word.startswith("--urgency="))
        told.append((urgency.partition("=")[2], command[-1]))
        return Answer(0, "", "")

    made = linux(tmp_path)
    return replace(made, run=run, environment={**made.environment}, python=sys.executable)


def picture(path: Path) -> Path:
    """A small picture."""
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


def test_several_files(machine: Machine, tmp_path: Path, told: list[tuple[str, str]]) -> None:
    """Each picture gets a result beside it; what is none, and what is damaged, is told."""
    folder = tmp_path / "Ann's & <b> $x"
    folder.mkdir()
    names = ["-a b.png", "c.jpg"]
    files = [str(picture(folder / name)) for name in names]
    (folder / "bad.png").write_bytes(b"no picture")
    (folder / "notes.txt").touch()
    more = [str(folder / "bad.png"), str(folder / "notes.txt")]
    assert main(["--preset", "draft", "--", *files, *more], machine) == 2
    assert {path.name for path in folder.glob("*-dream*")} == {"-a b-dream.png", "c-dream.jpg"}
    (first, end) = told
    assert first == ("normal", "Dreaming on 3 pictures ...")
    assert end[0] == "critical"
    assert end[1].startswith("2 pictures are finished: -a b-dream.png, c-dream.jpg, in ")
    assert "1 picture failed: bad.png (" in end[1]
    assert "notes.txt" in end[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["notes.txt"], "No picture was selected, only notes.txt"),
        ([], "No file on a disk of this computer was selected"),
        (["--preset", "gone", "--", "a.png"], "Nothing was dreamed: "),
        (["--", "gone.png"], "Nothing was dreamed: "),
    ],
)
def test_errors_are_never_silent(
    machine: Machine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: list[tuple[str, str]],
    words: list[str],
    said: str,
) -> None:
    """What is wrong before the work is told as urgently as what goes wrong in it."""
    monkeypatch.chdir(tmp_path)
    picture(tmp_path / "a.png")
    assert main(words, machine) == 2
    assert told[-1][0] == "critical"
    assert told[-1][1].startswith(said)


def test_what_nobody_foresaw(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, told: list[tuple[str, str]]
) -> None:
    """A mistake in the program is told, too."""

    def fail(_files: Sequence[str]) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr("dreamlayer.plugin.file_managers.__main__.select", fail)
    assert main(["a.png"], machine) == 2
    assert "something went wrong inside dreamlayer (RuntimeError: a mistake)" in told[-1][1]


def test_files_of_the_user_stay(
    machine: Machine, tmp_path: Path, told: list[tuple[str, str]]
) -> None:
    """What has the name of a result is not written over, and refuses no other picture."""
    photo, other = (str(picture(tmp_path / name)) for name in ("photo.png", "a.png"))
    mine = picture(tmp_path / "photo-dream.png")
    before = mine.read_bytes()
    for _ in range(2):
        assert main(["--preset", "draft", "--", other, photo], machine) == 0
    assert main(["--preset", "draft", "--", other, photo, str(mine)], machine) == 0
    assert mine.read_bytes() == before
    names = ["a-dream-2", "a-dream-3", "a-dream", "photo-dream-2", "photo-dream-3"]
    names += ["photo-dream-4", "photo-dream-dream", "photo-dream"]
    assert {path.stem for path in tmp_path.glob("*-dream*.png")} == set(names)
    assert told[-1][1].startswith("3 pictures are finished: a-dream-3.png, photo-dream-4.png")


def test_the_work_waits_for_no_note(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures are dreamed on while the note that work has begun is still being handed on."""
    begun = threading.Event()

    def slow(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> Answer:
        if command[-1].startswith("Dreaming on"):
            assert begun.wait(60)
        return machine.run(command, environment, seconds)

    def dream(*_: object) -> Outcome:
        begun.set()
        return Outcome(done=["a-dream.png"])

    monkeypatch.setattr("dreamlayer.plugin.file_managers.__main__.dream", dream)
    file = str(picture(tmp_path / "a.png"))
    assert main(["--", file], replace(machine, run=slow)) == 0
