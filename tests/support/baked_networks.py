"""Networks as exporters write them for one size of image, by the size that they are written for.

The same network written for another size is what a freed one must agree with there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Baked:
    """Writes a network for images of one height and width, each number worked out."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self._rng = np.random.default_rng(0)

    def constant(self, values: object, kind: type = np.int64) -> str:
        """A new constant."""
        name = f"constant{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def emit(self, kind: str, *inputs: str, **given: object) -> str:
        """Append a node; its output has its name."""
        name = f"{kind}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **given))
        return name

    def conv(self, x: str, inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> str:
        """A convolution with padding, and a ReLU."""
        scale = 1 / np.sqrt(inputs * kernel**2)
        values = self._rng.standard_normal((outputs, inputs, kernel, kernel)) * scale
        weight, pad = self.constant(values, np.float32), kernel // 2
        given = {"strides": [stride, stride], "pads": [pad] * 4}
        return self.emit("Relu", self.emit("Conv", x, weight, **given))

    def reshape(self, x: str, *shape: int) -> str:
        """A Reshape to numbers."""
        return self.emit("Reshape", x, self.constant(shape))

    def transpose(self, x: str, *order: int) -> str:
        """Another order of axes."""
        return self.emit("Transpose", x, perm=list(order))

    def model(self, output: str) -> onnx.ModelProto:
        """The network, whose input is symbolic as adopt makes it."""
        graph = helper.make_graph(
            self.nodes,
            "baked",
            [
                helper.make_tensor_value_info(
                    "image", TensorProto.FLOAT, ["batch", 3, "height", "width"]
                )
            ],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
            self.weights,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def _shuffle(height: int, width: int) -> onnx.ModelProto:
    net = Baked(height, width)
    x = net.conv("image", 3, 8, 2)
    x = net.reshape(x, 1, 2, 4, height // 2, width // 2)
    x = net.reshape(net.transpose(x, 0, 2, 1, 3, 4), 1, 8, height // 2, width // 2)
    return net.model(net.conv(x, 8, 4))


def _group_norm(height: int, width: int) -> onnx.ModelProto:
    """A group normalization as of opset 17; the length that it leaves open is the image's."""
    net = Baked(height, width)
    x = net.conv("image", 3, 16, 2)
    scale, bias = net.constant(np.ones(4), np.float32), net.constant(np.zeros(4), np.float32)
    x = net.emit("InstanceNormalization", net.reshape(x, 1, 4, -1), scale, bias)
    return net.model(net.conv(net.reshape(x, 1, 16, height // 2, width // 2), 16, 4))


def _open_shuffle(height: int, width: int) -> onnx.ModelProto:
    """The first length is left open, so that it would take what rows and columns add."""
    net = Baked(height, width)
    x = net.conv("image", 3, 8, 2)
    x = net.reshape(x, -1, 2, 4, height // 2, width // 2)
    x = net.reshape(net.transpose(x, 0, 2, 1, 3, 4), -1, 8, height // 2, width // 2)
    return net.model(net.conv(x, 8, 4))


def _squeeze(height: int, width: int) -> onnx.ModelProto:
    """Squeeze and excitation, pooled by a pool of the whole map."""
    net = Baked(height, width)
    x = net.conv("image", 3, 8, 2)
    pooled = net.emit("AveragePool", x, kernel_shape=[height // 2, width // 2])
    gate = net.emit("Sigmoid", net.conv(net.reshape(pooled, 1, 8, 1, 1), 8, 8, kernel=1))
    return net.model(net.conv(net.emit("Mul", x, gate), 8, 4))


def _radix(height: int, width: int) -> onnx.ModelProto:
    """Split attention, as of ResNeSt."""
    net = Baked(height, width)
    x = net.conv("image", 3, 16, 2)
    parts = net.reshape(x, 1, 2, 8, height // 2, width // 2)
    pooled = net.emit(
        "ReduceMean",
        net.emit("ReduceSum", parts, net.constant([1]), keepdims=0),
        net.constant([2, 3]),
        keepdims=1,
    )
    gate = net.transpose(net.reshape(net.conv(pooled, 8, 16, kernel=1), 1, 1, 2, 8), 0, 2, 1, 3)
    gate = net.reshape(net.reshape(net.emit("Softmax", gate, axis=1), 1, 16), 1, 2, 8, 1, 1)
    x = net.emit("ReduceSum", net.emit("Mul", parts, gate), net.constant([1]), keepdims=0)
    return net.model(net.conv(x, 8, 4))


def _pixel_shuffle(height: int, width: int) -> onnx.ModelProto:
    net = Baked(height, width)
    h, w = height // 4, width // 4
    x = net.conv(net.conv("image", 3, 8, 2), 8, 16, 2)
    x = net.transpose(net.reshape(x, 1, 4, 2, 2, h, w), 0, 1, 4, 2, 5, 3)
    return net.model(net.conv(net.reshape(x, 1, 4, h * 2, w * 2), 4, 4))


def _unshuffle(height: int, width: int) -> onnx.ModelProto:
    net = Baked(height, width)
    h, w = height // 4, width // 4
    x = net.conv("image", 3, 4, 2)
    x = net.transpose(net.reshape(x, 1, 4, h, 2, w, 2), 0, 1, 3, 5, 2, 4)
    return net.model(net.conv(net.reshape(x, 1, 16, h, w), 16, 4))


def _u_net(height: int, width: int) -> onnx.ModelProto:
    """What is enlarged gets the size of what it is put together with."""
    net = Baked(height, width)
    one = net.conv("image", 3, 4, 2)
    two = net.conv(one, 4, 8, 2)
    sizes = net.constant([1, 8, -(-height // 2), -(-width // 2)])
    up = net.emit("Resize", two, "", "", sizes, mode="nearest")
    return net.model(net.conv(net.emit("Concat", one, net.conv(up, 8, 4), axis=1), 8, 4))


def _enlarged(height: int, width: int) -> onnx.ModelProto:
    """What is enlarged stays alone."""
    net = Baked(height, width)
    x = net.conv(net.conv("image", 3, 4, 2), 4, 8, 2)
    sizes = net.constant([1, 8, height // 2, width // 2])
    return net.model(net.conv(net.emit("Resize", x, "", "", sizes, mode="linear"), 8, 4))


def _pooled_branch(height: int, width: int) -> onnx.ModelProto:
    """The mean of the image is enlarged to the size of the other branch, as of DeepLab."""
    net = Baked(height, width)
    x = net.conv("image", 3, 8, 2)
    mean = net.conv(net.emit("GlobalAveragePool", x), 8, 4, kernel=1)
    up = net.emit("Resize", mean, "", "", net.constant([1, 4, height // 2, width // 2]))
    return net.model(net.conv(net.emit("Concat", net.conv(x, 8, 4), up, axis=1), 8, 4))


def _cropped(height: int, width: int) -> onnx.ModelProto:
    """Ends of slices are written as the last position."""
    net = Baked(height, width)
    x = net.conv("image", 3, 4)
    parts = [
        net.emit(
            "Slice",
            x,
            net.constant([down, right]),
            net.constant([height, width]),
            net.constant([2, 3]),
            net.constant([2, 2]),
        )
        for down in (0, 1)
        for right in (0, 1)
    ]
    return net.model(net.conv(net.emit("Concat", *parts, axis=1), 16, 4))


def _expanded(height: int, width: int) -> onnx.ModelProto:
    net = Baked(height, width)
    x = net.conv("image", 3, 4, 2)
    x = net.emit("Expand", x, net.constant([1, 4, height // 2, width // 2]))
    return net.model(net.conv(x, 4, 4))


def _tokens(height: int, width: int) -> onnx.ModelProto:
    """Maps become tokens and maps again, as of SegFormer; rows and columns are told apart."""
    net = Baked(height, width)
    h, w = height // 4, width // 4
    x = net.conv(net.conv("image", 3, 8, 2), 8, 8, 2)
    tokens = net.transpose(net.reshape(x, 1, 8, h * w), 0, 2, 1)
    weight = net.constant(np.random.default_rng(1).standard_normal((8, 8)) / 3, np.float32)
    tokens = net.emit("Relu", net.emit("MatMul", tokens, weight))
    x = net.reshape(net.transpose(tokens, 0, 2, 1), 1, 8, h, w)
    return net.model(net.conv(x, 8, 4))


def _windows(height: int, width: int, window: int = 4) -> onnx.ModelProto:
    """Each window of a map is mixed by itself."""
    net = Baked(height, width)
    h, w, area = height // 2, width // 2, window**2
    x = net.transpose(net.conv("image", 3, 8, 2), 0, 2, 3, 1)
    x = net.reshape(x, 1, h // window, window, w // window, window, 8)
    x = net.reshape(net.transpose(x, 0, 1, 3, 2, 4, 5), h * w // area, area, 8)
    mean = net.emit("ReduceMean", x, net.constant([1]), keepdims=1)
    x = net.emit("Sub", x, mean)
    x = net.reshape(x, 1, h // window, w // window, window, window, 8)
    x = net.reshape(net.transpose(x, 0, 1, 3, 2, 4, 5), 1, h, w, 8)
    return net.model(net.conv(net.transpose(x, 0, 3, 1, 2), 8, 4))


def _grid(height: int, width: int, grid: int = 4) -> onnx.ModelProto:
    """Positions that lie apart are mixed, a fixed number of them, as of MaxViT; a bias tells."""
    net = Baked(height, width)
    h, w, area = height // 2, width // 2, grid**2
    x = net.transpose(net.conv("image", 3, 8, 2), 0, 2, 3, 1)
    x = net.reshape(x, 1, grid, h // grid, grid, w // grid, 8)
    x = net.reshape(net.transpose(x, 0, 2, 4, 1, 3, 5), h * w // area, area, 8)
    bias = net.constant(np.random.default_rng(1).standard_normal((1, area, 8)), np.float32)
    x = net.emit("Add", x, bias)
    x = net.reshape(x, 1, h // grid, w // grid, grid, grid, 8)
    x = net.reshape(net.transpose(x, 0, 3, 1, 4, 2, 5), 1, h, w, 8)
    return net.model(net.conv(net.transpose(x, 0, 3, 1, 2), 8, 4))


def _flattened(height: int, width: int) -> onnx.ModelProto:
    """A classifier behind a pool of the whole map, flattened to numbers."""
    net = Baked(height, width)
    x = net.conv(net.conv("image", 3, 8, 2), 8, 8, 2)
    pooled = net.emit("AveragePool", x, kernel_shape=[height // 4, width // 4])
    weight = net.constant(np.random.default_rng(1).standard_normal((8, 5)), np.float32)
    return net.model(net.emit("MatMul", net.reshape(pooled, 1, 8), weight))


FREED: dict[str, Callable[[int, int], onnx.ModelProto]] = {
    "shuffle": _shuffle,
    "open_shuffle": _open_shuffle,
    "group_norm": _group_norm,
    "squeeze": _squeeze,
    "radix": _radix,
    "pixel_shuffle": _pixel_shuffle,
    "unshuffle": _unshuffle,
    "u_net": _u_net,
    "enlarged": _enlarged,
    "pooled_branch": _pooled_branch,
    "cropped": _cropped,
    "expanded": _expanded,
    "tokens": _tokens,
    "windows": _windows,
    "grid": _grid,
    "flattened": _flattened,
}
"""Networks that can be freed, by name: functions of height and width."""


def positions(height: int, width: int) -> onnx.ModelProto:
    """Adds a position embedding, which has one size, as a vision transformer does."""
    net = Baked(height, width)
    h, w = height // 8, width // 8
    x = net.conv("image", 3, 8, 8, kernel=7)
    tokens = net.transpose(net.reshape(x, 1, 8, h * w), 0, 2, 1)
    values = np.random.default_rng(1).standard_normal((1, h * w, 8))
    tokens = net.emit("Add", tokens, net.constant(values, np.float32))
    x = net.reshape(net.transpose(tokens, 0, 2, 1), 1, 8, h, w)
    return net.model(net.conv(net.conv(x, 8, 8), 8, 8))


def dense(height: int, width: int) -> onnx.ModelProto:
    """A classifier that reads each position, as of VGG: its maps are free, its answer is not."""
    net = Baked(height, width)
    x = net.conv(net.conv("image", 3, 8, 2), 8, 4, 2)
    x = net.reshape(net.transpose(x, 0, 2, 3, 1), 1, height // 4 * (width // 4) * 4)
    size = height // 4 * (width // 4) * 4
    weight = net.constant(np.random.default_rng(1).standard_normal((size, 5)), np.float32)
    return net.model(net.emit("MatMul", x, weight))
