"""The objective: what it adds up, and which layers it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from finite_differences import session
from small_network import small_model

from dreamlayer.core.errors import LayerError, RecipeError
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.recipe.term import Term

IMAGE = np.random.default_rng(0).random((2, 3, 20, 24)).astype(np.float32)


def test_loss_is_the_weighted_sum_of_the_terms() -> None:
    """Mean of squares and mean, channels and weights, as numpy computes them."""
    terms = [Term("deep", 2.0, (1, 5)), Term("first", -0.5, (), "mean")]
    model = gradient_model(small_model(), terms, ["deep", "first"])
    loss, _, deep, first = session(model).run(None, {"image": IMAGE})
    expected = 2 * np.mean(deep[:, [1, 5]].astype(np.float64) ** 2) - 0.5 * first.mean()
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_unknown_layer_suggests_the_nearest() -> None:
    """A mistyped layer is answered with the one meant."""
    with pytest.raises(LayerError, match="did you mean first"):
        gradient_model(small_model(), [Term("firt")])


def test_channel_out_of_range_tells_the_range() -> None:
    """A channel that the layer lacks is refused with those it has."""
    with pytest.raises(LayerError, match="no channel 8; channels 0 to 7"):
        gradient_model(small_model(), [Term("deep", 1.0, (8,))])


def test_no_term_is_refused() -> None:
    """An empty objective is no objective."""
    with pytest.raises(RecipeError, match="names no layer"):
        gradient_model(small_model(), [])
