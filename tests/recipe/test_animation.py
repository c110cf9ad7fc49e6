"""What may be asked of an animation."""

from __future__ import annotations

from typing import Any

import pytest

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.recipe.animation import Animation


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"frames": 0}, "frames must be a whole number from 1 to 100000, but is 0"),
        ({"frames": 100_001}, "frames must be a whole number from 1 to"),
        ({"frames": 2.5}, "frames must be a whole number from 1 to 100000, but is 2.5"),
        ({"frames": "3"}, "frames must be .*, but is '3'"),
        ({"zoom": 0.4}, "zoom must be a number from 0.5 to 2.0, but is 0.4"),
        ({"zoom": float("nan")}, "zoom must be a number from 0.5 to 2.0, but is nan"),
        ({"rotation": -181.0}, "rotation must be a number from -180.0 to 180.0, but is -181"),
        ({"rotation": None}, "rotation must be a number"),
        ({"steps": -1}, "steps of a frame must be a whole number from 0 to 100000, but is -1"),
        ({"steps": True}, "steps of a frame must be"),
    ],
)
def test_values_out_of_range(values: dict[str, Any], says: str) -> None:
    """Each is refused in a sentence that has the range."""
    with pytest.raises(RecipeError, match=says):
        Animation(**values)


@pytest.mark.parametrize("values", [(1, 0.5, -180.0, 0), (100_000, 2, 180, 100_000)])
def test_limits_are_allowed(values: tuple[Any, ...]) -> None:
    """They are part of the range."""
    made = Animation(*values)
    assert (made.frames, made.zoom, made.rotation, made.steps) == values
