"""What the table of networks tells, and what it takes to be right."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import results
from families import FAMILIES, SMALL, named
from images import ENOUGH, MOST, Array, without_ties
from table import document, passed, row

RESNET = named("resnet18")


def command() -> Any:
    """The module run.py; there is another of that name beside the tests of reliability."""
    spec = importlib.util.spec_from_file_location("run_families", Path(__file__).parent / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def result(**changes: Any) -> dict[str, Any]:
    """A network that did everything right, but for the changes."""
    gradient = {"module": "relu", "layer": "relu", "ours": 1e-6, "theirs": 2e-6}
    good = {"maps": 10, "offered": 9, "middle": gradient, "late": gradient, "dream": "yes"}
    return {**good, "adopt": [], "versions": ["torch 2"], **changes}


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({}, True),
        ({"offered": 8}, False),
        ({"late": {"ours": 2e-5, "theirs": 1e-6}}, False),
        ({"late": {"ours": 2e-5, "theirs": 3e-5}}, True),
        ({"late": {"ours": 2e-4, "theirs": 1e-4, "slopes": 2e-7}}, True),
        ({"late": {"ours": 2e-4, "theirs": 1e-4, "slopes": 2e-5}}, False),
        ({"late": {"ours": 2e-4, "theirs": 3e-4, "slopes": 2e-5}}, False),
        ({"late": {"ours": 2e-3, "theirs": 1e-5, "slopes": 2e-7, "rounding": 9e-3}}, True),
        ({"late": {"ours": 2e-2, "theirs": 1e-5, "slopes": 2e-7, "rounding": 2e-2}}, False),
        ({"late": {"ours": 2e-2, "theirs": 3e-3, "slopes": 2e-7, "rounding": 2e-2}}, True),
        ({"late": {"ours": 9e-3, "theirs": 9e-3, "slopes": 2e-5, "rounding": 9e-3}}, False),
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


def test_what_float64_told_is_remarked() -> None:
    """How far its gradient is from the slopes, and, where that was measured, float32 from it."""
    gradient = {"ours": 2e-3, "theirs": 1e-5, "slopes": 2e-7}
    assert row(RESNET, result(late=gradient)).endswith("| late, in float64: 2.0e-07 |")
    newer = {**gradient, "rounding": 9e-3}
    assert row(RESNET, result(late=newer)).endswith("| late, in float64: 2.0e-07 (9.0e-03) |")


def test_the_page_counts_what_is_right() -> None:
    """The first number is that of the networks that passed, the second that of those tried."""
    found: dict[Any, Any] = dict.fromkeys(FAMILIES)
    found[RESNET] = result()
    page = document(found)
    assert "1 of 1 networks" in page
    assert f"; {len(FAMILIES) - 1} were not tried" in page
    assert "| resnet18 | TorchScript 9 | any | 9 / 10 | 1.0e-06 (2.0e-06) |" in page


def test_the_page_is_written_from_what_is_kept() -> None:
    """docs/networks.md is what the command makes of the results; no row was changed by hand."""
    found = results.read(FAMILIES)
    page = Path(__file__).parents[2] / "docs" / "networks.md"
    assert page.read_text("utf-8") == document({one: found.get(one) for one in FAMILIES})


def test_what_was_found_is_kept_for_each_network(tmp_path: Path) -> None:
    """Another network's result, or none, leaves it as it is."""
    assert results.read(FAMILIES, tmp_path) == {}
    for family, offered in ((RESNET, 9), (named("swin_t"), 8), (RESNET, 10)):
        results.write(family, result(offered=offered), tmp_path)
    found = results.read(FAMILIES, tmp_path)
    assert found == {RESNET: result(offered=10), named("swin_t"): result(offered=8)}


@pytest.mark.parametrize(
    ("problem", "kept"),
    [
        ("not measured: not ready after 1800 seconds", True),
        ("not exported: OSError: [Errno 28] No space left on device", True),
        ("relu is no layer", False),
    ],
)
def test_a_trial_that_failed_by_the_machine_replaces_nothing(
    tmp_path: Path, problem: str, kept: bool
) -> None:
    """A timeout or a full disk tells nothing of the network; it is kept where nothing is known."""
    found = {RESNET: result()}
    results.write(RESNET, found[RESNET], tmp_path)
    results.keep(found, RESNET, {"problem": problem}, tmp_path)
    assert found == results.read([RESNET], tmp_path)
    assert (found[RESNET] == result()) == kept
    other = named("swin_t")
    results.keep(found, other, {"problem": problem}, tmp_path)
    assert results.read([other], tmp_path) == {other: {"problem": problem}}


def test_what_could_not_be_tried_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command tells it and fails, and the page shows what was found before."""
    run = command()
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(results, "read", lambda _: {RESNET: result()})
    monkeypatch.setattr(run, "_lacking", lambda *_: [])
    monkeypatch.setattr(run, "exported", lambda *_: {RESNET: "not exported: the disk is full"})
    page = tmp_path / "page.md"
    assert run.main(["--only", "resnet18", "--output", str(page)]) == 1
    assert "not exported: the disk is full" in capsys.readouterr().out
    assert "| 9 / 10 | 1.0e-06 (2.0e-06) |" in page.read_text("utf-8")
    assert not (tmp_path / "resnet18_ts9_dynamic.json").exists()


def test_versions_of_all_results_are_told_once() -> None:
    """Networks that were tried with different versions show both."""
    older, newer = result(versions=["onnx 1.22", "torch 2"]), result(versions=["onnx 1.23"])
    page = document({RESNET: older, named("swin_t"): newer, named("alexnet"): newer})
    assert page.endswith("Measured with onnx 1.22, torch 2, onnx 1.23.\n")


def test_a_python_without_the_framework_is_refused(tmp_path: Path) -> None:
    """What was found before is not replaced by the lack of a package."""
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S -E "$@"\n')
    bare.chmod(0o755)
    command = [sys.executable, Path(__file__).with_name("run.py"), "--only", "resnet18"]
    before = results.read([RESNET])
    told = subprocess.run(
        [*command, "--torch", bare, "--folder", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (2, "")
    assert "python has no torch and torchvision and timm" in told.stdout
    assert results.read([RESNET]) == before


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
