"""The images that gradients are compared on, and how they are handed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from activations import Candidate
from families import Family

Array = npt.NDArray[Any]

PLACES = ("middle", "late")
ENOUGH, MOST = 3, 4
"""So many images without near ties are looked for, among so many."""
ERROR = 1e-5


@dataclass(frozen=True)
class Trial:
    """An image with the framework's own gradients.

    Attributes
    ----------
    pixels : array
        float32 [1, 3, height, width], 0..1.
    exact : dict
        The gradient of the mean of squares by place, computed in float64, [1, 3, height, width].
    missed : dict
        How much the framework's own float32 misses it by; see `error`.
    """

    pixels: Array
    exact: dict[str, Array]
    missed: dict[str, float]

    @property
    def worst(self) -> float:
        """The largest of what is missed."""
        return max(self.missed.values())


def noise(family: Family, seed: int, count: int) -> npt.NDArray[np.float32]:
    """Noise on a gradient of color, not square where the network takes any size.

    float32 [count, 3, height, width], 0..1.
    """
    height, width = family.side, family.side + (32 if family.dynamic else 0)
    random = np.random.default_rng(seed)
    ramp = np.linspace(0, 1, width)[None, None, None] * np.linspace(0.3, 1, height)[:, None]
    values = 0.5 * ramp + 0.5 * random.random((count, 3, height, width))
    return values.astype(np.float32)


def error(found: Array, exact: Array) -> float:
    """The largest difference, as a part of the largest exact value."""
    return float(np.abs(found - exact).max() / max(np.abs(exact).max(), 1e-300))


def without_ties(
    family: Family, gradients: Callable[[Array, str], dict[str, Array]]
) -> list[Trial]:
    """The images on which the framework's float32 comes nearest to its float64, nearest first.

    Where the input of a ReLU or two values in a window of a max pool are equal to rounding, float32
    may take either side, and the gradient then differs in single positions by far more than by
    rounding. On some images no unit is that near.

    Parameters
    ----------
    family
        Whose images.
    gradients
        From pixels and kind of numbers to [1, 3, height, width] by place.
    """
    trials: list[Trial] = []
    for seed in range(1, MOST + 1):
        pixels = noise(family, seed, 1)
        exact, single = gradients(pixels, "float64"), gradients(pixels, "float32")
        missed = {place: error(single[place], exact[place]) for place in PLACES}
        trials.append(Trial(pixels, exact, missed))
        if sum(trial.worst <= ERROR for trial in trials) == ENOUGH:
            break
    return sorted(trials, key=lambda trial: trial.worst)[:ENOUGH]


def first_line(error: Exception) -> str:
    """The kind and the first line of an error."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def save(
    file: Path,
    chosen: Mapping[str, Candidate],
    activations: Mapping[str, Array],
    trials: list[Trial],
    version: str,
) -> None:
    """Write what was found; activations are those of the first image."""
    record: dict[str, Any] = {
        "images": np.concatenate([trial.pixels for trial in trials]),
        "version": version,
    }
    for place in PLACES:
        record |= {
            f"{place}_tensor": chosen[place].tensor,
            f"{place}_module": chosen[place].module,
            f"{place}_activation": activations[place],
            f"{place}_gradients": np.concatenate([trial.exact[place] for trial in trials]),
            f"{place}_missed": np.array([trial.missed[place] for trial in trials]),
        }
    np.savez(file, **record)
