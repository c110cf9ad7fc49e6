"""What is asked of an animation: how many frames, and how each follows from the one before."""

from __future__ import annotations

from dataclasses import dataclass

from dreamlayer.core.errors import RecipeError

MAX_FRAMES = 100_000
MIN_ZOOM, MAX_ZOOM = 0.5, 2.0
MAX_ROTATION = 180.0
MAX_STEPS = 100_000


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
        Steps on each octave of every frame but the first, 0 to `MAX_STEPS`. What grows in many
        frames needs few in each; more than the recipe has are not taken.

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
        for name, value, low, high, kinds in (
            ("frames", self.frames, 1, MAX_FRAMES, (int,)),
            ("zoom", self.zoom, MIN_ZOOM, MAX_ZOOM, (int, float)),
            ("rotation", self.rotation, -MAX_ROTATION, MAX_ROTATION, (int, float)),
            ("steps of a frame", self.steps, 0, MAX_STEPS, (int,)),
        ):
            # Not a number is not between either.
            if type(value) not in kinds or not low <= value <= high:
                what = "a whole number" if kinds == (int,) else "a number"
                raise RecipeError(f"{name} must be {what} from {low} to {high}, but is {value!r}")
