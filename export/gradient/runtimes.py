"""Runtimes that a gradient model is tried in, as their users run it.

Those that are no part of dreamlayer run in processes of their own, which see a copy of the inputs
in a folder that is removed afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.errors import NetworkError, ProviderError, bare, shown
from dreamlayer.core.graph.names import GRADIENT, LOSS
from dreamlayer.core.installation import pip_command
from dreamlayer.core.runtime.reasons import reason_of

Array = npt.NDArray[np.float32]
Feeds = Mapping[str, Array]
Result = tuple[float, Array]

_SCRIPTS = Path(__file__).with_name("scripts")
_MISSING = 3
"""Exit code of a script whose runtime is not installed."""

_SECONDS = 900


@dataclass(frozen=True)
class Runtime:
    """A runtime.

    Attributes
    ----------
    version : callable
        Takes the folder where onnxruntime-web was installed, if one is named; returns the runtime's
        version or raises `ProviderError` where it is missing, with the command that installs it.
    run : callable
        Takes the model's path, its inputs and the same folder; returns loss and gradient.
    """

    version: Callable[[Path | None], str]
    run: Callable[[Path, Feeds, Path | None], Result]


def _provider(name: str) -> Runtime:
    """One of ONNX Runtime's providers."""

    def version(_: Path | None) -> str:
        from dreamlayer.core.runtime.installed import runtime
        from dreamlayer.core.runtime.loading import fault
        from dreamlayer.core.runtime.sessions import candidates

        (short,) = candidates(name)
        found = fault(short)
        if found is not None:
            raise ProviderError(f"provider {shown(name)} did not load on this machine: {found}")
        return str(runtime().__version__)

    def run(model: Path, feeds: Feeds, _: Path | None) -> Result:
        from dreamlayer.core.network.files import read_model
        from dreamlayer.core.runtime.providers import Execution
        from dreamlayer.core.runtime.sessions import open_session

        session = open_session(read_model(model), Execution(name))
        loss, gradient = session.run([LOSS, GRADIENT], feeds)
        return float(loss), gradient

    return Runtime(version, run)


def _reference_version(_: Path | None) -> str:
    import onnx

    return str(onnx.__version__)


def _run_reference(model: Path, feeds: Feeds, _: Path | None) -> Result:
    from onnx.reference import ReferenceEvaluator

    try:
        loss, gradient = ReferenceEvaluator(str(model)).run([LOSS, GRADIENT], dict(feeds))
    except Exception as error:  # each operator of the evaluator raises what it likes
        raise _failed("onnx's reference evaluator", reason_of(error)) from error
    return float(loss), np.asarray(gradient, np.float32)


def _openvino_version(_: Path | None) -> str:
    told = _child([sys.executable, str(_SCRIPTS / "with_openvino.py")], "OpenVINO")
    if told is None:
        raise ProviderError(
            f"--verify openvino needs the package openvino; install it with: "
            f"{pip_command('install', 'openvino')}"
        )
    return str(told["version"]).partition("-")[0]


def _run_openvino(model: Path, feeds: Feeds, _: Path | None) -> Result:
    return _run_script(
        [sys.executable, str(_SCRIPTS / "with_openvino.py")], "OpenVINO", model, feeds
    )


def _node_version(modules: Path | None) -> str:
    if modules is not None and not modules.is_dir():
        raise ProviderError(
            f"--node-modules {shown(modules)} is not a folder; name the one in which "
            f"`npm install onnxruntime-web` was run"
        )
    told = _child(_node_command(modules), "Node.js")
    if told is None:
        where = "the current folder and NODE_PATH" if modules is None else shown(modules)
        raise ProviderError(
            f"--verify node needs the package onnxruntime-web, which is not found from {where}; "
            f"install it with: npm install onnxruntime-web, or name its folder with --node-modules"
        )
    return str(told["version"])


def _run_node(model: Path, feeds: Feeds, modules: Path | None) -> Result:
    return _run_script(_node_command(modules), "onnxruntime-web", model, feeds)


def _node_command(modules: Path | None) -> list[str]:
    node = shutil.which("node")
    if node is None:
        raise ProviderError(
            "--verify node needs Node.js, which is not on the PATH; install it from "
            "https://nodejs.org and then run: npm install onnxruntime-web"
        )
    folder = (modules or Path()).absolute()
    # Whoever names the folder node_modules itself means the one that holds it.
    folder = folder.parent if folder.name == "node_modules" else folder
    return [node, str(_SCRIPTS / "with_node.cjs"), str(folder)]


def _run_script(command: Sequence[str], title: str, model: Path, feeds: Feeds) -> Result:
    """Run a model in a script of `scripts/`, which reads inputs from a folder."""
    with tempfile.TemporaryDirectory(prefix="dreamlayer-") as name:
        folder = Path(name)
        inputs = []
        for number, (tensor, values) in enumerate(feeds.items()):
            values.astype("<f4").tofile(folder / str(number))
            inputs.append({"name": tensor, "shape": list(values.shape), "file": str(number)})
        request = folder / "request.json"
        request.write_text(json.dumps({"model": str(model.absolute()), "inputs": inputs}))
        told = _child([*command, str(request)], title)
        if told is None:
            raise _failed(title, "it is gone")
        gradient = np.fromfile(folder / "gradient", "<f4").reshape(feeds["image"].shape)
        return float(told["loss"]), gradient


def _child(command: Sequence[str], title: str) -> dict[str, Any] | None:
    """The JSON that a script prints; None where its runtime is not installed."""
    # ONNX Runtime reports to Microsoft unless told otherwise.
    environment = {"ORT_DISABLE_TELEMETRY": "1", **os.environ}
    try:
        ran = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(title, f"it took more than {_SECONDS} seconds") from error
    except OSError as error:
        raise _failed(title, error.strerror or str(error)) from error
    if ran.returncode == _MISSING:
        return None
    lines = [line for line in ran.stdout.splitlines() if line.startswith("{")]
    if ran.returncode or not lines:
        said = [line.strip() for line in ran.stderr.splitlines() if line.strip()]
        raise _failed(title, said[-1] if said else f"its process ended with {ran.returncode}")
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer


def _failed(title: str, reason: str) -> NetworkError:
    return NetworkError(f"{title} does not run the model: {bare(reason)}")


RUNTIMES: Mapping[str, Runtime] = {
    "onnxruntime": _provider("cpu"),
    "openvino": Runtime(_openvino_version, _run_openvino),
    "node": Runtime(_node_version, _run_node),
    "reference": Runtime(_reference_version, _run_reference),
    "webgpu": _provider("webgpu"),
}
"""By the names that ``--verify`` knows; `RUNTIME_HELP` in `options` says what each is."""
