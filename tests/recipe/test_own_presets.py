"""The user's own presets: a folder of recipe files."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from dreamlayer.core.errors import OutputError, RecipeError
from dreamlayer.core.recipe import own_presets
from dreamlayer.core.recipe.presets import (
    DREAMS,
    MINE,
    STYLES,
    parse,
    preset,
    presets,
    shipped_names,
    style_preset,
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the presets, which is not there yet."""
    monkeypatch.setenv(own_presets.VARIABLE, str(tmp_path / "my présets"))
    return tmp_path / "my présets"


def put(folder: Path, name: str, text: str | bytes) -> None:
    """Write a file as somebody else may."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def test_folder_is_in_the_user_s_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the variable names none; a file there is no preset's."""
    monkeypatch.setenv(own_presets.VARIABLE, "")
    found = own_presets.folder()
    assert found is not None
    assert found.parts[-2:] == ("dreamlayer", "presets")
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CONFIG_HOME", "/somewhere")
        assert own_presets.folder() == Path("/somewhere/dreamlayer/presets")


def test_missing_folder_has_no_presets(folder: Path) -> None:
    """Nothing is created by looking."""
    assert DREAMS.own().found == {}
    assert DREAMS.own().problems == ()
    assert not folder.exists()


@pytest.mark.usefixtures("folder")
def test_saved_presets_are_found() -> None:
    """By `preset`, each for its command, beside those that ship, which do not change."""
    before = list(presets())
    mine, styled = preset("fur").replace(steps=3), style_preset("strokes").replace(rounds=2)
    own_presets.save("My fur", mine, shipped_names())
    own_presets.save("öl", styled, shipped_names())
    assert preset("My fur") == mine
    assert style_preset("öl") == styled
    assert (list(DREAMS.own().found), list(STYLES.own().found)) == (["My fur"], ["öl"])
    about = DREAMS.own().found["My fur"]
    assert (about.title, about.section, about.group) == ("My fur", "Your own", MINE)
    assert list(presets()) == before
    with pytest.raises(RecipeError, match="is for `dreamlayer style`"):
        preset("öl")
    with pytest.raises(RecipeError, match="did you mean My fur"):
        preset("My furr")


def test_files_by_hand_are_presets(folder: Path) -> None:
    """JSON or TOML, with a base and texts for people; other files are left alone."""
    put(
        folder, "a.json", '{"base": "gentle", "steps": 3, "title": "Alpha", "description": "Mild."}'
    )
    put(folder, "B.TOML", "base = 'gentle'\nsteps = 4")
    put(folder, "notes.txt", "hello")
    put(folder, ".c.toml", "steps = 5")
    own = DREAMS.own()
    assert list(own.found) == ["a", "B"]
    assert own.problems == ()
    assert (own.found["a"].title, own.found["a"].description) == ("Alpha", "Mild.")
    assert preset("a") == preset("gentle").replace(steps=3)
    assert preset("B") == preset("gentle").replace(steps=4)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("bad.toml", "steps = 'x'", "steps must be a whole number"),
        ("bad.toml", "steps = [", "neither JSON nor TOML"),
        ("bad.toml", b"\xff\xd8\xff", "not text"),
        ("bad.toml", b"steps = 3 #" + b"x" * (1 << 20), "longer than"),
        ("bad.json", '{"step": 3}', "unknown setting 'step'"),
        ("bad.json", '{"base": "bad"}', "no preset is called 'bad'"),
        ("bad.json", '{"command": "sing"}', "for `dreamlayer sing`"),
        ("fur.toml", "steps = 3", "comes with dreamlayer"),
        ("strokes.toml", "steps = 3", "comes with dreamlayer"),
    ],
)
def test_damaged_preset_is_one_sentence(folder: Path, name: str, text: str, problem: str) -> None:
    """Which names it; the others can be used."""
    put(folder, name, text)
    put(folder, "good.toml", "steps = 3")
    own = DREAMS.own()
    assert list(own.found) == ["good"]
    assert len(own.problems) == 1
    assert problem in own.problems[0]
    assert "\n" not in own.problems[0]
    assert preset("fur").steps == parse("base = 'fur'").steps


def test_preset_of_one_s_own_is_no_base(folder: Path) -> None:
    """Else two could build on each other, and a stranger's picture on what only one machine has."""
    put(folder, "a.toml", "base = 'b'")
    put(folder, "b.toml", "base = 'a'")
    assert len(DREAMS.own().problems) == 2


NAMES = {
    "": "has no name",
    "  ": "has no name",
    "a/b": "slash",
    "a\\b": "slash",
    "../x": "slash",
    "a:b": "colon",
    "con": "device",
    "COM1.x": "device",
    "x.": "ends with a dot",
    "x ": "ends with a dot or a space",
    " x": "begins with",
    ".x": "begins with",
    "-x": "begins with",
    "a\nb": "characters",
    "a\u202eb": "characters",
    "\ud800": "characters",
    "x" * 61: "at most 60",
    "fur": "comes with dreamlayer",
    "FUR": "comes with dreamlayer",
    "strokes": "comes with dreamlayer",
    "custom": "comes with dreamlayer",
}


@pytest.mark.parametrize("name", NAMES)
def test_name_that_cannot_be_is_refused(folder: Path, name: str) -> None:
    """In one sentence, and nothing is written."""
    with pytest.raises(RecipeError, match=NAMES[name]):
        own_presets.save(name, preset("fur"), shipped_names())
    assert not folder.exists()


@pytest.mark.usefixtures("folder")
def test_longest_name_is_a_file_s() -> None:
    """Also where each character takes four bytes."""
    own_presets.save("𝔸" * own_presets.MAX_NAME, preset("fur"), shipped_names())
    assert preset("𝔸" * own_presets.MAX_NAME) == preset("fur")


def test_saving_twice_replaces_the_file(folder: Path) -> None:
    """In the format that it has, with what its permissions were."""
    put(folder, "mine.json", '{"steps": 1}')
    (folder / "mine.json").chmod(0o600)
    path = own_presets.save("mine", preset("fur").replace(steps=7), shipped_names())
    assert path == folder / "mine.json"
    assert preset("mine").steps == 7
    assert [one.name for one in folder.iterdir()] == ["mine.json"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_letters_in_either_form_are_one_name(folder: Path) -> None:
    """macOS may return a name's letters and their marks apart."""
    own_presets.save("wo\u0308lfe", preset("fur"), shipped_names())
    assert preset("w\u00f6lfe") == preset("wo\u0308lfe") == preset("fur")
    put(folder, "ba\u0308r.toml", "steps = 3")
    assert "b\u00e4r" in DREAMS.own().found


@pytest.mark.usefixtures("folder")
def test_files_are_saved_with_their_full_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A preset works in every folder; names of networks stay."""
    (tmp_path / "flower.png").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    recipe = preset("like-guided").replace(guide="flower.png")
    own_presets.save("guided by a flower", recipe, shipped_names())
    saved = preset("guided by a flower")
    assert saved.guide == str(tmp_path / "flower.png")
    assert saved.network == recipe.network
    styled = style_preset("like-style").replace(styles=("flower.png", "gone.png"))
    own_presets.save("styled", styled, shipped_names())
    assert style_preset("styled").styles == (str(tmp_path / "flower.png"), "gone.png")


def test_folder_that_cannot_be_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence that names it and the way out."""
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv(own_presets.VARIABLE, str(tmp_path / "file" / "presets"))
    assert DREAMS.own().found == {}
    with pytest.raises(OutputError, match=r"cannot be created.*DREAMLAYER_PRESETS"):
        own_presets.save("mine", preset("fur"), shipped_names())
