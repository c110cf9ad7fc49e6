"""Options made from the recipes' fields: short help, whole help, and the names of version 0.1."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import pytest

from dreamlayer.core.cli.options import DREAM, STYLE, Form, add_recipe_options, recipe_of
from dreamlayer.core.cli.program import Parser, joined, main
from dreamlayer.core.recipe.fields import former_names
from dreamlayer.core.recipe.parameters import Parameters


def told(form: Form[Parameters], *arguments: str) -> Parameters:
    """The recipe that these options describe."""
    parser = Parser(prog="toy")
    add_recipe_options(parser, form)
    return recipe_of(parser.parse_args(joined(arguments)), form)


def help_of(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str
) -> str:
    """What a terminal of 80 columns shows."""
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", ["dream", "style", "features", "gallery", "recipe"])
def test_help_fits_a_screen(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty lines at most, which name the way to all options; those show all of these, too."""
    short = help_of(capsys, monkeypatch, command, "--help")
    assert len(short.splitlines()) <= 30
    assert "--help-all" in short
    whole = help_of(capsys, monkeypatch, command, "--help-all")
    options = re.compile(r"^  (?:-\w.*)?(--[a-z-]+)", re.MULTILINE)
    assert set(options.findall(short)) < set(options.findall(whole))


@pytest.mark.parametrize("form", [DREAM, STYLE], ids=["dream", "style"])
def test_what_the_short_help_shows_exists(form: Form[Parameters]) -> None:
    """And every parameter has a heading to stand under."""
    fields = {one.name: one for one in dataclasses.fields(form.presets.kind)}  # type: ignore[arg-type]
    assert set(form.main) <= set(fields)
    for name, one in fields.items():
        assert one.metadata.get("positional") or one.metadata["group"], name


@pytest.mark.parametrize(
    ("arguments", "parameter", "value"),
    [
        (("--roll", "-9..9"), "jitter", "-9..9"),
        (("--roll=none",), "jitter", "none"),
        (("--normalise", "std"), "normalize", "std"),
        (("--normalise-tiles", "mean"), "normalize_tiles", "mean"),
        (("--smallest", "40"), "min_octave_side", 40),
        (("--floor", "0.5"), "min_divisor", 0.5),
        (("--working-side", "640"), "max_side", 640),
        (("--smoothing-colours",), "smoothing_colors", True),
        (("--no-smoothing-colours",), "smoothing_colors", False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_options_of_version_0_1_still_work(
    arguments: Sequence[str], parameter: str, value: object
) -> None:
    """They are hidden, and mean what they meant."""
    assert getattr(told(DREAM, *arguments), parameter) == value


def test_style_options_of_version_0_1_still_work() -> None:
    """The British spelling."""
    assert told(STYLE, "--keep-colours") == told(STYLE, "--keep-colors")


@pytest.mark.parametrize("form", [DREAM, STYLE], ids=["dream", "style"])
def test_former_names_are_hidden(form: Form[Parameters]) -> None:
    """Not even the whole help shows them."""
    parser = Parser(prog="toy", whole=True)
    add_recipe_options(parser, form)
    names = former_names(form.presets.kind)
    assert names
    for name in names:
        assert not re.search(rf"--{name.replace('_', '-')}\b(?!-)", parser.format_help())


def test_none_and_auto_are_values() -> None:
    """Of parameters that have no number, or find it themselves."""
    recipe = told(DREAM, "--max-loss", "none", "--tile", "auto")
    assert (recipe.shallow()["max_loss"], recipe.shallow()["tile"]) == (None, 0)


@pytest.mark.parametrize(
    ("form", "typed", "parameter"),
    [(DREAM, "--smoothing-colo", "smoothing_colors"), (STYLE, "--keep-c", "keep_colors")],
)
def test_former_names_make_no_abbreviation_ambiguous(
    form: Form[Parameters], typed: str, parameter: str
) -> None:
    """Both names are of one option."""
    assert getattr(told(form, typed), parameter) is True
