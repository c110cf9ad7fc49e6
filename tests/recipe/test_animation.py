"""What may be asked of an animation."""

from __future__ import annotations

from typing import Any

import pytest

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.recipe.animation import Animation


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"frames": 0}, "frames must be 1 to 100000, but is 0"),
        ({"frames": 100_001}, "frames must be 1 to"),
        ({"zoom": 0.4}, "zoom must be 0.5 to 2, but is 0.4"),
        ({"zoom": float("nan")}, "zoom must be 0.5 to 2, but is nan"),
        ({"rotation": -181.0}, "rotation must be -180 to 180, but is -181"),
        ({"steps": -1}, "steps of a frame must be 0 or more, but is -1"),
    ],
)
def test_values_out_of_range(values: dict[str, Any], says: str) -> None:
    """Each is refused in a sentence that has the range."""
    with pytest.raises(RecipeError, match=says):
        Animation(**values)


def test_limits_are_allowed() -> None:
    """They are part of the range."""
    assert Animation(1, 0.5, -180.0, 0) != Animation(100_000, 2.0, 180.0, 10**6)
