"""What is imported: a dream on a known network, the help, and the package take what they need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import onnx
import pytest
from command_line import ROOT
from small_network import small_model

GRAPHS = (
    "onnx",
    "google.protobuf",
    "scipy",
    "dreamlayer.core.autodiff",
    "dreamlayer.core.device",
    *(f"dreamlayer.core.graph.{name}" for name in ("builder", "edit", "inference", "ops", "sizes")),
    "dreamlayer.core.network.gradient_model",
    "dreamlayer.core.network.objective",
)
"""What makes graphs, and what only some recipes compute with."""

ARRAYS = (*GRAPHS, "numpy", "PIL", "pyvips", "psutil", "onnxruntime", "openvino")

_RUN = (
    "import json, sys\n"
    "from dreamlayer.core.cli.program import main\n"
    "try:\n"
    "    code = main(sys.argv[1:])\n"
    "except SystemExit as end:\n"
    "    code = end.code\n"
    "assert not code, code\n"
)
_SHOW = "import json, sys; print(json.dumps(sorted(sys.modules)), file=sys.stderr)\n"


def _imported(code: str, *arguments: object, cache: Path | None = None) -> list[str]:
    """The modules that a process of its own has imported when the code ends."""
    kept = {} if cache is None else {"DREAMLAYER_CACHE": str(cache)}
    ran = subprocess.run(
        [sys.executable, "-c", code + _SHOW, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **kept},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: list[str] = json.loads(ran.stderr.splitlines()[-1])
    return found


def _among(modules: Iterable[str], packages: Iterable[str]) -> list[str]:
    """Those of the packages that are among the modules."""
    loaded = {*modules}
    return [one for one in packages if one in loaded]


@pytest.mark.parametrize("provider", ["cpu", "auto"])
def test_a_dream_that_was_dreamt_before_makes_no_graph(
    photo: Path, tmp_path: Path, provider: str
) -> None:
    """By the default recipe, all that the network's file could tell comes from the cache."""
    asked = ("dream", photo, "-o", tmp_path / "d.png", "--quiet", "--provider", provider)
    first = _imported(_RUN, *asked, cache=tmp_path / "cache")
    assert {"onnx", "dreamlayer.core.autodiff", "onnxruntime"} <= {*first}
    dreamt = (tmp_path / "d.png").read_bytes()
    second = _imported(_RUN, *asked, cache=tmp_path / "cache")
    assert _among(second, GRAPHS) == []
    assert "dreamlayer.core.network.network" in second
    assert (tmp_path / "d.png").read_bytes() == dreamt


def test_so_does_one_on_another_network(photo: Path, quick: list[str], tmp_path: Path) -> None:
    """On any file, with or without a list of layers; one that changed is looked at again.

    What an unknown file holds is found in a process of its own.
    """
    network = tmp_path / "own.onnx"
    onnx.save(small_model(), network)
    asked = ("dream", photo, "-o", tmp_path / "d.png", *quick, "--quiet", "--provider", "cpu")
    asked = (*asked, "--network", network)
    process = "dreamlayer.core.isolation.process"
    assert process in _imported(_RUN, *asked, cache=tmp_path / "cache")
    known = _imported(_RUN, *asked, cache=tmp_path / "cache")
    assert _among(known, (*GRAPHS, process)) == []
    changed = small_model()
    changed.doc_string = "another"
    onnx.save(changed, network)
    assert process in _imported(_RUN, *asked, cache=tmp_path / "cache")


@pytest.mark.parametrize(
    "arguments",
    [[], ["--help"], ["--version"], ["presets"], ["recipe"], ["dream", "--help"]],
    ids=" ".join,
)
def test_help_and_lists_load_nothing_that_computes(arguments: list[str]) -> None:
    """They need neither arrays nor pictures nor a runtime."""
    assert _among(_imported(_RUN, *arguments), ARRAYS) == []


def test_importing_the_package_costs_nothing() -> None:
    """Its names are loaded when they are used, and most of them need no onnx."""
    assert _among(_imported("import dreamlayer\n"), (*ARRAYS, "dreamlayer.core")) == []
    names = "from dreamlayer import Dreamer, Recipe, dream, preset, read, write\n"
    assert _among(_imported(names), (*GRAPHS, "onnxruntime", "openvino")) == []
    assert "onnx" in _imported("from dreamlayer import gradient_model\n")
