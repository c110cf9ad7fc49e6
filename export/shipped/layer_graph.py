"""A forward graph built layer by layer, with 8-bit kernels, the same bytes on every machine.

Nothing here depends on a converter or on the version of a library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from dreamlayer.core.graph.names import IMAGE
from dreamlayer.export import network_file
from dreamlayer.export.network_file import feature_map
from dreamlayer.export.shipped.quantized import QuantizedTensor

PIXELS = "preprocessed"
PREPROCESSING = {"channels": "rgb", "range": "-1..1", "formula": "2 * image - 1"}
_STATISTICS = ("gamma", "beta", "moving_mean", "moving_variance")


class LayerGraph:
    """Nodes, weights and channel counts of a network whose pixels are -1..1.

    Attributes
    ----------
    channels : dict
        Number of channels by layer; `PIXELS` is what the first layer reads.
    """

    def __init__(self) -> None:
        self._nodes = [
            helper.make_node("Mul", [IMAGE, "preprocessing/two"], ["preprocessing/mul"]),
            helper.make_node("Sub", ["preprocessing/mul", "preprocessing/one"], [PIXELS]),
        ]
        for node in self._nodes:
            node.name = node.output[0]
        self._weights: list[onnx.TensorProto] = []
        self.constant("preprocessing/two", np.float32(2))
        self.constant("preprocessing/one", np.float32(1))
        self.channels: dict[str, int] = {PIXELS: 3}

    def layer(
        self, kind: str, name: str, channels: int, inputs: Iterable[str], **attributes: Any
    ) -> None:
        """Append a layer's node; it and its output have the layer's name."""
        self.channels[name] = channels
        self._node(kind, name, inputs, **attributes)

    def constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        """Store an array, and return its name."""
        self._weights.append(_tensor(name, value))
        return name

    def kernel(self, name: str, kernel: QuantizedTensor) -> str:
        """Store a kernel as 8-bit codes, and decode it in the graph.

        Every runtime folds Cast, Mul and Add of constants when it loads the file; ONNX Runtime
        leaves DequantizeLinear in place and would decode at every run.

        Parameters
        ----------
        name
            Of the decoded kernel.
        kernel
            Axes as ONNX has them: out, in, height, width.

        Returns
        -------
        str
            `name`.
        """
        self.constant(f"{name}/codes", kernel.codes)
        self.constant(f"{name}/scale", np.float32(kernel.scale))
        self.constant(f"{name}/minimum", np.float32(kernel.minimum))
        self._node("Cast", f"{name}/float", [f"{name}/codes"], to=TensorProto.FLOAT)
        self._node("Mul", f"{name}/scaled", [f"{name}/float", f"{name}/scale"])
        self._node("Add", name, [f"{name}/scaled", f"{name}/minimum"])
        return name

    def batch_norm(
        self, name: str, source: str, values: Mapping[str, NDArray[np.float32]], epsilon: float
    ) -> None:
        """Append a batch normalization with float32 statistics; without gamma it is 1."""
        values = {"gamma": np.ones_like(values["beta"]), **values}
        weights = [self.constant(f"{name}/{key}", values[key]) for key in _STATISTICS]
        channels = self.channels[source]
        self.layer("BatchNormalization", name, channels, [source, *weights], epsilon=epsilon)

    def model(
        self, output: str, name: str, strides: Mapping[str, int] | None = None
    ) -> onnx.ModelProto:
        """Return the finished model, opset 18, without metadata.

        Parameters
        ----------
        output
            The last layer.
        name
            Of the graph.
        strides
            By layer, for layers that are of one size wherever they have the same stride.
        """
        shapes = {
            layer: feature_map(layer, count, _sides((strides or {}).get(layer)))
            for layer, count in self.channels.items()
        }
        last = shapes.pop(output)
        model = network_file.build(self._nodes, self._weights, [last], name=name)
        model.graph.value_info.extend(shapes.values())
        return model

    def _node(self, kind: str, name: str, inputs: Iterable[str], **attributes: Any) -> None:
        """Append one node; it and its output have the same name."""
        self._nodes.append(helper.make_node(kind, list(inputs), [name], name=name, **attributes))


def _sides(stride: int | None) -> tuple[str | None, str | None]:
    """Name height and width at a stride; the image's own names at stride 1."""
    if stride is None:
        return None, None
    end = "" if stride == 1 else f"_at_stride_{stride}"
    return f"height{end}", f"width{end}"


def _tensor(name: str, value: NDArray[Any] | np.generic) -> onnx.TensorProto:
    """Store an array little-endian, whatever the machine."""
    array = np.asarray(value)
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    content = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return helper.make_tensor(name, kind, array.shape, content, raw=True)
