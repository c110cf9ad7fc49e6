"""A small network around a max-pool, and the gradient that a model gives."""

from __future__ import annotations

import numpy as np
import onnx
from finite_differences import session
from onnx import parser


def pool_network(pool: str, before: str = "Sin") -> onnx.ModelProto:
    """A pool between two functions that make its gradient uneven."""
    return parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] y) {{
          x = {before}(image)
          p = MaxPool<{pool}>(x)
          y = Exp(p)
        }}"""
    )


def gradient(model: onnx.ModelProto, image: np.ndarray) -> np.ndarray:
    """What a gradient model gives for an image, float32 [batch, 3, height, width]."""
    found: np.ndarray = session(model).run(["gradient"], {"image": image})[0]
    return found
