"""What the dialog of Style Transfer asks of the worker for a preview."""

from __future__ import annotations

from typing import Any

import pytest
from plugin_modules import FOLDER, module

plan = module("editor.style.preview_plan")
settings = module("editor.settings").Settings(str(FOLDER), "style")


def _recipe(**changed: Any) -> dict[str, Any]:
    made: dict[str, Any] = settings.recipe("custom", changed)
    return made


@pytest.mark.parametrize(
    ("size", "longest", "side", "octaves"),
    [(512, 4000, 256, 2), (0, 4000, 256, 1), (128, 4000, 128, 3), (512, 100, 100, 3)],
)
def test_preview_is_small(size: int, longest: int, side: int, octaves: int) -> None:
    """It has 256 pixels at most, and leaves out as many octaves as it is smaller."""
    made = plan.recipe_for(_recipe(size=size), longest)
    assert (made["size"], made["octaves"]) == (side, octaves)


def test_preview_has_few_steps() -> None:
    """One round of 16 steps at most; what the painter set otherwise stays."""
    made = plan.recipe_for(_recipe(rounds=7, evaluations=50, keep_colors=True), 600)
    assert (made["rounds"], made["evaluations"], made["keep_colors"]) == (1, 16, True)
    assert plan.recipe_for(_recipe(evaluations=3), 600)["evaluations"] == 3


def test_strength_needs_no_other_preview() -> None:
    """The dialog blends by itself."""
    weak, strong = (plan.recipe_for(_recipe(strength=s), 600) for s in (0.0, 0.8))
    assert weak == strong
    assert weak["strength"] == 1.0
