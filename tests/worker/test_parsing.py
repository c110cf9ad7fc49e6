"""Requests of protocol 2: what each new key may hold."""

from __future__ import annotations

from typing import Any

import pytest

from dreamlayer.core.errors import RecipeError, RequestError
from dreamlayer.core.recipe.presets import style_preset
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.worker.parsing import parse_request
from dreamlayer.core.worker.protocol import FIRST
from dreamlayer.core.worker.requests import (
    DreamRequest,
    FurtherPicture,
    GalleryRequest,
    StyleRequest,
)

SMALL = {"type": "dream", "width": 3, "height": 2}
STYLE = {"type": "style", "width": 3, "height": 2, "styles": [{"width": 2, "height": 1}]}
ONE = {"width": 2, "height": 1}


def test_guide_is_read_with_its_size() -> None:
    """Behind the pixels and the mask, in their type."""
    request = parse_request({**SMALL, "guides": [ONE], "mask": True, "pixels": "uint8"}, 38)
    assert isinstance(request, DreamRequest)
    assert request.further == (FurtherPicture(2, 1),)
    assert parse_request({**SMALL, "guides": []}, 96) == parse_request(SMALL, 96)


def test_style_has_its_recipe_and_weights() -> None:
    """Absent parameters are a preset's or the defaults; those of other pictures do not count."""
    styles = [{**ONE, "weight": 2}, ONE]
    request = parse_request({**STYLE, "styles": styles}, 160)
    assert isinstance(request, StyleRequest)
    assert request.recipe == StyleRecipe(style_weights=(2.0, 1.0))
    assert request.further == (FurtherPicture(2, 1, 2.0), FurtherPicture(2, 1, 1.0))
    own = {"rounds": 2, "styles": ["a.png", "b.png", "c.png"], "style_weights": [1, 2, 3]}
    request = parse_request({**STYLE, "recipe": own, "preset": "strokes"}, 128)
    assert isinstance(request, StyleRequest)
    wanted = style_preset("strokes").replace(rounds=2, styles=(), style_weights=(1.0,))
    assert request.recipe == wanted


def test_gallery_has_defaults() -> None:
    """Channels are a list or text, each once."""
    assert parse_request({"type": "gallery"}, 0) == GalleryRequest(None)
    header = {"type": "gallery", "id": 1, "layer": "mixed3", "channels": "4-6+1", "side": 64}
    request = parse_request(header, 0)
    assert request == GalleryRequest(1, layer="mixed3", channels=(4, 5, 6, 1), side=64)
    request = parse_request({**header, "channels": [3, 1, 3]}, 0)
    assert isinstance(request, GalleryRequest)
    assert request.channels == (3, 1)


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({**SMALL, "guides": {}}, 96, "'guides' must be a list"),
    ({**SMALL, "guides": [3]}, 96, "picture 1 of 'guides' must be an object, but is 3"),
    ({**SMALL, "guides": [{"width": 2}]}, 96, "picture 1 of 'guides' needs 'height'"),
    ({**SMALL, "guides": [{**ONE, "width": 0}]}, 96, "'width' must be a whole number from 1"),
    ({**SMALL, "guides": [{**ONE, "weight": 1}]}, 96, "no key 'weight'; it may have width, height"),
    ({**SMALL, "guides": [ONE, ONE]}, 160, "'guides' lists 2 pictures, but at most 1 can be used"),
    ({**SMALL, "guides": [ONE]}, 96, "128 bytes must follow for 3 × 2 float32 pixels and 2 × 1"),
    ({**STYLE, "styles": []}, 96, "'styles' is empty"),
    ({"type": "style", "width": 3, "height": 2}, 96, "style needs 'styles'"),
    ({"type": "style", "styles": [ONE]}, 32, "style needs 'width'"),
    ({**STYLE, "styles": [{**ONE, "weight": -1}]}, 128, "'weight' must be a number from 0"),
    ({**STYLE, "styles": [{**ONE, "weight": float("nan")}]}, 128, "'weight' must be a number"),
    ({**STYLE, "styles": [{**ONE, "weight": True}]}, 128, "'weight' must be a number"),
    ({**STYLE, "styles": [ONE] * 101}, 96 + 3232, "lists 101 pictures, but at most 100"),
    ({**STYLE, "styles": [ONE] * 5}, 1, "2 × 1, 2 × 1, 2 × 1 of 5 further pictures"),
    ({**STYLE, "guides": [ONE]}, 128, "style has no key 'guides'"),
    ({"type": "gallery", "side": 15}, 0, "'side' must be a whole number from 16 to 512"),
    ({"type": "gallery", "side": 64.0}, 0, "'side' must be a whole number"),
    ({"type": "gallery", "channels": [1]}, 0, "name it with 'layer'"),
    ({"type": "gallery", "layer": "a", "channels": [-1]}, 0, "'channels' must be a list of whole"),
    ({"type": "gallery", "layer": "a", "channels": 3}, 0, "'channels' must be a list of whole"),
    ({"type": "gallery", "layer": "a", "channels": list(range(5000))}, 0, "at most 4096"),
    ({"type": "gallery", "layer": 3}, 0, "'layer' must be text"),
    ({"type": "gallery"}, 8, "nothing may follow gallery"),
]


@pytest.mark.parametrize(("header", "size", "message"), BAD)
def test_bad_request_is_one_sentence(header: dict[str, Any], size: int, message: str) -> None:
    """Missing, unknown and contradicting keys."""
    with pytest.raises(RequestError) as caught:
        parse_request(header, size)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"recipe": {"steps": 3}}, "unknown setting 'steps'"),
        ({"recipe": {"command": "dream"}}, "is for `dreamlayer dream`"),
        ({"preset": "fur"}, "is for `dreamlayer dream"),
        ({"styles": [{**ONE, "weight": 0}]}, "not all 0"),
    ],
)
def test_bad_style_recipe_is_one_sentence(keys: dict[str, Any], message: str) -> None:
    """The style recipe's own rules hold here too."""
    with pytest.raises(RecipeError, match=message):
        parse_request({**STYLE, **keys}, 128)


def test_channels_that_cannot_be_read() -> None:
    """Text has the form of the command line's."""
    with pytest.raises(RecipeError, match="channels 'x' cannot be read"):
        parse_request({"type": "gallery", "layer": "a", "channels": "x"}, 0)


@pytest.mark.parametrize("header", [{**SMALL, "guides": []}, STYLE, {"type": "gallery"}])
def test_version_1_has_none_of_it(header: dict[str, Any]) -> None:
    """What it does not know it refuses as before."""
    with pytest.raises(RequestError, match=r"has no key 'guides'|one of dream, describe, cancel,"):
        parse_request(header, 96, FIRST)
