"""A network that computes in float16 between a float32 image and a float32 objective."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from dreamlayer.core.autodiff.passes.fold_batch_norm import fold_batch_norms
from dreamlayer.core.graph.edit import prune
from dreamlayer.core.graph.inference import IMAGE, attributes, inferred, names_read
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.kinds import KINDS
from dreamlayer.core.recipe.term import Term

_USUAL_TILE = 512
_HEADROOM = 8

_KEPT = {"Resize": (1, 2, 3), "Upsample": (1,)}
"""Inputs that are float32 by the operator's definition."""


def loss_scale(network: Network, terms: Sequence[Term]) -> float:
    """What an objective is multiplied by, so that float16 gradients do not vanish.

    A mean over a layer gives each position its share, 1 / positions, of the gradient: below the
    smallest float16 for a large tile. A power of two, which rounds nothing.
    """
    if any(KINDS[term.kind].sums for term in terms):
        # Such a gradient does not shrink as the tile grows.
        return 1.0
    stride = network.geometry([term.layer for term in terms]).stride
    positions = max(_USUAL_TILE / stride, 1) ** 2 * _HEADROOM
    return float(2 ** round(np.log2(positions)))


def to_float16(model: onnx.ModelProto, layers: Sequence[str]) -> onnx.ModelProto:
    """A network whose tensors are float16, but for the image and the weights.

    Parameters
    ----------
    model : onnx.ModelProto
        A network file by the contract of the design; it is not changed.
    layers : sequence of str
        The layers that are tapped; the result has nothing that they do not need.

    Returns
    -------
    onnx.ModelProto
        The weights stay float32 in the file and are cast where they are read, which ONNX Runtime
        does once as it loads them. A network with control flow comes back as it is.
    """
    layers = [name for name in layers if name != IMAGE]
    folded = fold_batch_norms(model, IMAGE, layers)
    del folded.graph.output[:]
    folded.graph.output.extend(onnx.ValueInfoProto(name=name) for name in layers)
    prune(folded)
    if any(attribute.g.node for node in folded.graph.node for attribute in node.attribute):
        return model
    floats = {n for n, kind in inferred(folded).dtypes.items() if kind == TensorProto.FLOAT}
    moving, cast, nodes = {IMAGE}, dict[str, str](), list[onnx.NodeProto]()

    def in_half(name: str) -> str:
        if name not in cast:
            cast[name] = f"half/{name}"
            nodes.append(helper.make_node("Cast", [name], [cast[name]], to=TensorProto.FLOAT16))
        return cast[name]

    for node in folded.graph.node:
        if not moving.intersection(names_read(node)):
            nodes.append(node)
            continue
        moving.update(node.output)
        for place, name in enumerate(node.input):
            fixed = name not in moving or name == IMAGE
            if name in floats and fixed and place not in _KEPT.get(node.op_type, ()):
                node.input[place] = in_half(name)
        given = attributes(node)
        if node.op_type == "Cast" and given["to"] == TensorProto.FLOAT:
            del node.attribute[:]
            node.attribute.append(helper.make_attribute("to", TensorProto.FLOAT16))
        if node.op_type == "ConstantOfShape" and node.output[0] in floats:
            full = f"full/{node.output[0]}"
            nodes.append(helper.make_node(node.op_type, node.input, [full], **given))
            nodes.append(helper.make_node("Cast", [full], [node.output[0]], to=TensorProto.FLOAT16))
            continue
        nodes.append(node)
    half = onnx.ModelProto()
    half.CopyFrom(folded)
    del half.graph.node[:], half.graph.value_info[:], half.graph.output[:]
    half.graph.node.extend(nodes)
    kinds = {name: TensorProto.FLOAT16 if name in floats else None for name in layers}
    for name, kind in kinds.items():
        info = onnx.ValueInfoProto(name=name)
        if kind is not None:
            info.type.tensor_type.elem_type = kind
        half.graph.output.append(info)
    return half
