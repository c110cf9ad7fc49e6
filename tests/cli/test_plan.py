"""Where results go and what is skipped is decided before the work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dreamlayer.core.cli.inputs import find_inputs
from dreamlayer.core.cli.plan import Job, plan
from dreamlayer.core.errors import OutputError
from dreamlayer.core.images import Picture, write


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with two pictures."""
    monkeypatch.chdir(tmp_path)
    make("a.png")
    make("b.png")
    return tmp_path


def make(name: str, recipe: str | None = None) -> None:
    """A picture, with or without a recipe."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    write(Picture(np.zeros((8, 8, 3), np.float32), recipe=recipe), name)


def planned(
    *arguments: str,
    output: str | None = None,
    format: str | None = None,
    unmarked: bool = False,
    keeps_existing: bool = False,
    kept: Sequence[tuple[str | None, str]] = (),
) -> list[Job]:
    """The jobs of these arguments."""
    inputs = find_inputs(arguments, recursive=True, output=output)
    return plan(
        inputs,
        output,
        "dream",
        format=format,
        unmarked=unmarked,
        keeps_existing=keeps_existing,
        kept=kept,
    )


def targets(*arguments: str, output: str | None = None, format: str | None = None) -> list[str]:
    """Where their results go, with slashes."""
    jobs = planned(*arguments, output=output, format=format)
    return [one.target.replace("\\", "/") for one in jobs]


@pytest.mark.parametrize(
    ("source", "format", "wanted"),
    [
        ("photo.JPG", None, "photo-dream.JPG"),
        ("photo.heic", None, "photo-dream.png"),
        ("photo.gif", "png", "photo-dream.png"),
        ("photo", None, "photo-dream.png"),
        ("photo.v2", None, "photo.v2-dream.png"),
        ("photo.jpeg", "jpeg", "photo-dream.jpeg"),
        ("photo.png", "jpeg", "photo-dream.jpg"),
        ("in/photo.tif", None, "in/photo-dream.tif"),
    ],
)
def test_names_beside_the_picture(source: str, format: str | None, wanted: str) -> None:
    """The ending is the picture's where that is written, else that of PNG or of the format."""
    Path("in").mkdir()
    Path(source).touch()
    assert targets(source, format=format) == [wanted]


def test_a_gif_needs_a_name_for_its_result() -> None:
    """It strays among photos, and its result cannot be one; a name, a folder or a format do."""
    Path("drawn.gif").touch()
    Path("photo.png").touch()
    first, second = planned("drawn.gif", "photo.png")
    assert str(first.problem).startswith("a GIF is read but not written; name the result, such as ")
    assert second.problem is None
    assert targets("drawn.gif", output="made.png") == ["made.png"]
    assert targets("drawn.gif", output="new/") == ["new/drawn.png"]


def test_an_output_folder_that_is_missing() -> None:
    """By a slash, or by more than one picture; nested too, and nothing is made yet."""
    assert targets("a.png", output="new/deep/") == ["new/deep/a.png"]
    assert targets("a.png", "b.png", output="new/deep") == ["new/deep/a.png", "new/deep/b.png"]
    assert planned("a.png", output="new/")[0].may_make
    assert not Path("new").exists()


def test_the_structure_of_a_folder_is_kept() -> None:
    """That of each folder, and of what a pattern matches."""
    make("in/x/p.png")
    make("in/y/p.png")
    wanted = ["out/x/p.png", "out/y/p.png"]
    assert targets("in", output="out") == wanted
    assert targets("in/*/p.png", output="out") == wanted
    assert targets("in/x/p*.png", output="out/") == ["out/p.png"]
    assert targets("in/x/p*.png", output="one.png") == ["one.png"]


@pytest.mark.parametrize(
    ("arguments", "output", "said"),
    [
        (("a.png", "b.png"), "a.png", "'a.png' is not a folder; several pictures need one"),
        (("a.png", "b.png"), "new.png", r"the name of one file.*such as 'new/'"),
        (("a.png", "b.png"), "-", "take one picture"),
        (("a.png",), ".", "is the picture itself"),
        (("a.png",), "", "has no name"),
        (("a.png",), "a.png/sub/", "is not a folder"),
        (("a.png",), "no/a.png", "does not exist"),
        (("a.png",), "x.xyz", "'.xyz' is unknown"),
    ],
)
def test_an_output_that_cannot_be(arguments: Sequence[str], output: str, said: str) -> None:
    """One sentence, before the work."""
    with pytest.raises(OutputError, match=said):
        planned(*arguments, output=output)


def test_nothing_is_written_over_what_is_read() -> None:
    """Guides, masks and recipes, by any name; a file that was typed may be its own result."""
    with pytest.raises(OutputError, match="is the guide"):
        planned("a.png", kept=[("./a-dream.png", "the guide"), (None, "the mask")])
    assert targets("a.png", output="a.png") == ["a.png"]


def test_two_results_of_one_name() -> None:
    """Refused where both were named; found in a folder, the second fails and the first is made."""
    make("x/a.png")
    with pytest.raises(OutputError, match="two pictures would both be written to"):
        planned("a.png", "x/a.png", output="out/")
    Path("x/a.heic").touch()
    first, second = planned("x", output="out/")
    assert first.problem is None
    assert "'x/a.heic'" in str(second.problem).replace("\\\\", "/")


def test_results_of_an_earlier_run_are_skipped() -> None:
    """In a glob that is given twice, and in a folder even without their picture."""
    make("a-dream.png", "a recipe")
    skipped = {one.source: one.skipped for one in planned("a-dream.png", "a.png")}
    assert skipped == {"a-dream.png": "it is the result of 'a.png'", "a.png": None}
    Path("a.png").unlink()
    (other, job) = sorted(planned("."), key=lambda one: one.skipped is None)
    assert "it is a dream already" in str(other.skipped)
    assert job.source == "b.png"


def test_results_in_another_format_are_recognized() -> None:
    """As an earlier run may have been asked for."""
    make("a-dream.jpg", "a recipe")
    assert planned("a.png", "a-dream.jpg")[1].skipped == "it is the result of 'a.png'"
    make("b-dream.jpg")
    assert planned("b.png", "b-dream.jpg", unmarked=True)[1].skipped is None


def test_the_folder_of_the_pictures_is_no_folder_for_results() -> None:
    """They would be written over; that is told once."""
    with pytest.raises(OutputError, match="is the picture itself"):
        planned(".", output=".")


def test_a_result_that_is_named_alone_is_taken() -> None:
    """Who wants a dream of a dream gets it."""
    make("a-dream.png", "a recipe")
    assert targets("a-dream.png") == ["a-dream-dream.png"]


def test_a_picture_that_is_only_called_like_a_result_is_kept() -> None:
    """Refused where both were named; in a folder, only the one in danger fails."""
    make("a-dream.png")
    with pytest.raises(OutputError, match="is another of the pictures"):
        planned("a.png", "a-dream.png")
    jobs = {one.source: one for one in planned(".")}
    assert "is another of the pictures" in str(jobs["a.png"].problem)
    assert jobs["a-dream.png"].problem is None
    # Results without recipes are told by their names alone.
    assert planned("a-dream.png", "a.png", unmarked=True)[0].skipped


def test_files_that_are_there_are_kept() -> None:
    """A result gets a number where its name is taken, by a file or by another result."""
    make("a-dream.png", "a recipe")
    make("a-dream-2.png", "a recipe")
    make("b-dream.png")
    Path("b.heic").touch()
    found = planned("a.png", "b.png", "b.heic", "b-dream.png", keeps_existing=True)
    assert [one.problem or one.skipped for one in found] == [None] * 4
    assert [one.target for one in found] == [
        "a-dream-3.png",
        "b-dream-2.png",
        "b-dream-3.png",
        "b-dream-dream.png",
    ]
    (typed,) = planned("a.png", output="a.png", keeps_existing=True)
    assert typed.target == "a-2.png"
    (piped,) = planned("-", output="-", keeps_existing=True)
    assert piped.target == "-"


def test_numbered_results_are_no_pictures_to_dream_on() -> None:
    """As little as those without a number."""
    make("a-dream-2.png", "a recipe")
    make("b-dream-2.png")
    skipped = [one.skipped for one in planned("a.png", "a-dream-2.png", "b.png", "b-dream-2.png")]
    assert skipped == [None, "it is the result of 'a.png'", None, None]
