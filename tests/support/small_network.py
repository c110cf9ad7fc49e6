"""A network of two layers that runs in no time."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import parser

_SMALL = """
<ir_version: 8, opset_import: ["" : 18]>
small (float[batch,3,height,width] image) => (float[n,c,h,w] deep)
<float[6,3,3,3] w1, float[8,6,3,3] w2> {
  first_conv = Conv<pads=[1,1,1,1]>(image, w1)
  first = Relu(first_conv)
  deep_conv = Conv<pads=[1,1,1,1]>(first, w2)
  deep = Tanh(deep_conv)
}
"""


def small_model() -> onnx.ModelProto:
    """Two convolutions with random weights: each output sees 5 × 5 pixels, stride 1."""
    model = parser.parse_model(_SMALL)
    rng = np.random.default_rng(0)
    for name, shape in (("w1", (6, 3, 3, 3)), ("w2", (8, 6, 3, 3))):
        weights = (rng.standard_normal(shape) * 0.4).astype(np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(weights, name))
    return model
