"""Arguments stand for pictures: files, folders, patterns; each once, in natural order."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from PIL import Image

from dreamlayer.core.cli.inputs import Input, check_streams, find_inputs, natural
from dreamlayer.core.errors import OptionError

LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need permission there")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Some pictures, and what is none."""
    for name in ("p10.png", "p9.png", "P1.JPG", "a[1].png", "a1.png", "sub/deep.png", "b/c/x.tif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"not looked at")
    for name in ("notes.txt", ".hidden.png", "Thumbs.db", "clip.mp4", "plain"):
        (tmp_path / name).write_bytes(b"no picture")
    Image.new("L", (2, 2)).save(tmp_path / "unnamed", "PNG")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(*arguments: str, recursive: bool = False, output: str | None = None) -> list[str]:
    """What is found, with slashes."""
    found = find_inputs(arguments, recursive=recursive, output=output)
    return [one.name.replace("\\", "/") for one in found]


@pytest.mark.usefixtures("folder")
def test_a_folder_stands_for_its_pictures() -> None:
    """By their endings, without one by their content; nothing hidden, in natural order."""
    wanted = ["a1.png", "a[1].png", "P1.JPG", "p9.png", "p10.png", "unnamed"]
    assert names(".") == wanted
    assert names(".", recursive=True) == [*wanted, "b/c/x.tif", "sub/deep.png"]


def test_the_path_below_the_folder_is_kept(folder: Path) -> None:
    """So that results get the same structure."""
    found = find_inputs([str(folder / "b")], recursive=True)
    assert [(Path(one.name), Path(one.below)) for one in found] == [
        (folder / "b" / "c" / "x.tif", Path("c/x.tif"))
    ]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("p*.png", ["p9.png", "p10.png"]),
        ("p?.png", ["p9.png"]),
        ("[ab]*.png", ["a1.png", "a[1].png"]),
        ("a[1].png", ["a[1].png"]),
        ("a[[]1].png", ["a[1].png"]),
        ("**/*.png", ["a1.png", "a[1].png", "p9.png", "p10.png", "sub/deep.png"]),
        ("*/*.png", ["sub/deep.png"]),
        ("su*", ["sub/deep.png"]),
    ],
)
def test_patterns(pattern: str, wanted: list[str]) -> None:
    """Those that shells know; but a file of that very name is taken as it is."""
    assert names(pattern) == wanted


@pytest.mark.usefixtures("folder")
def test_a_pattern_that_matches_nothing_is_one_problem() -> None:
    """The other arguments count."""
    (first, second) = find_inputs(["x*.png", "p9.png"])
    assert first.problem == "no file matches 'x*.png'; check the pattern and the folder"
    assert (second.name, second.problem, second.typed) == ("p9.png", None, True)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("pattern", ["[z-a].png", "[!].png", "*" * 300, "[[]]]**[", "a[1.png"])
def test_odd_patterns_are_no_tracebacks(pattern: str) -> None:
    """Whatever they match."""
    assert find_inputs([pattern])


def test_a_folder_without_pictures_is_one_problem(folder: Path) -> None:
    """Also where a pattern leads to it; what to do is told."""
    (folder / "empty").mkdir()
    for argument in ("empty", "emp*"):
        (found,) = find_inputs([argument])
        assert "no picture in the folder 'empty'" in str(found.problem)
        assert "--recursive" in str(found.problem)
    (found,) = find_inputs(["empty"], recursive=True)
    assert "--recursive" not in str(found.problem)


def test_each_file_is_taken_once(folder: Path) -> None:
    """By whatever names, the first of which counts."""
    other = str(folder / "sub" / ".." / "p9.png")
    assert names("p9.png", other, str(folder / "p9.png"), "p*.png") == ["p9.png", "p10.png"]
    assert names(".", "p9.png").count("p9.png") == 1


@LINKS
def test_links_in_circles_are_followed_once(folder: Path) -> None:
    """A folder that leads to one above it, and a loop of links."""
    (folder / "sub" / "up").symlink_to("..")
    (folder / "round").symlink_to("round")
    assert names(".", recursive=True).count("sub/deep.png") == 1


@LINKS
def test_a_broken_link_is_not_passed_over(folder: Path) -> None:
    """It will be told of; pipes and the like are no pictures."""
    (folder / "lost.png").symlink_to("gone.png")
    os.mkfifo(folder / "pipe.png")
    assert "lost.png" in names(".")
    assert "pipe.png" not in names(".")


def test_the_folder_of_the_results_is_not_searched(folder: Path) -> None:
    """Also where it lies within; a file in it that was named is taken."""
    (folder / "sub" / "dreams").mkdir()
    (folder / "sub" / "dreams" / "old.png").write_bytes(b"")
    for arguments in (("sub",), ("**/*.png",), ("sub/dreams/*.png", "sub")):
        found = names(*arguments, recursive=True, output="sub/dreams/")
        assert "sub/deep.png" in found
        assert "sub/dreams/old.png" not in found
    assert names("sub/dreams/old.png", output="sub/dreams") == ["sub/dreams/old.png"]


@pytest.mark.usefixtures("folder")
def test_the_shells_star_names_the_folder_of_the_results_too() -> None:
    """From the second run on it is there; named alone, it is taken."""
    assert names("a1.png", "sub", output="sub") == ["a1.png"]
    assert names("a1.png", "sub/", output="./sub/") == ["a1.png"]
    assert names("sub", output="sub") == ["sub/deep.png"]


@pytest.mark.usefixtures("folder")
def test_a_name_that_looks_like_an_option_keeps_its_dot() -> None:
    """It can be given back to the command."""
    Path("-x.png").write_bytes(b"")
    assert names(".")[0] == "./-x.png"


def test_standard_input_is_one_picture() -> None:
    """Twice is a mistake."""
    check_streams([Input("-", "-"), Input("a.png", "a.png")])
    with pytest.raises(OptionError, match="take one picture"):
        check_streams(find_inputs(["-", "-"]))


def test_natural_order() -> None:
    """Numbers by their value, letters whatever their case."""
    given = ["b2", "B10", "a", "b2x", "10", "9"]
    assert sorted(given, key=natural) == ["9", "10", "a", "b2", "b2x", "B10"]
