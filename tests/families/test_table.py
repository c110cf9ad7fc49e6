"""What the table of networks tells, and what it takes to be right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from families import FAMILIES, SMALL, named
from images import ENOUGH, MOST, Array, without_ties
from table import document, passed, row

RESNET = named("resnet18")


def result(**changes: Any) -> dict[str, Any]:
    """A network that did everything right, but for the changes."""
    gradient = {"module": "relu", "layer": "relu", "ours": 1e-6, "theirs": 2e-6}
    good = {"maps": 10, "offered": 9, "middle": gradient, "late": gradient, "dream": "yes"}
    return {**good, "adopt": [], "version": "torch 2", **changes}


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({}, True),
        ({"offered": 8}, False),
        ({"late": {"ours": 2e-5, "theirs": 1e-6}}, False),
        ({"late": {"ours": 2e-5, "theirs": 3e-5}}, True),
        ({"late": {"problem": "relu is no layer"}}, False),
        ({"dream": "unchanged"}, False),
    ],
)
def test_a_network_is_right_in_everything_or_not(changes: dict[str, Any], right: bool) -> None:
    """Nine of ten layers, both gradients to 1e-5 or the framework's own miss, and a dream."""
    assert passed(RESNET, result(**changes)) == right


def test_a_refusal_stands_in_the_table() -> None:
    """What kept a network from being tried is told in its row."""
    assert "no feature map | grows" not in row(RESNET, {"refused": "no feature map | grows"})
    assert "no feature map / grows" in row(RESNET, {"refused": "no feature map | grows"})
    assert "not tried" in row(RESNET, None)


def test_the_page_counts_what_is_right() -> None:
    """The first number is that of the networks that passed, the second that of those tried."""
    results: dict[Any, Any] = dict.fromkeys(FAMILIES)
    results[RESNET] = result()
    page = document(results)
    assert "1 of 1 networks" in page
    assert f"; {len(FAMILIES) - 1} were not tried" in page
    assert "| resnet18 | TorchScript 9 | any | 9 / 10 | 1.0e-06 (2.0e-06) |" in page


def test_the_families_are_many_and_different() -> None:
    """At least 44, by three exporters, of opsets 9 to 24, with any size and with one."""
    assert len(FAMILIES) >= 44
    assert {family.exporter for family in FAMILIES} == {"torchscript", "dynamo", "tf2onnx"}
    opsets = {family.opset for family in FAMILIES}
    assert (min(opsets), max(opsets), len(opsets) > 12) == (9, 24, True)
    assert {family.dynamic for family in FAMILIES} == {True, False}
    everything = [*FAMILIES, *SMALL]
    assert len({family.stem for family in everything}) == len(everything)
    assert len({family.name for family in everything}) == len(everything)


def test_images_near_a_tie_are_left_out() -> None:
    """Images are tried until enough agree with float64, and the nearest come first."""
    tried: list[Array] = []

    def gradients(pixels: Array, kind: str) -> dict[str, Array]:
        if kind == "float64":
            tried.append(pixels)
        miss = 0.1 if kind == "float32" and len(tried) == 1 else 0.0
        return dict.fromkeys(("middle", "late"), np.ones((1, 3, 4, 4)) + miss)

    trials = without_ties(RESNET, gradients)
    assert len(tried) == min(ENOUGH + 1, MOST)
    assert [trial.worst for trial in trials] == [0.0] * ENOUGH
