"""Whether two peers compute the same; otherwise their times cannot be compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.peers.table import FULL

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Limits:
    """The limits of agreement: relative error of the objective, cosine of the gradients."""

    loss_error: float
    cosine: float


LIMITS = Limits(1e-4, 0.9999)
REDUCED = Limits(5e-2, 0.8)
"""For float32 throughout, and for products of reduced precision."""

RANDOM_LIMITS = Limits(1e-4, 0.999)
RANDOM_REDUCED = Limits(5e-2, 0.1)
"""The same for random weights, whose deep networks amplify every rounding."""


@dataclass(frozen=True)
class Agreement:
    """How well a peer agrees with the first row on one size of tile.

    Attributes
    ----------
    label : str
        The peer.
    side : int
        Side of the tile in pixels.
    loss_error : float
        Difference of the objectives, relative to the first row's.
    cosine : float
        Cosine of the angle between the two gradients.
    precision : str
        The peer's precision.
    random : bool
        Whether the network has random weights.
    """

    label: str
    side: int
    loss_error: float
    cosine: float
    precision: str = FULL
    random: bool = False

    @property
    def limits(self) -> Limits:
        """How far it may be away."""
        if self.random:
            return RANDOM_LIMITS if self.precision == FULL else RANDOM_REDUCED
        return LIMITS if self.precision == FULL else REDUCED

    @property
    def holds(self) -> bool:
        """Whether both compute the same; never with a NaN."""
        limits = self.limits
        return self.loss_error <= limits.loss_error and self.cosine >= limits.cosine

    @property
    def refusal(self) -> str:
        """Why a peer that does not agree is not timed, without its subject."""
        limits = self.limits
        return (
            f"differs from ours on {self.side} × {self.side} pixels (relative difference of the "
            f"objective {self.loss_error:.1e}, at most {limits.loss_error:.0e} allowed; cosine of "
            f"the gradients {self.cosine:.6f}, at least {limits.cosine} needed), so it is not timed"
        )


def compare(
    label: str,
    side: int,
    ours: tuple[float, Array],
    theirs: tuple[float, Array],
    precision: str = FULL,
    *,
    random: bool = False,
) -> Agreement:
    """Compare two objectives with their gradients."""
    loss_error = abs(theirs[0] - ours[0]) / abs(ours[0])
    return Agreement(label, side, loss_error, cosine(ours[1], theirs[1]), precision, random)


def cosine(first: Array, second: Array) -> float:
    """Cosine of the angle between two arrays taken as vectors."""
    a, b = (np.asarray(array, np.float64).ravel() for array in (first, second))
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
