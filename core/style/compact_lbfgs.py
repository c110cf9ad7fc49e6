"""L-BFGS for large pictures: float32, few pairs, a budget of evaluations that is kept exactly.

`scipy.optimize.fmin_l_bfgs_b` takes 25 float64 copies of the picture, 7 GB for 12 megapixels; this
takes 15 of float32.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from dreamlayer.core.style.lbfgs import Evaluate, Numbers

PAIRS = 5
FIRST_STEP = 2.0
"""Root mean square of the first step, in the units of the values: 0..255."""

_ARMIJO = 1e-4
_SHRINK = 0.1, 0.5
_CHUNK = 1 << 20


def minimize_compactly(
    evaluate: Evaluate, start: Numbers, evaluations: int
) -> tuple[Numbers, float]:
    """Run L-BFGS (Nocedal and Wright, Numerical Optimization, 2006, algorithms 7.4 and 3.1).

    Parameters
    ----------
    evaluate : callable
        Returns loss and gradient, of the same shape and type.
    start : array
        Of any shape.
    evaluations : int
        How many to use.

    Returns
    -------
    (array, float)
        The best result and its loss.
    """
    here, (loss, slope) = start, evaluate(start)
    pairs: deque[tuple[Numbers, Numbers, float]] = deque(maxlen=PAIRS)
    used = 1
    while used < evaluations:
        direction = _direction(slope, pairs)
        descent = dot(slope, direction)
        if descent >= 0:
            pairs.clear()
            direction, descent = -slope, -dot(slope, slope)
        if descent == 0:
            break
        step = 1.0 if pairs else FIRST_STEP * math.sqrt(slope.size / dot(direction, direction))
        while True:
            there = here + step * direction
            tried, steep = evaluate(there)
            used += 1
            if tried <= loss + _ARMIJO * step * descent:
                break
            if used >= evaluations:
                return here, loss
            step *= _shrunk(tried - loss, step * descent)
        moved, turned = there - here, steep - slope
        curvature = dot(moved, turned)
        if curvature > 1e-10 * dot(turned, turned):
            pairs.append((moved, turned, curvature))
        here, loss, slope = there, tried, steep
    return here, loss


def dot(a: Numbers, b: Numbers) -> float:
    """The inner product in float64, without a copy of the whole."""
    left, right = a.reshape(-1), b.reshape(-1)
    total = 0.0
    for i in range(0, len(left), _CHUNK):
        parts = (x[i : i + _CHUNK].astype(np.float64) for x in (left, right))
        total += float(np.dot(*parts))
    return total


def _direction(slope: Numbers, pairs: deque[tuple[Numbers, Numbers, float]]) -> Numbers:
    """Minus the approximate inverse Hessian times the gradient: the two-loop recursion."""
    found = -slope
    weights = []
    for moved, turned, curvature in reversed(pairs):
        weight = dot(moved, found) / curvature
        found -= weight * turned
        weights.append(weight)
    if pairs:
        _, turned, curvature = pairs[-1]
        found *= curvature / dot(turned, turned)
    for (moved, turned, curvature), weight in zip(pairs, reversed(weights), strict=True):
        found += (weight - dot(turned, found) / curvature) * moved
    return found


def _shrunk(rise: float, promised: float) -> float:
    """The factor for a step that went too far: the minimum of a parabola, within bounds."""
    low, high = _SHRINK
    if not math.isfinite(rise):
        return low
    return min(max(-promised / (2 * (rise - promised)), low), high)
