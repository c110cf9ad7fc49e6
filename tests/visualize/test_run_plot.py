"""The figure of a run: what is kept of it, the axes, and the pictures."""

from __future__ import annotations

import numpy as np
import pytest

from dreamlayer.core.ascent.loop import Callbacks, Step
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.errors import RecipeError
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.visualize.curves import Curve, draw_curves, nice_ticks, step_ticks
from dreamlayer.core.visualize.run_plot import Recorder, curves_of, figure


def record_of(recipe: Recipe) -> Recorder:
    """A run on a small picture."""
    record = Recorder(recipe.steps)
    pixels = np.random.default_rng(0).random((40, 60, 3), np.float32)
    Dreamer(network_of(recipe)).dream(pixels, recipe, callbacks=Callbacks(on_step=record))
    return record


def test_first_middle_and_last_step_of_each_octave_are_kept(recipe: Recipe) -> None:
    """And the objective of every step."""
    record = record_of(recipe.replace(steps=5))
    assert [[view.step for view in steps] for steps in record.views] == [[1, 3, 5]] * 2
    assert [octave for octave, _ in record.losses] == [1] * 5 + [2] * 5
    assert record.octaves == {1: (30, 46), 2: (40, 60)}


def test_a_picture_of_one_step_is_kept_once(recipe: Recipe) -> None:
    """Where first, middle and last are the same."""
    assert [len(steps) for steps in record_of(recipe.replace(steps=1)).views] == [1, 1]
    assert [len(steps) for steps in record_of(recipe.replace(steps=2)).views] == [2, 2]


def test_an_octave_that_ends_early_keeps_its_last_step(recipe: Recipe) -> None:
    """A limit of the objective may end it anywhere."""
    losses = [loss for _, loss in record_of(recipe.replace(steps=9, octaves=1)).losses]
    record = record_of(recipe.replace(steps=9, octaves=1, max_loss=float(losses[3])))
    assert record.views[0][-1].step == len(record.losses)
    assert len(record.losses) < 9


def test_views_say_what_was_added() -> None:
    """Least and largest value are the step's; nothing is grey, more is bright, less is dark."""
    change = np.zeros((3, 40, 60), np.float32)
    change[:, :10], change[:, -10:] = 0.5, -0.25
    record = Recorder(3)
    record(Step(1, 1, 7.0, change, 0.1, 0.25))
    (view,) = record.views[0]
    assert (view.low, view.high, view.divisor, view.size) == (-0.25, 0.5, 0.1, (40, 60))
    assert [int(view.image[row, 30, 0]) for row in (5, 20, 35)] == [255, 128, 64]


def test_the_figure_is_drawn_for_any_number_of_octaves(recipe: Recipe) -> None:
    """One, two, and more than have room."""
    for octaves in (1, 2, 9):
        drawn = figure(record_of(recipe.replace(octaves=octaves, octave_scale=1.1)), "Title")
        assert drawn.dtype == np.uint8
        assert drawn.shape[1] > 800


def test_clipped_pixels_and_divisors_are_recorded(recipe: Recipe) -> None:
    """One each per step, drawn below the objective; a divisor of 1 throughout is not."""
    record = record_of(recipe.replace(steps=3, step_size=0.05, normalize="mean"))
    _, clipped, divisor = curves_of(record)
    assert len(clipped.values) == len(divisor.values) == 6
    assert 0 < max(clipped.values) < 100
    assert clipped.ticks[0] == 0
    assert all(value > 0 for value in divisor.values)
    undivided = record_of(recipe.replace(steps=1, normalize="none"))
    assert [curve.name.split(",")[0] for curve in curves_of(undivided)] == [
        "objective",
        "clipped pixels",
    ]


def test_the_curve_goes_up_where_the_objective_does() -> None:
    """Its first half lies below its second."""
    curve = Curve("objective", [float(i) for i in range(40)], 320)
    drawn = draw_curves([curve], [1] * 40, {1: (8, 8)}, 600)
    rows, columns = np.nonzero((drawn == (0x2C, 0x72, 0x8E)).all(axis=2))
    assert rows[columns < 200].mean() > rows[columns > 500].mean() + 50


def test_a_flat_or_single_value_has_a_curve() -> None:
    """An axis needs two ends, whatever there is."""
    for values in ([0.0], [3.0, 3.0], [-2.0], [1e-7, 2e-7]):
        curves = [Curve("one", values, 320), Curve("other", values, 170)]
        assert draw_curves(curves, [1] * len(values), {1: (8, 8)}, 300).shape == (490, 300, 3)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 10, [0, 2, 4, 6, 8, 10]),
        (0.31, 0.99, [0.2, 0.4, 0.6, 0.8, 1.0]),
        (-7, 20, [-10, 0, 10, 20]),
    ],
)
def test_ticks_are_round_and_enclose_the_values(
    low: float, high: float, ticks: list[float]
) -> None:
    """Steps of 1, 2 or 5 times a power of ten."""
    assert nice_ticks(low, high) == pytest.approx(ticks)


def test_steps_are_counted_from_one() -> None:
    """Every step of a few, round ones of many."""
    assert step_ticks(3) == [1, 2, 3]
    assert step_ticks(60) == [1, 10, 20, 30, 40, 50, 60]


def test_a_run_without_a_step_has_no_figure() -> None:
    """A limit of the objective may end every octave before its first."""
    with pytest.raises(RecipeError, match=r"no step was made.*--max-loss"):
        figure(Recorder(3), "Title")
