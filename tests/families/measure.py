"""What dreamlayer makes of one exported network: its layers, its gradients and a dream.

Run as `python tests/families/measure.py NETWORK.onnx FOLDER`, with what `torch_source.py` or
`keras_source.py` wrote; prints one line of JSON. A process of its own, since a fault may end it.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import double
import images
import numpy as np
import numpy.typing as npt
import onnx
from activations import as_planes, map_of
from images import PLACES
from PIL import Image
from source_maps import source_maps

from dreamlayer.core.graph.edit import tap
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.version import VERSION
from dreamlayer.export.verify import open_session

Array = npt.NDArray[Any]
ROOT = Path(__file__).parents[2]
CLOSE = 1e-3
"""Largest difference, of the largest value, between a source's map and the layer that it became."""


def main(source: Path, folder: Path) -> dict[str, Any]:
    """Adopt a network, compare it with the framework, and dream.

    Parameters
    ----------
    source
        The exported network, with an .npz of `images.save` beside it.
    folder
        Where the adopted network and the dream go.
    """
    adopted = folder / "adopted.onnx"
    record = dict(np.load(source.with_suffix(".npz")))
    result: dict[str, Any] = {"versions": [*_versions(), *str(record["version"]).split(", ")]}
    command = _command("export", "adopt", source, "-o", adopted)
    if command.returncode:
        return result | {"refused": _sentence(command)}
    # Behind the file's name comes where it may be found, which is another folder each time.
    result["adopt"] = command.stdout.partition(str(adopted))[0].splitlines()
    planes = record["images"][:1]
    layers = _layers(adopted, planes)
    maps = source_maps(source, _feeds(source, planes), planes.shape[2:])
    missing = [x for x in maps if not any(_find(form, layers) for form in x.planes)]
    result["maps"], result["offered"] = len(maps), len(maps) - len(missing)
    result["layers"] = len(layers)
    result["missing"] = [f"{x.kind} {x.tensor}" for x in missing]
    for place in PLACES:
        result[place] = _compared(place, record, layers, adopted)
    result["dream"] = _dream(folder, adopted, result["late"].get("layer") or [*layers][-1], planes)
    return result


def _versions() -> list[str]:
    """What dreamlayer was run with."""
    packages = [f"{name} {metadata.version(name)}" for name in ("onnxruntime", "onnx", "numpy")]
    return [f"dreamlayer {VERSION}", *packages, f"Python {platform.python_version()}"]


def _feeds(source: Path, planes: Array) -> dict[str, Array]:
    """What the source takes, in its own layout."""
    info = onnx.load(source).graph.input[0]
    last = info.type.tensor_type.shape.dim[-1].dim_value == 3
    return {info.name: np.moveaxis(planes, 1, 3) if last else planes}


def _command(*arguments: Any) -> subprocess.CompletedProcess[str]:
    """Run one of the real commands of the checkout."""
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def _sentence(command: subprocess.CompletedProcess[str]) -> str:
    """The last line of error, or how the process ended."""
    lines = command.stderr.strip().splitlines()
    text = re.sub(r"^(python -m \S+|error): ", "", lines[-1]) if lines else "no message"
    if command.returncode < 0:
        return f"ended by signal {-command.returncode}: {text}"
    return f"Traceback: {text}" if "Traceback" in command.stderr else text


def _layers(adopted: Path, planes: Array) -> dict[str, Array]:
    """The activations of every layer that can be dreamed."""
    network = Network(str(adopted))
    names = [layer.name for layer in network.layers() if layer.reason is None]
    # As the source is run: where rounding grows from layer to layer, an optimizer shows.
    session = open_session(tap(onnx.load(adopted), names), optimize=False)
    return dict(zip(names, session.run(names, {IMAGE: planes}), strict=True))


def _find(planes: Array, layers: dict[str, Array]) -> str | None:
    """The layer with these values."""
    largest = max(float(np.abs(planes).max()), 1e-20)
    for name, values in layers.items():
        if values.shape == planes.shape and np.abs(values - planes).max() <= CLOSE * largest:
            return name
    return None


def _compared(
    place: str, record: dict[str, Any], layers: dict[str, Array], adopted: Path
) -> dict[str, Any]:
    """The gradient of one layer, against the framework's in float64.

    Of several images, the one on which it is nearest is told; see `images.without_ties`. Where
    that is far off all the same, float64 tells whether the gradient is wrong, or rounded much, and
    how much.
    """
    module, activation = str(record[f"{place}_module"]), record[f"{place}_activation"]
    pixels, exact = record["images"], record[f"{place}_gradients"]
    form = map_of(activation.shape, pixels.shape[2:])
    layer = None if form is None else _find(as_planes(activation, form), layers)
    if layer is None:
        return {"module": module, "problem": f"{module} is no layer"}
    try:
        model = Network(str(adopted)).gradient_model([Term(layer)], "cpu")
        session = open_session(model)
        found = [
            session.run(["gradient"], {IMAGE: pixels[n : n + 1]})[0] for n in range(len(pixels))
        ]
    except Exception as error:  # whatever it is, it belongs into the table
        return {"module": module, "layer": layer, "problem": images.first_line(error)}
    errors = [images.error(one, exact[n : n + 1]) for n, one in enumerate(found)]
    best = int(np.argmin(errors))
    theirs = float(record[f"{place}_missed"][best])
    result = {"module": module, "layer": layer, "ours": errors[best], "theirs": theirs}
    if errors[best] > images.ERROR:
        result["slopes"], gradient = double.slope_error(model, pixels[best : best + 1])
        result["rounding"] = images.error(found[best], gradient)
    return result | {"all": errors}


def _dream(folder: Path, adopted: Path, layer: str, planes: Array) -> str:
    """Dream two steps by the real command; `yes`, or what went wrong."""
    photo, output = folder / "photo.png", folder / "dream.png"
    size = (max(160, planes.shape[3] + 16), max(128, planes.shape[2] + 16))
    Image.open(ROOT / "tests" / "data" / "coffee.jpg").resize(size).save(photo)
    command = _command(
        "core", "dream", photo, "-o", output, "--network", adopted, "--layer", layer,
        *("--steps", 2, "--octaves", 1),
    )  # fmt: skip
    if command.returncode:
        return _sentence(command)
    before, after = (np.asarray(Image.open(file).convert("RGB"), int) for file in (photo, output))
    return "yes" if np.abs(before - after).max() > 2 else "unchanged"


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
