"""The filter for GIMP 2.10, in a real Python 2.7 on a fake of pygimp, with the real worker."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import editor_root
import numpy as np
import numpy.typing as npt
import pytest

from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe

HERE = Path(__file__).parent
CHECKS = HERE / "fake_gimp2" / "checks.py"
PLUGIN = editor_root.PROJECT / "plugin" / "dreamlayer"
NAMES = re.findall(r"^def (check_\w+)", CHECKS.read_text(encoding="utf-8"), re.MULTILINE)

_OUTSIDE = "import os, sys; os.chroot('/host'); os.chdir('/'); os.execv(sys.argv[1], sys.argv[1:])"
"""Goes from the root, which has no shell, to the machine's own Python."""

pytestmark = pytest.mark.skipif(
    bool(editor_root.missing("bullseye")), reason=editor_root.missing("bullseye")
)


@pytest.fixture(scope="module")
def results(
    tmp_path_factory: pytest.TempPathFactory, small_network: Path
) -> tuple[Path, Mapping[str, str], str]:
    """The folder with results, what each check came to, and all that was printed."""
    return _results(tmp_path_factory.mktemp("gimp 2 plüg-ins"), small_network, LC_ALL="C")


def _results(
    folder: Path, network: Path, **environment: str
) -> tuple[Path, Mapping[str, str], str]:
    # As it is installed: a copy, with the place of the worker's Python.
    shutil.copytree(PLUGIN, folder / "dreamlayer", ignore=shutil.ignore_patterns("__pycache__"))
    python = ["/usr/bin/python2.7", "-c", _OUTSIDE, sys.executable]
    worker = {
        "command": [*python, "-m", "dreamlayer", "worker"],
        "environment": {"PYTHONPATH": str(editor_root.PROJECT)},
        "version": "0.1.0",
    }
    (folder / "dreamlayer" / "worker.json").write_text(json.dumps(worker), encoding="utf-8")
    run = editor_root.run(
        "bullseye",
        ["/usr/bin/python2.7", "-B", f"/host{CHECKS}"],
        folder,
        environment={
            "DREAMLAYER_PLUGIN": str(folder / "dreamlayer"),
            "DREAMLAYER_RESULTS": str(folder),
            "DREAMLAYER_NETWORK": str(network),
            **environment,
        },
        timeout=500,
    )
    told = run.stdout + run.stderr
    found = folder / "results.json"
    assert found.is_file(), told
    return folder, json.loads(found.read_text(encoding="utf-8")), told


@pytest.mark.parametrize("name", NAMES)
def test_check(name: str, results: tuple[Path, Mapping[str, str], str]) -> None:
    """Each check of fake_gimp2/checks.py holds in Python 2.7."""
    _, outcomes, told = results
    assert outcomes["version"].startswith("2.7.")
    assert outcomes.get(name, told) == "ok", outcomes.get(name, told)


def test_in_japanese(tmp_path: Path, small_network: Path) -> None:
    """The filter runs in another language, whose letters Python 2.7 has to encode."""
    language = {"LC_ALL": "C.UTF-8", "LANGUAGE": "ja", "DREAMLAYER_CHECKS": "check_language"}
    _, outcomes, told = _results(tmp_path, small_network, **language)
    assert outcomes.get("check_language", told) == "ok", outcomes.get("check_language", told)


def _in_core(
    network: Path, before: np.ndarray, mask: np.ndarray | None = None
) -> npt.NDArray[np.uint8]:
    """What the core makes of 8-bit pixels, rounded as docs/worker.md says: halves up."""
    recipe = Recipe.from_dict(
        {
            "network": str(network),
            "layers": "deep",
            "octaves": 2,
            "steps": 2,
            "step_size": 0.02,
            "seed": 3,
            "smoothing": 1.5,
            "strength": 0.75,
        }
    )
    image = before[..., :3].astype(np.float32) / np.float32(255)
    alpha = before[..., 3] if before.shape[2] == 4 else None
    share = None if mask is None else mask.astype(np.float32) / np.float32(255)
    dreamt = Dreamer(Network(str(network))).dream(image, recipe, mask=share, alpha=alpha)
    rounded = np.floor(np.clip(dreamt, 0, 1).astype(np.float64) * 255 + 0.5)
    return rounded.astype(np.uint8)


@pytest.mark.parametrize("kind", ["RGB", "RGBA"])
def test_equal_to_headless(
    kind: str, results: tuple[Path, Mapping[str, str], str], small_network: Path
) -> None:
    """The filter's pixels are those that the core makes of the same ones."""
    folder, outcomes, _ = results
    assert outcomes["check_equal_to_headless"] == "ok", outcomes["check_equal_to_headless"]
    before, after = (
        np.frombuffer((folder / f"{name}.{kind}").read_bytes(), np.uint8).reshape(33, 41, -1)
        for name in ("before", "after")
    )
    assert (after[..., :3] != before[..., :3]).mean() > 0.5
    np.testing.assert_array_equal(after[..., :3], _in_core(small_network, before))


def test_selection_is_the_core_s_mask(
    results: tuple[Path, Mapping[str, str], str], small_network: Path
) -> None:
    """Through a feathered selection the filter's pixels are those of the core with that mask."""
    folder, outcomes, _ = results
    assert outcomes["check_feathered_selection"] == "ok", outcomes["check_feathered_selection"]
    before, mask, after = (
        np.frombuffer((folder / f"selected-{name}").read_bytes(), np.uint8).reshape(33, 41, -1)
        for name in ("before", "mask", "after")
    )
    assert ((mask > 0) & (mask < 255)).mean() > 0.2
    assert (after[mask[..., 0] == 0] == before[mask[..., 0] == 0]).all()
    assert (after != before).mean() > 0.1
    np.testing.assert_array_equal(after[..., :3], _in_core(small_network, before, mask[..., 0]))
