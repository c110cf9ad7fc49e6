"""The recipes of CONTRIBUTING.md, followed to the letter: their blocks of code are run."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rule_cases
from documents import ROOT, blocks, section, text
from finite_differences import check
from small_network import small_model

import dreamlayer
from dreamlayer.core.autodiff import rules
from dreamlayer.core.autodiff.backward import differentiable
from dreamlayer.core.recipe import presets

DOCUMENT = text("CONTRIBUTING.md")


def _block(title: str, language: str, number: int = 0) -> str:
    return blocks(section(DOCUMENT, title), language)[number]


def _row(title: str, module: Any, number: int = 0) -> dict[str, Any]:
    """A row as it is written into a table of a module."""
    row: dict[str, Any] = eval(f"{{{_block(title, 'python', number)}}}", dict(vars(module)))
    return row


def test_add_a_gradient_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule shown is the slope that finite differences show, in the uses shown."""
    ((operator, entries),) = _row("Add a gradient rule", rules).items()
    cases = eval(f"[{_block('Add a gradient rule', 'python', 1)}]", dict(vars(rule_cases)))
    assert operator not in rules.RULES, "choose an operator that has no rule yet"
    assert {case.op for case in cases} == {operator}
    monkeypatch.setitem(rules.RULES, operator, entries)
    for case in cases:
        check(case)


def test_an_operator_without_a_rule_is_refused() -> None:
    """Before the recipe is followed, its operator is named as the one that lacks a rule."""
    ((operator, _),) = _row("Add a gradient rule", rules).items()
    model = small_model()
    changed = next(node for node in model.graph.node if node.op_type == "Relu")
    changed.op_type = operator
    (reason,) = set(differentiable(model, changed.output).values())
    assert reason is not None
    assert reason.startswith(operator)


def test_add_a_preset(tmp_path: Path) -> None:
    """The preset shown is listed, takes the rest from its base, and dreams."""
    folder = tmp_path / "presets"
    shutil.copytree(presets.DREAMS.folder, folder)
    here = dataclasses.replace(presets.DREAMS, folder=folder)
    (folder / "petals.toml").write_text(_block("Add a preset", "toml"), encoding="utf-8")
    assert here.presets()["petals"].description.startswith("Petals")
    recipe = here.preset("petals")
    assert recipe.step_size == presets.preset("gentle").step_size
    noise = np.random.default_rng(0).random((60, 80, 3), np.float32)
    dreamt = dreamlayer.dream(noise, recipe.replace(steps=1), provider="cpu")
    assert np.abs(dreamt - noise).max() > 0.01


def test_add_an_editor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, recipe: Any) -> None:
    """The client shown gets from the worker what the library makes of the same pixels."""
    monkeypatch.syspath_prepend(ROOT / "plugin" / "dreamlayer")
    # The folder's own dreamlayer.py must not be taken for the package of that name.
    assert "dreamlayer" in sys.modules
    settings = {
        "command": [sys.executable, "-m", "dreamlayer", "worker"],
        "environment": {"PYTHONPATH": str(ROOT)},
    }
    (tmp_path / "worker.json").write_text(json.dumps(settings), encoding="utf-8")
    rgba = np.random.default_rng(0).integers(0, 256, (40, 56, 4), np.uint8)
    rgba[..., 3] = 255
    names: dict[str, Any] = {
        "folder": str(tmp_path),
        "width": 56,
        "height": 40,
        "recipe": recipe.to_dict(),
        "pixels": rgba.tobytes(),
    }
    exec(_block("Add an editor", "python"), names)
    dreamt = np.frombuffer(names["dreamt"], np.uint8).reshape(rgba.shape)
    np.testing.assert_array_equal(dreamt[..., 3], rgba[..., 3])
    expected = dreamlayer.dream(rgba[..., :3].copy(), recipe)
    np.testing.assert_array_equal(dreamt[..., :3], expected)
