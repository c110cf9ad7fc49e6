"""The gradient of the package onnx-ad for the same network, on ONNX Runtime."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnx_ad

from bench.errors import UnavailableError
from bench.peers.loops import NumpyLoop
from bench.peers.plan import IMAGE, Step, pads_of, same_upper
from bench.peers.sources import Source
from bench.peers.table import Setting
from dreamlayer.core.graph.inference import attributes
from dreamlayer.core.runtime.installed import runtime

Array = npt.NDArray[np.float32]


class OnnxAdPeer:
    """Reverse mode by onnx-ad; its native form is a numpy tile.

    It differentiates convolutions of declared sizes only, so each size of tile gets a model and a
    session of its own when it first occurs.

    Raises
    ------
    UnavailableError
        The package refuses the network; the message is its own.
    """

    def __init__(self, source: Source, setting: Setting) -> None:
        self._model, self._threads = source.model(), setting.threads
        self.grid = source.grid
        self.version = f"onnx-ad {version('onnx-ad')}, onnxruntime {runtime().__version__}"
        self._sessions: dict[tuple[int, ...], Any] = {}
        side = source.grid.geometry.minimum
        try:
            adjoint(self._model, side, side)
        except Exception as error:
            # Its errors have no documented base class.
            raise UnavailableError(f"it says: {error}") from error

    def prepare(self, tile: Array) -> Array:
        """Return the tile, which is in its native form."""
        return tile

    def gradient(self, tile: Array) -> tuple[float, Array]:
        """The objective and its gradient."""
        session = self._sessions.get(tile.shape)
        if session is None:
            session = self._sessions[tile.shape] = self._session(*tile.shape[1:])
        fed = {IMAGE: tile[np.newaxis], "adj_loss": np.ones(1, np.float32)}
        loss, gradient = session.run(["loss", "adj_image"], fed)
        # Its last axis is for several seeds; there is one.
        return float(loss), gradient[0, :, :, :, 0]

    def __call__(self, tile: Array) -> tuple[float, Array]:
        """The objective and its gradient."""
        return self.gradient(tile)

    def loop(self) -> NumpyLoop:
        """The loop of `core`, as the package has none."""
        return NumpyLoop(self.gradient, self.grid, self._threads)

    def _session(self, height: int, width: int) -> Any:
        onnxruntime = runtime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        model = adjoint(self._model, height, width).SerializeToString()
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def adjoint(model: onnx.ModelProto, height: int, width: int) -> onnx.ModelProto:
    """Differentiate the objective's model with onnx-ad for tiles of one size."""
    sized = onnx.ModelProto()
    sized.CopyFrom(model)
    dims = sized.graph.input[0].type.tensor_type.shape.dim
    for dim, size in zip(dims, (1, 3, height, width), strict=True):
        dim.dim_value = size
    inferred = onnx.shape_inference.infer_shapes(sized)
    _write_pads(inferred.graph)
    result: onnx.ModelProto = onnx_ad.reverse(inferred, inputs=[IMAGE], layout="onnx")
    return result


def _write_pads(graph: onnx.GraphProto) -> None:
    """Write padding that follows from the size as numbers, as the package asks for."""
    dims = {
        info.name: [dim.dim_value for dim in info.type.tensor_type.shape.dim]
        for info in [*graph.value_info, *graph.input]
    }
    kernels = {tensor.name: tensor.dims for tensor in graph.initializer}
    for node in graph.node:
        step = Step(node.op_type, tuple(node.input), node.output[0], attributes(node), ())
        if node.op_type != "Conv" or not same_upper(step):
            continue
        _, _, rows, columns = kernels[node.input[1]]
        height, width = dims[node.input[0]][2:]
        pads = pads_of(step, (rows, columns), (height, width))
        kept = [one for one in node.attribute if one.name != "auto_pad"]
        del node.attribute[:]
        node.attribute.extend([*kept, onnx.helper.make_attribute("pads", pads)])


def make(source: Source, setting: Setting) -> OnnxAdPeer:
    """Make the peer."""
    return OnnxAdPeer(source, setting)
