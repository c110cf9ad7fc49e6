"""Layers as they are written on a command line."""

from __future__ import annotations

import pytest

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.recipe.term import Term, format_term, format_terms, parse_term, parse_terms


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("mixed3", Term("mixed3")),
        ("mixed3:0.5", Term("mixed3", 0.5)),
        ("mixed3:-2", Term("mixed3", -2.0)),
        ("a/b_1:1e-2", Term("a/b_1", 0.01)),
        ("conv2d_85::13+139", Term("conv2d_85", 1.0, (13, 139))),
        ("conv2d_85:1:3-5+9:mean", Term("conv2d_85", 1.0, (3, 4, 5, 9), "mean")),
        ("x:::mean", Term("x", 1.0, (), "mean")),
        ("x:0.12345678912", Term("x", 0.12345678912)),
        ("mixed2:0.2:::border=2", Term("mixed2", 0.2, border=2)),
        ("a:1:3:neuron:position=4x5", Term("a", 1.0, (3,), "neuron", position=(4, 5))),
        ("a:1::caricature:factor=2.5", Term("a", 1.0, (), "caricature", factor=2.5)),
        ("image:-1::variation:exponent=1", Term("image", -1.0, (), "variation", exponent=1.0)),
    ],
)
def test_term_is_read_and_written_back(text: str, term: Term) -> None:
    """Reading gives the term, and writing it gives something that reads the same."""
    assert parse_term(text) == term
    assert parse_term(format_term(term)) == term


def test_terms_are_separated_by_commas() -> None:
    """One or several, with or without blanks, there and back."""
    terms = (Term("mixed3"), Term("x/y", -0.5, (1, 4), "mean"))
    assert parse_terms("mixed3,x/y:-.5:1+4:mean") == terms
    assert parse_terms(format_terms(terms)) == terms
    assert parse_terms(" mixed3 ") == terms[:1]


@pytest.mark.parametrize("text", ["", ",", "mixed3,", "mixed3,,mixed4", "mixed3;mixed4:x"])
def test_unreadable_list_of_terms_says_how_to_write_one(text: str) -> None:
    """An empty place in the list is a mistake like any other."""
    with pytest.raises(RecipeError, match="write NAME"):
        parse_terms(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mixed3:x",
        "mixed3:1:a",
        "mixed3:1:2:mean:more",
        "m:1:-3",
        "m:1:0-99999999999",
        "m:1:" + "9" * 5000,
    ],
)
def test_unreadable_term_says_how_to_write_one(text: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(RecipeError, match="write NAME"):
        parse_term(text)


def test_unknown_kind_names_the_known_ones() -> None:
    """A kind that does not exist is refused."""
    with pytest.raises(RecipeError, match="squares, mean"):
        parse_term("mixed3:1::median")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:1::mean:bordr=2", "did you mean border"),
        ("a:1::mean:border=x", "border must be a number"),
        ("a:1::neuron:position=5", "position must be ROWxCOLUMN"),
        ("a:1::mean:factor", "write NAME"),
        ("a:1::mean:factor=3", "factor, which only caricature read"),
        ("a:1::guide:border=3", "border, which only squares and mean read"),
    ],
)
def test_unknown_option_of_a_layer_is_refused(text: str, message: str) -> None:
    """Each with what there is, or with how it is written."""
    with pytest.raises(RecipeError, match=message):
        parse_term(text)


def test_channel_range_backwards_is_refused() -> None:
    """A range whose end comes first would silently choose nothing."""
    with pytest.raises(RecipeError, match="7-3"):
        parse_term("mixed3:1:7-3")


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_weight_must_be_finite(weight: float) -> None:
    """A weight that is no number would poison the whole picture."""
    with pytest.raises(RecipeError, match="weight"):
        Term("mixed3", weight)
