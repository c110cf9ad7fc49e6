"""The recipes of CONTRIBUTING.md, followed to the letter: their blocks of code are run."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rule_cases
from documents import ROOT, blocks, section, text
from finite_differences import check, session
from small_network import small_model

import dreamlayer
from dreamlayer.core.autodiff import rules
from dreamlayer.core.autodiff.backward import differentiable
from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.errors import ProviderError
from dreamlayer.core.network import objective
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe import kinds, presets
from dreamlayer.core.recipe.term import parse_terms
from dreamlayer.core.runtime import providers
from dreamlayer.core.worker.description import description

DOCUMENT = text("CONTRIBUTING.md")


def _block(title: str, language: str, number: int = 0) -> str:
    return blocks(section(DOCUMENT, title), language)[number]


def _row(title: str, names: Mapping[str, Any], number: int = 0) -> dict[str, Any]:
    """A row as it is written into a table of a module that has these names."""
    row: dict[str, Any] = eval(f"{{{_block(title, 'python', number)}}}", dict(names))
    return row


def test_add_a_gradient_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule shown is the slope that finite differences show, in the uses shown."""
    ((operator, entries),) = _row("Add a gradient rule", vars(rules)).items()
    names: dict[str, Any] = {**vars(rule_cases), "CASES": []}
    exec(_block("Add a gradient rule", "python", 1), names)
    cases = names["CASES"]
    assert {case.op for case in cases} == {operator}
    monkeypatch.setitem(rules.RULES, operator, entries)
    for case in cases:
        check(case)


def test_an_operator_without_a_rule_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the recipe is followed, its operator is named as the one that lacks a rule."""
    ((operator, _),) = _row("Add a gradient rule", vars(rules)).items()
    monkeypatch.delitem(rules.RULES, operator)
    model = small_model()
    changed = next(node for node in model.graph.node if node.op_type == "Relu")
    changed.op_type = operator
    (reason,) = set(differentiable(model, changed.output).values())
    assert reason is not None
    assert reason.startswith(operator)


def test_add_an_objective_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind shown can be asked for, has the value it says, and the gradient of that value."""
    title = "Add an objective kind"
    names = dict(vars(objective))
    exec(_block(title, "python"), names)
    ((kind, score),) = _row(title, names, 1).items()
    ((named, row),) = _row(title, vars(kinds), 2).items()
    assert kind == named
    assert kind not in kinds.KINDS, "choose a kind that there is not yet"
    monkeypatch.setitem(objective.SCORES, kind, score)
    monkeypatch.setitem(kinds.KINDS, kind, row)
    model = gradient_model(small_model(), parse_terms(f"deep:1::{kind}"), ["deep"])
    running = session(model)

    def run(image: np.ndarray) -> list[np.ndarray]:
        results: list[np.ndarray] = running.run(None, {"image": image.astype(np.float32)})
        return results

    rng = np.random.default_rng(0)
    image = rng.random((1, 3, 24, 32), np.float32)
    loss, gradient, deep = run(image)
    assert loss == pytest.approx(deep.var(), rel=1e-4)
    direction = np.sign(gradient) * rng.random(gradient.shape)
    difference = (run(image + 1e-3 * direction)[0] - run(image - 1e-3 * direction)[0]) / 2e-3
    assert difference == pytest.approx(np.sum(gradient * direction), rel=1e-2)


def test_add_a_provider(monkeypatch: pytest.MonkeyPatch, recipe: Any) -> None:
    """The row shown makes its provider known; one that loads is taken, and as right as the CPU."""
    ((short, row),) = _row("Add a provider", vars(providers)).items()
    assert short not in providers.PROVIDERS, "choose a provider that has no row yet"
    assert row.variant in VARIANTS
    monkeypatch.setitem(providers.PROVIDERS, short, row)
    assert short in description()["providers"]
    noise = np.random.default_rng(0).random((60, 80, 3), np.float32)
    with pytest.raises(ProviderError, match=f"{short}.* not part of the installed ONNX Runtime"):
        dreamlayer.Dreamer(network_of(recipe), short).dream(noise, recipe)
    expected = dreamlayer.Dreamer(network_of(recipe), "cpu").dream(noise, recipe)
    # Here, the CPU's provider stands for it.
    cpu = providers.PROVIDERS["cpu"]
    loads = dataclasses.replace(row, name=cpu.name)
    monkeypatch.setitem(providers.PROVIDERS, "cpu", dataclasses.replace(cpu, name="elsewhere"))
    monkeypatch.setitem(providers.PROVIDERS, short, loads)
    dreamer = dreamlayer.Dreamer(network_of(recipe), short)
    np.testing.assert_allclose(dreamer.dream(noise, recipe), expected, atol=1e-3)
    assert dreamer.objective(recipe).provider == short


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
