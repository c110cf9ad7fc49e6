"""OpenVINO by hand: the file that `dreamlayer-export gradient` writes, read, compiled and run."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino

from bench.peers.loops import NumpyLoop
from bench.peers.sources import Source
from bench.peers.table import FULL, Setting
from dreamlayer.core.graph.names import GRADIENT, LOSS

Array = npt.NDArray[np.float32]

_TYPES = {FULL: "f32"}


class OpenVinoPeer:
    """The package `openvino` on the CPU, as its documentation shows; its native form is a batch."""

    def __init__(self, source: Source, setting: Setting) -> None:
        core = openvino.Core()
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _TYPES.get(setting.precision, "bf16")
        }
        if cache := os.environ.get("BENCH_OPENVINO_CACHE"):
            settings["CACHE_DIR"] = cache
        if setting.threads:
            settings["INFERENCE_NUM_THREADS"] = setting.threads
        model = core.read_model(source.gradient_model())
        self._compiled = core.compile_model(model, "CPU", settings)
        self.grid, self._threads = source.grid, setting.threads
        self.version = f"openvino {openvino.__version__.split('-')[0]}"

    def prepare(self, tile: Array) -> Array:
        """Turn a tile into a batch of one."""
        return tile[np.newaxis]

    def gradient(self, batch: Array) -> tuple[float, Array]:
        """The objective and its gradient, [1, 3, height, width]."""
        found = self._compiled(batch)
        return float(found[LOSS]), found[GRADIENT]

    def __call__(self, tile: Array) -> tuple[float, Array]:
        """The objective and its gradient, float32 [3, height, width]."""
        loss, gradient = self.gradient(self.prepare(tile))
        return loss, np.array(gradient[0])

    def loop(self) -> NumpyLoop:
        """The loop of `core`, as the package has none."""
        return NumpyLoop(self, self.grid, self._threads)


def make(source: Source, setting: Setting) -> OpenVinoPeer:
    """Make the peer."""
    return OpenVinoPeer(source, setting)
