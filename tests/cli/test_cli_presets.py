"""`dreamlayer presets`: sections, the user's own, and how one is saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import refused, run

from dreamlayer.core.recipe.presets import SECTIONS, STYLES, parse, preset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the user's presets are."""
    return tmp_path / "presets"


def ask(folder: Path, *arguments: object) -> str:
    """What the command prints."""
    done = run(*arguments, DREAMLAYER_PRESETS=str(folder))
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_sections_have_headings(folder: Path) -> None:
    """In their order, the user's last, where there are any."""
    text = ask(folder, "presets")
    places = [text.index(f"{one}:\n") for one in SECTIONS[:-1]]
    assert places == sorted(places)
    assert "Your own" not in text
    rows = json.loads(ask(folder, "presets", "--json"))
    assert (rows["spots"]["title"], rows["spots"]["section"]) == ("Leopard spots", "Animals")


def test_saved_preset_is_listed_and_used(folder: Path) -> None:
    """Under its own heading, and wherever presets are taken."""
    said = ask(folder, "presets", "--save", "my fur", "--preset", "fur", "--steps", "3")
    assert "saved as preset 'my fur'" in said
    text = ask(folder, "presets")
    assert f"Your own, in {folder}:\n  my fur" in text
    row = json.loads(ask(folder, "presets", "--json"))["my fur"]
    assert (row["command"], row["group"], row["section"]) == ("dream", "mine", "Your own")
    wanted = preset("fur").replace(steps=3)
    assert parse(ask(folder, "recipe", "--preset", "my fur")) == wanted
    assert parse(ask(folder, "recipe", "--recipe", folder / "my fur.toml")) == wanted


def test_style_preset_is_saved_too(folder: Path) -> None:
    """From a style's preset or recipe; what a style does not have is refused."""
    ask(folder, "presets", "--save", "brush", "--preset", "strokes", "--strength", "0.5")
    ask(folder, "presets", "--save", "brush 2", "--recipe", folder / "brush.toml")
    rows = json.loads(ask(folder, "presets", "--json"))
    assert {rows[name]["command"] for name in ("brush", "brush 2")} == {"style"}
    text = (folder / "brush 2.toml").read_text(encoding="utf-8")
    assert STYLES.parse(text) == STYLES.preset("strokes").replace(strength=0.5)
    options = ["--save", "x", "--preset", "strokes", "--steps", "3"]
    refused(run("presets", *options, DREAMLAYER_PRESETS=str(folder)), "style recipe has no steps")


def test_damaged_preset_is_one_line_of_warning(folder: Path) -> None:
    """On standard error; the rest is listed, and the command succeeds."""
    folder.mkdir()
    (folder / "bad.toml").write_text("steps = 'x'")
    (folder / "good.toml").write_text("steps = 3")
    done = run("presets", DREAMLAYER_PRESETS=str(folder))
    assert done.returncode == 0
    assert done.stdout.decode().rstrip().splitlines()[-1].split()[0] == "good"
    assert done.stderr.decode().count("\n") == 1
    assert "your preset 'bad': steps must be a whole number" in done.stderr.decode()
    done = run("presets", "--json", DREAMLAYER_PRESETS=str(folder))
    assert "good" in json.loads(done.stdout)
    assert json.loads(done.stderr)["event"] == "note"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--save", "fur"], "comes with dreamlayer"),
        (["--save", "a/b"], "slash"),
        (["--save", "x", "--preset", "none"], "no preset is called 'none'"),
        (["--save", "x", "--octaves-above", "3"], "octaves_above is 3"),
        (["--steps", "3"], "give --save NAME"),
        (["--preset", "fur"], "give --save NAME"),
    ],
)
def test_mistakes_are_one_sentence(folder: Path, options: list[str], problem: str) -> None:
    """And write nothing."""
    refused(run("presets", *options, DREAMLAYER_PRESETS=str(folder)), problem)
    assert not folder.exists()
