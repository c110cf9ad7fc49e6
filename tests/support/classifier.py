"""Small classifiers with random weights, as network files."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper, parser

CLASSES = 1000

_BODY = """
  a = Conv<strides=[2,2], pads=[1,1,1,1]>(image, kernel1)
  first = Relu(a)
  b = Conv<strides=[2,2], pads=[1,1,1,1]>(first, kernel2)
  deep = Relu(b)
"""

_HEADS = {
    "any": """
      pooled = GlobalAveragePool(deep)
      flat = Flatten(pooled)
      logits = Gemm(flat, kernel3, bias)
    """,
    "one": """
      pooled = AveragePool<kernel_shape=[2,2], strides=[2,2]>(deep)
      flat = Flatten(pooled)
      logits = Gemm(flat, kernel4, bias)
    """,
}


def classifier(
    head: str = "any", classes: int = CLASSES, end: str = "probabilities = Softmax(logits)"
) -> onnx.ModelProto:
    """Two convolutions and a dense layer; layers `first` and `deep`, tensors `logits` and more.

    Parameters
    ----------
    head
        ``any`` for images of any size, ``one`` for 32 × 32 pixels only.
    classes
        Their number.
    end
        The node behind the logits, or none; what it gives is the output.
    """
    output = end.partition(" = ")[0].strip() or "logits"
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 18]>\n'
        f"classifier (float[batch,3,height,width] image) => (float {output})\n"
        "{" + _BODY + _HEADS[head] + end + "}"
    )
    model.graph.output[0].type.tensor_type.ClearField("shape")
    rng = np.random.default_rng(0)
    weights = {
        "kernel1": (8, 3, 3, 3),
        "kernel2": (12, 8, 3, 3),
        "kernel3" if head == "any" else "kernel4": (12 if head == "any" else 12 * 16, classes),
        "bias": (classes,),
    }
    for name, shape in weights.items():
        values = rng.standard_normal(shape).astype(np.float32) * np.float32(0.3)
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    return model
