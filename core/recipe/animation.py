"""What is asked of an animation: how many frames, and how each follows from the one before."""

from __future__ import annotations

import math
from dataclasses import dataclass

from dreamlayer.core.errors import RecipeError

MAX_FRAMES = 100_000
MIN_ZOOM, MAX_ZOOM = 0.5, 2.0
MAX_ROTATION = 180.0


@dataclass(frozen=True)
class Animation:
    """How a picture becomes frames.

    Parameters
    ----------
    frames : int
        Their number, 1 to `MAX_FRAMES`; the first is the dream of the picture itself.
    zoom : float
        The factor by which everything grows from frame to frame, `MIN_ZOOM` to `MAX_ZOOM`.
    rotation : float
        Degrees clockwise from frame to frame, at most `MAX_ROTATION` to either side.
    steps : int
        Steps on each octave of every frame but the first. What grows in many frames needs few in
        each; more than the recipe has are not taken.

    Raises
    ------
    RecipeError
        One of them is out of its range.
    """

    frames: int = 24
    zoom: float = 1.02
    rotation: float = 0.0
    steps: int = 2

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("frames", self.frames, 1, MAX_FRAMES),
            ("zoom", self.zoom, MIN_ZOOM, MAX_ZOOM),
            ("rotation", self.rotation, -MAX_ROTATION, MAX_ROTATION),
            ("steps of a frame", self.steps, 0, math.inf),
        ):
            # Not a number is not between either.
            if not low <= value <= high:
                allowed = f"{low:g} or more" if high == math.inf else f"{low:g} to {high:g}"
                raise RecipeError(f"{name} must be {allowed}, but is {value:g}")
