"""The minimizer of large pictures: it finds minima within its budget, in float32."""

from __future__ import annotations

import numpy as np
import pytest

from dreamlayer.core.style.compact_lbfgs import dot, minimize_compactly
from dreamlayer.core.style.lbfgs import minimize

Array = np.ndarray


def valley(x: Array) -> tuple[float, Array]:
    """Rosenbrock's function in many dimensions, scaled to values of about 100."""
    a, b = x[::2].astype(np.float64) / 100, x[1::2].astype(np.float64) / 100
    loss = np.sum(100 * (b - a**2) ** 2 + (1 - a) ** 2)
    slope = np.empty(x.shape)
    slope[::2] = (-400 * a * (b - a**2) - 2 * (1 - a)) / 100
    slope[1::2] = 200 * (b - a**2) / 100
    return float(loss), slope.astype(x.dtype)


def test_finds_the_minimum() -> None:
    """As low as scipy's, from the same start."""
    start = np.tile(np.array([-120, 100], np.float32), 50)
    found, loss = minimize_compactly(valley, start, 200)
    assert found.dtype == np.float32
    assert loss < 1e-3
    np.testing.assert_allclose(found, 100, atol=3)
    _, other = minimize(valley, start.astype(np.float64), 200)
    assert loss < other + 1e-3


@pytest.mark.parametrize("budget", [1, 2, 7, 20])
def test_keeps_its_budget(budget: int) -> None:
    """No evaluation more, and the best result is given back."""
    losses: list[float] = []

    def counted(x: Array) -> tuple[float, Array]:
        loss, slope = valley(x)
        losses.append(loss)
        return loss, slope

    start = np.tile(np.array([-120, 100], np.float32), 50)
    found, loss = minimize_compactly(counted, start, budget)
    assert len(losses) == budget
    assert loss == min(losses) == valley(found)[0]


def test_ends_where_nothing_is_to_gain() -> None:
    """At a minimum, and where a step leads to values that are no numbers."""
    start = np.full(10, 100, np.float32)
    found, loss = minimize_compactly(valley, start, 50)
    assert loss == 0
    np.testing.assert_array_equal(found, start)

    def cliff(x: Array) -> tuple[float, Array]:
        return (float(x.sum()) if x.min() > 0 else float("nan")), np.ones_like(x)

    _, loss = minimize_compactly(cliff, np.full(4, 1, np.float32), 20)
    assert 0 < loss < 4


def test_dot_is_precise() -> None:
    """Sums of many small products do not drown in a large one."""
    a = np.ones(3_000_000, np.float32)
    a[0] = 3e4
    assert dot(a, a) == pytest.approx(9e8 + 2_999_999, rel=1e-7)
