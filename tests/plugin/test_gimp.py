"""The filter inside a real GIMP 3.0 and a real GIMP 3.2, put there by our own installer."""

from __future__ import annotations

import ast
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import editor_root
import numpy as np
import pytest
from headless_dream import headless
from PIL import Image
from real_gimp import INSIDE, Gimp

from dreamlayer import Recipe
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe import presets as recipes
from dreamlayer.core.recipe.term import parse_terms
from dreamlayer.core.style.transfer import StyleTransfer

KILLS = {"trixie": "50", "sid": "25"}
"""How many processes are killed in each."""

FIRST = "check_equal_to_headless"
"""The check that runs at a GIMP's first start with the filter in its folder."""


def _checks() -> list[str]:
    trees = [ast.parse(p.read_text(encoding="utf-8")) for p in sorted(INSIDE.glob("checks_*.py"))]
    nodes = [node for tree in trees for node in tree.body]
    functions = [node.name for node in nodes if isinstance(node, ast.FunctionDef)]
    return [name for name in functions if name.startswith("check_")]


@pytest.fixture(scope="module")
def said_by_checks(gimps: dict[str, Gimp]) -> dict[str, str]:
    """What each GIMP said while it went through the checks; side by side, to spare time.

    All checks run at its second start: GIMP then takes the arguments' declarations from its
    pluginrc, where texts that are empty by default become None. At the first, one does.
    """

    def run(gimp: Gimp) -> str:
        said = gimp.run("checks.py", timeout=300, DREAMLAYER_CHECKS=FIRST)
        results = gimp.folder / "results.json"
        if not results.exists():
            return said
        results.rename(gimp.folder / "first.json")
        return said + gimp.run("checks.py", timeout=3000)

    with ThreadPoolExecutor() as pool:
        running = {s: pool.submit(run, g) for s, g in gimps.items()}
        return {suite: run.result() for suite, run in running.items()}


@pytest.fixture
def checked(gimp: Gimp, said_by_checks: dict[str, str]) -> dict[str, str]:
    """What each check in `inside_gimp/checks_*.py` came to."""
    assert (gimp.folder / "results.json").exists(), said_by_checks[gimp.suite]
    results: dict[str, str] = gimp.read("results.json")
    version = tuple(int(part) for part in results.pop("version").split(".")[:2])
    # Debian's unstable goes on; stable stays.
    assert version == (3, 0) if gimp.suite == "trixie" else version >= (3, 2)
    return results


@pytest.fixture(scope="module")
def said_by_kills(gimps: dict[str, Gimp], coffee: Path) -> dict[str, str]:
    """What each GIMP said while it, the plug-in and the worker were killed; side by side."""
    photo = f"/host{coffee}"
    with ThreadPoolExecutor() as pool:
        running = {
            s: pool.submit(g.run, "kills.py", KILLS[s], "7", timeout=900, DREAMLAYER_PHOTO=photo)
            for s, g in gimps.items()
        }
        return {suite: run.result() for suite, run in running.items()}


@pytest.mark.parametrize("name", _checks())
def test_in_gimp(checked: dict[str, str], name: str) -> None:
    """Each check passes inside GIMP."""
    assert checked.get(name, "GIMP ended before this check") == "ok"


def test_first_start(gimp: Gimp, said_by_checks: dict[str, str]) -> None:
    """A GIMP that sees the filter for the first time runs it from a script too."""
    assert (gimp.folder / "first.json").exists(), said_by_checks[gimp.suite]
    assert gimp.read("first.json")[FIRST] == "ok"


def _quick(gimp: Gimp) -> Recipe:
    """What the checks inside GIMP dream where its pixels are compared."""
    return recipes.parse(
        json.dumps(
            {
                "network": str(gimp.network),
                "layers": "deep",
                "octaves": 2,
                "steps": 2,
                "step_size": 0.02,
                "seed": 3,
                "smoothing": 1.5,
                "strength": 0.75,
            }
        )
    )


def test_equals_the_headless_dream(gimp: Gimp, checked: dict[str, str]) -> None:
    """On 8-bit pixels the filter gives the very bytes that the core gives."""
    assert checked["check_equal_to_headless"] == "ok"
    shape = (47, 61, 3)
    expected = headless(gimp.pixels("before.rgb", shape), _quick(gimp))
    np.testing.assert_array_equal(gimp.pixels("after.rgb", shape), expected)


def test_selection_is_the_core_s_mask(gimp: Gimp, checked: dict[str, str]) -> None:
    """Through a feathered selection the filter gives what the core gives with that mask."""
    assert checked["check_feathered_selection"] == "ok"
    before, after = (gimp.pixels(f"selected-{name}", (47, 61, 4)) for name in ("before", "after"))
    mask = gimp.pixels("selected-mask", (47, 61))
    assert ((mask > 0) & (mask < 255)).mean() > 0.2
    np.testing.assert_array_equal(after[mask == 0], before[mask == 0])
    rgb, alpha = before[:, :, :3], before[:, :, 3]
    expected = headless(rgb, _quick(gimp), mask=mask, alpha=alpha)
    np.testing.assert_array_equal(after[:, :, :3], expected)
    assert (after != before).mean() > 0.1


def test_guide_layer_is_the_core_s_guide(
    gimp: Gimp, checked: dict[str, str], tmp_path: Path
) -> None:
    """With a layer as guide the filter gives what the core gives with a file of its pixels."""
    assert checked["check_guide_layer_equal_to_headless"] == "ok"
    before, after = (gimp.pixels(f"guided-{name}", (47, 61, 3)) for name in ("before", "after"))
    guide = tmp_path / "guide.png"
    Image.fromarray(gimp.pixels("guided-guide", (30, 40, 3))).save(guide)
    recipe = _quick(gimp).replace(layers=parse_terms("deep:1::direction"), guide=str(guide))
    np.testing.assert_array_equal(after, headless(before, recipe))
    assert (after != before).mean() > 0.1


def _styled(
    gimp: Gimp,
    pixels: np.ndarray[Any, Any],
    styles: list[np.ndarray[Any, Any]],
    alpha: np.ndarray[Any, Any] | None = None,
    **more: Any,
) -> np.ndarray[Any, Any]:
    """What the core makes of 8-bit pixels and style pictures, in floats."""
    quick: dict[str, Any] = {"command": "style", "content_layers": "deep", "octaves": 1}
    quick["style_layers"] = "image, first, deep"
    quick |= {"rounds": 1, "evaluations": 4, "seed": 3, "network": str(gimp.network)}
    recipe = recipes.STYLES.parse(json.dumps({**quick, **more}))
    pictures = []
    for style in styles:
        floats = style / np.float32(255)
        transparency = floats[:, :, 3].copy() if style.shape[2] == 4 else None
        pictures.append(Picture(floats[:, :, :3].copy(), transparency))
    transfer = StyleTransfer(network_of(recipe))
    made = transfer.prepare(pixels / np.float32(255), recipe, pictures, alpha).run()
    return made.astype(np.float64)


def _levels(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.floor(np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def test_exported_frames_are_an_animation(gimp: Gimp, checked: dict[str, str]) -> None:
    """Other programs show them as was set."""
    assert checked["check_frames_are_exported"] == "ok"
    with Image.open(gimp.folder / "animation.webp") as file:
        assert file.n_frames == 4  # type: ignore[attr-defined]
        durations = []
        for number in range(4):
            file.seek(number)
            file.load()
            durations.append(file.info["duration"])
    assert durations == [120] * 4


def test_style_equals_the_headless_one(gimp: Gimp, checked: dict[str, str]) -> None:
    """On 8-bit pixels Style Transfer gives the very bytes that the core gives."""
    assert checked["check_style_equals_headless"] == "ok"
    before, after = (gimp.pixels(f"style-{name}", (47, 61, 4)) for name in ("before", "after"))
    shapes = {"1": (52, 45, 4), "2": (44, 50, 4), "3": (70, 48, 3)}
    styles = [gimp.pixels(f"style-{name}", shape) for name, shape in shapes.items()]
    weights = {"style_weights": [1, 0.5, 2], "strength": 0.75}
    made = _styled(gimp, before[:, :, :3], styles, before[:, :, 3], **weights)
    seen = before[:, :, 3] > 0
    np.testing.assert_array_equal(after[seen][:, :3], _levels(made)[seen])
    np.testing.assert_array_equal(after[~seen], before[~seen])
    assert (after != before).mean() > 0.5


def test_style_in_a_selection(gimp: Gimp, checked: dict[str, str]) -> None:
    """A feathered selection blends the style that the core makes into the layer."""
    assert checked["check_style_in_a_selection"] == "ok"
    before, after = (
        gimp.pixels(f"style-selected-{name}", (47, 61, 4)) for name in ("before", "after")
    )
    mask = gimp.pixels("style-selected-mask", (47, 61))
    made = _styled(
        gimp, before[:, :, :3], [gimp.pixels("style-selected-style", (44, 50, 4))], before[:, :, 3]
    )
    floats = before[:, :, :3] / np.float32(255)
    share = (mask / np.float32(255))[:, :, np.newaxis]
    expected = _levels(floats + share * (made.astype(np.float32) - floats))
    seen = (mask > 0) & (before[:, :, 3] > 0)
    np.testing.assert_array_equal(after[seen][:, :3], expected[seen])
    np.testing.assert_array_equal(after[~seen], before[~seen])


def test_kills(gimp: Gimp, said_by_kills: dict[str, str]) -> None:
    """Killing GIMP, plug-in or worker leaves no process, no file and no half-dreamt image."""
    assert (gimp.folder / "kills.json").exists(), said_by_kills[gimp.suite]
    found = gimp.read("kills.json")
    assert sum(found["kills"].values()) >= int(KILLS[gimp.suite])
    assert min(found["kills"].values()) > 0, found
    assert found["calls"] > 0
    assert not found["left"], found
    assert not found["files"], found
    assert not found["broken"], found


def test_installer_asks_a_real_gimp(gimp: Gimp, tmp_path: Path) -> None:
    """The installer finds the GIMP, puts the filter in, hears from GIMP itself that it is there."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    shutil.copy(editor_root.PROJECT / "pyproject.toml", checkout)
    for package in ("core", "dreamlayer", "plugin"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(editor_root.PROJECT / package, checkout / package, ignore=ignored)
    # Its files must be where the root sees them: the doctor looks at them from there.
    python = editor_root.interpreter(tmp_path / "the python", checkout)
    plugin = f"cd '{checkout}' && python3 -m plugin"
    script = (
        f"{plugin} install --python '{python}' && {plugin} doctor --json > '{tmp_path}/doctor.json'"
        f" && {plugin} uninstall && echo LEFT: && find /tmp/home -name '*dreamlayer*'"
    )
    ran = editor_root.run(gimp.suite, ["bash", "-c", script], tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    doctor = json.loads((tmp_path / "doctor.json").read_text(encoding="utf-8"))
    assert doctor["ok"], doctor
    assert "the plug-in is registered" in json.dumps(doctor)
    assert ran.stdout.endswith("LEFT:\n"), ran.stdout
