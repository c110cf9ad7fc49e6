"""Recipes from files are read within limits, and what is wrong in them is told in short."""

from __future__ import annotations

import json

import pytest

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.recipe.parameters import parse_table
from dreamlayer.core.recipe.presets import parse
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import MAX_TERMS, Term, parse_channels, parse_term, parse_terms

FAR = 100_000
ENDLESS = "mixed3 \x1b[31m" * FAR

TOO_MUCH = {
    "layers in text": {"layers": "mixed3," * FAR + "mixed3"},
    "layers in a list": {"layers": ["mixed3"] * FAR},
    "layers in texts": {"layers": ["mixed3," * 900 + "mixed3"] * 9},
    "tables": {"layers": [{"layer": "mixed3"}] * 20_000},
    "channels": {"layers": [{"layer": "mixed3", "channels": [0] * 90_000}]},
    "ranges": {"layers": "mixed3:1:" + "+".join(["0-999999"] * 1000)},
    "text": {"guide": ENDLESS},
}

WRONG = {
    "name": {ENDLESS: 1},
    "choice": {"scheme": "x" * FAR},
    "type": {"steps": "x" * FAR},
    "list": {"canvas": ["deep"] * FAR},
    "nested": {"layers": [{"layer": "mixed3", "channels": "x" * FAR}]},
    "number": {"seed": int("9" * 4000)},
    "kind": {"layers": [{"layer": ENDLESS[:5000], "kind": "x" * FAR}]},
    "layer": {"layers": ["mixed3:::::" + "x" * FAR]},
    "digits": {"layers": ["mixed3:" + "1" * 50_000 + "x"]},
    "more digits": {"layers": ["mixed3:" + "1" * 900_000 + "x"]},
    "option": {"layers": ["mixed3:1:::border=" + "x" * FAR]},
    "command": {"command": ENDLESS[:5000]},
    "base": {"base": "x" * FAR},
    "jitter": {"jitter": "x" * FAR},
}


@pytest.mark.parametrize("plain", [*TOO_MUCH.values(), *WRONG.values()], ids=[*TOO_MUCH, *WRONG])
def test_one_short_sentence(plain: dict[str, object]) -> None:
    """Whatever a file holds, neither time nor terminal are spent on it."""
    with pytest.raises(RecipeError) as caught:
        parse(json.dumps(plain))
    sentence = str(caught.value)
    assert len(sentence) < 800
    assert sentence.isprintable()


@pytest.mark.parametrize(
    "text",
    ["", "[", "{", "a = ", "a" * 2_000_000, '{"a":' * 10_000, "[a]\n" * 3, "\0", "a.b" * 9999],
)
def test_what_is_no_table_is_said(text: str) -> None:
    """JSON or TOML that ends, nests without end, or repeats itself."""
    if not text:
        assert parse(text) == Recipe()
        return
    with pytest.raises(RecipeError) as caught:
        parse(text)
    assert len(str(caught.value)) < 800


@pytest.mark.parametrize(
    "text",
    ["a." * 500_000 + "a = 1", "[" + "a." * 500_000 + "a]", "x = {" + "a." * 400_000 + "a = 1}"],
    ids=["key", "table", "inline table"],
)
def test_keys_without_end_are_not_followed(text: str) -> None:
    """TOML's reader takes the square of a dotted key's length."""
    with pytest.raises(RecipeError, match="a key of more than 50 parts"):
        parse(text)


def test_numbers_without_end_are_out_of_bounds() -> None:
    """TOML knows them in hexadecimal, and Python does not write them."""
    with pytest.raises(RecipeError, match=r"seed must lie between .* but is a number without end"):
        parse("seed = 0x" + "f" * 100_000)


def test_the_limits_leave_room() -> None:
    """All layers of a deep network, and all channels of a wide one."""
    assert len(parse_terms(",".join(f"layer_{n}" for n in range(MAX_TERMS)))) == MAX_TERMS
    assert parse_term("fc6:1:0-4095").channels == tuple(range(4096))
    assert len(parse_channels("0-4095,0-4095")) == 4096
    recipe = Recipe(layers=tuple(Term(f"layer_{n}", 0.5) for n in range(MAX_TERMS)))
    assert parse(recipe.to_json()) == recipe


@pytest.mark.parametrize(
    "text",
    [
        "{keys}a = 1",
        "[{keys}a]",
        "[[{keys}a]]",
        "steps = 3\nx = {{ {keys}a = 1 }}",
        "x = [\n  {{ {keys}a = 1 }}\n]",
    ],
)
@pytest.mark.parametrize("part", ["a.", "a . ", '"a".', "'a'.\t", '"a\\"b".'])
def test_keys_of_many_parts(text: str, part: str) -> None:
    """Python's reader of TOML would take minutes for what fits into a picture."""
    with pytest.raises(RecipeError, match=r"^x has a key of more than 50 parts with dots"):
        parse_table(text.format(keys=part * 100), "x")


@pytest.mark.parametrize(
    "text",
    [
        f"x = [{'0.5, ' * 200}0.5]",
        f'x = "{"a." * 200}b"',
        f"x = '{'a.' * 200}b'",
        f"x = 1 # {'. ' * 200}",
        "a.b = 1\n" + "".join(f"[t{i}.u]\nv.w = 0.5\n" for i in range(100)),
    ],
)
def test_dots_elsewhere(text: str) -> None:
    """Numbers, texts and many short keys are no such keys."""
    assert parse_table(text, "x")
