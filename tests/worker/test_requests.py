"""Requests to the worker: what each key may hold."""

from __future__ import annotations

from typing import Any

import pytest

from dreamlayer.core.errors import RecipeError, RequestError
from dreamlayer.core.recipe.presets import preset
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.worker.parsing import id_of, parse_request
from dreamlayer.core.worker.requests import CancelRequest, DescribeRequest, DreamRequest

SMALL = {"type": "dream", "width": 3, "height": 2}


def nested(levels: int) -> Any:
    """A list in a list in a list."""
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def test_absent_keys_mean_the_defaults() -> None:
    """The least that a dream can say."""
    assert parse_request(SMALL, 96) == DreamRequest(
        None, 3, 2, Recipe(), "auto", 0, False, 0, "float32"
    )
    assert parse_request({"type": "describe"}, 0) == DescribeRequest(None, None)
    assert parse_request({"type": "cancel"}, 0) == CancelRequest(None)


def test_every_key_arrives() -> None:
    """What is said is what is done."""
    header = {
        **SMALL,
        "id": 7,
        "bytes": 60,
        "recipe": {"steps": 3, "layers": "mixed4:0.5"},
        "preset": "eyes",
        "provider": "cpu",
        "threads": 2,
        "mask": True,
        "preview": 256,
        "pixels": "uint16",
    }
    layers = Recipe.from_dict({"layers": "mixed4:0.5"}).layers
    expected = preset("eyes").replace(steps=3, layers=layers)
    request = DreamRequest(7, 3, 2, expected, "cpu", 2, True, 256, "uint16")
    assert parse_request(header, 60) == request
    named = parse_request({"type": "describe", "id": "a", "network": "default"}, 0)
    assert named == DescribeRequest("a", "default")


def test_former_names_replace_those_of_a_preset() -> None:
    """An editor's side of version 0.1 sends them."""
    header = {**SMALL, "preset": "eyes", "recipe": {"roll": "3", "floor": 0.5}}
    wanted = preset("eyes").replace(jitter="3", min_divisor=0.5)
    request = parse_request(header, 96)
    assert isinstance(request, DreamRequest)
    assert request.recipe == wanted


WRONG: list[Any] = [None, True, -1, 0, 1.5, 2**31, 10**4000, float("nan"), "x", [], nested(300)]


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("type", []),
        ("width", []),
        ("height", []),
        ("recipe", []),
        ("preset", ["x"]),
        ("provider", ["x"]),
        ("threads", [0]),
        ("mask", [True]),
        ("preview", [0]),
        ("pixels", []),
    ],
)
def test_wrong_value_of_a_key_is_one_short_sentence(key: str, allowed: list[Any]) -> None:
    """Each key says what it must be, whatever else came."""
    for value in WRONG:
        if any(value is a or (value == a and type(value) is type(a)) for a in allowed):
            continue
        with pytest.raises(RequestError, match=f"'{key}' must be") as caught:
            parse_request({**SMALL, key: value}, 96)
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize("value", [True, 1.5, [], {}, "x" * 1001])
def test_id_that_cannot_be_repeated_is_refused(value: object) -> None:
    """And the reply's id is null."""
    with pytest.raises(RequestError, match="'id' must be"):
        parse_request({"type": "cancel", "id": value}, 0)
    assert id_of({"id": value}) is None


@pytest.mark.parametrize(
    ("header", "size", "message"),
    [
        (
            {},
            0,
            "'type' must be one of dream, animate, style, gallery, describe, cancel, but is None",
        ),
        ({"type": "draem"}, 0, "but is 'draem'"),
        ({"type": "dream", "width": 3}, 0, "dream needs 'height'"),
        ({**SMALL, "widht": 3}, 96, "no key 'widht'; did you mean width"),
        ({**SMALL, "x" * 9999: 3}, 96, "it may have type, id, bytes, width"),
        (SMALL, 0, "96 bytes must follow for 3 × 2 float32 pixels, but 'bytes' is 0"),
        ({**SMALL, "pixels": "uint8"}, 96, "24 bytes must follow for 3 × 2 uint8 pixels, but"),
        ({**SMALL, "pixels": "uint16", "mask": True}, 96, "60 bytes must follow .* with a mask"),
        ({**SMALL, "pixels": "float16"}, 96, "one of float32, uint8, uint16, but is 'float16'"),
        ({**SMALL, "pixels": "<u2"}, 48, "'pixels' must be one of"),
        ({**SMALL, "mask": True}, 96, "120 bytes must follow .* with a mask"),
        ({"type": "cancel"}, 5, "nothing may follow cancel, but 5 bytes do"),
        ({"type": "describe", "network": 3}, 0, "'network' must be text"),
        ({"type": "describe", "recipe": {}}, 0, "describe has no key 'recipe'"),
    ],
)
def test_bad_request_is_one_sentence(header: dict[str, Any], size: int, message: str) -> None:
    """Missing, unknown and contradicting keys."""
    with pytest.raises(RequestError, match=message):
        parse_request(header, size)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"recipe": {"octavs": 3}}, "did you mean octaves"),
        ({"recipe": {"steps": -1}}, "steps must lie between"),
        ({"recipe": {"step_size": float("nan")}}, "finite"),
        ({"recipe": {"layers": "a:b:c"}}, "cannot be read"),
        ({"preset": "defualt"}, "did you mean default"),
    ],
)
def test_bad_recipe_is_one_sentence(keys: dict[str, Any], message: str) -> None:
    """The recipe's own rules hold here too."""
    with pytest.raises(RecipeError, match=message):
        parse_request({**SMALL, **keys}, 96)
