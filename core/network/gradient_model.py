"""Gradient models: a network, an objective and the gradient with respect to the image, in one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import onnx
from onnx import TensorProto, helper

from dreamlayer.core.autodiff.backward import backward
from dreamlayer.core.autodiff.passes.fold_batch_norm import fold_batch_norms
from dreamlayer.core.autodiff.passes.sink_relu import sink_relus
from dreamlayer.core.autodiff.passes.transpose import transposed, transposed_name
from dreamlayer.core.autodiff.rules import Rules
from dreamlayer.core.autodiff.variants import INDICES, PORTABLE, TAPS, Variant
from dreamlayer.core.errors import LayerError, UnsupportedOperatorError
from dreamlayer.core.graph.builder import Graph
from dreamlayer.core.graph.edit import prune, rename_tensors
from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.core.network.objective import loss_of
from dreamlayer.core.recipe.kinds import KINDS
from dreamlayer.core.recipe.term import Term

LOSS, GRADIENT = "loss", "gradient"
"""The names of a gradient model's outputs; its input is `core.graph.inference.IMAGE`."""


def gradient_model(
    network: onnx.ModelProto,
    terms: Sequence[Term],
    activations: Sequence[str] = (),
    variant: Variant = PORTABLE,
    size: tuple[int, int] | None = None,
) -> onnx.ModelProto:
    """Make the model that gives an objective's value and its gradient with respect to the image.

    Parameters
    ----------
    network : onnx.ModelProto
        A network file by the contract of the design: input `image`, float32
        [batch, 3, height, width], opset 18 or later. It is not changed.
    terms : sequence of Term
        The objective, a weighted sum over layers.
    activations : sequence of str
        Tensors to give as further outputs.
    variant : Variant
        How gradients are written where there is a choice; see `core.autodiff.variants`.
    size : (int, int), optional
        Height and width of the only image, one at a time, that the model is for; runtimes can
        then do all arithmetic on shapes beforehand.

    Returns
    -------
    onnx.ModelProto
        Inputs: `image`, and those of `core.network.objective.references`. Outputs: `loss` (scalar,
        float32), `gradient` (the image's shape), then the activations. Standard operators only,
        symbolic sizes where the network has them and `size` is not given.

    Raises
    ------
    UnsupportedOperatorError
        Where an operator between image and objective has no gradient rule; the message names it,
        its node and the layers that can be dreamed.
    LayerError
        Where the network has no such layer or channel.
    """
    for taken in {LOSS, GRADIENT}.intersection(activations):
        raise LayerError(
            f"the activations of {taken!r} cannot be an output, since an output has that name; "
            f"rename the layer in the network"
        )
    tapped = {*activations, *(term.layer for term in terms)}
    try:
        graph, rules = _rewritten(network, tapped, variant, size)
        loss = loss_of(graph, terms, lambda term: _tensor(term, graph))
        graph.learn_shapes()
        gradient = backward(graph, loss, graph.value(IMAGE), rules)
    except UnsupportedOperatorError:
        # The network as it is raises the same, in its own names.
        plain = Graph(network)
        backward(plain, loss_of(plain, terms), plain.value(IMAGE))
        raise
    model = graph.model
    source = _image(model)
    # The network's own tensors of these names make way for the outputs.
    own = {name: f"network/{name}" for name in (LOSS, GRADIENT) if name in graph}
    rename_tensors(model, own)
    for value, name in ((loss, LOSS), (gradient, GRADIENT)):
        ours = f"network/{name}" if value.name == name else value.name
        model.graph.node.append(helper.make_node("Identity", [ours], [name], name=name))
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(LOSS, TensorProto.FLOAT, []))
    result = onnx.ValueInfoProto()
    result.CopyFrom(source)
    result.name = GRADIENT
    model.graph.output.append(result)
    for name in activations:
        model.graph.output.append(_described(graph, name))
    prune(model)
    return model


def _described(graph: Graph, name: str) -> onnx.ValueInfoProto:
    shape = graph.shapes.get(name)
    dtype = graph.dtypes.get(name, TensorProto.FLOAT)
    return helper.make_tensor_value_info(name, dtype, shape)


def _rewritten(
    network: onnx.ModelProto,
    tapped: set[str],
    variant: Variant,
    size: tuple[int, int] | None,
) -> tuple[Graph, Rules]:
    """The network as far as it is needed, written as its gradient is cheapest, with the rules."""
    needed = onnx.ModelProto()
    needed.CopyFrom(network)
    known = {name for node in network.graph.node for name in node.output}
    if tapped & known:
        # What comes after the layers must not stand in the way of rewriting.
        del needed.graph.output[:]
        needed.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tapped & known)
        prune(needed)
    simple = fold_batch_norms(needed, IMAGE, tapped)
    if variant.max_pool == TAPS:
        swapped = transposed(simple, tapped)
        if swapped is simple:
            variant = dataclasses.replace(variant, max_pool=INDICES)
        simple = swapped
    pools = variant.max_pool == TAPS
    simple = sink_relus(simple, {*tapped, *map(transposed_name, tapped)}, pools=pools)
    if size is not None:
        _fix(simple, size)
    return Graph(simple), variant.rules


def _tensor(term: Term, graph: Graph) -> str:
    """The transposed layer, where there is one and the term counts all places alike.

    That spares transposing it back, which would leave the blocked layout.
    """
    layer = transposed_name(term.layer)
    alike = not KINDS[term.kind].spatial and not term.border
    return layer if alike and layer in graph else term.layer


def _image(model: onnx.ModelProto) -> onnx.ValueInfoProto:
    inputs: dict[str, onnx.ValueInfoProto] = {info.name: info for info in model.graph.input}
    return inputs[IMAGE]


def _fix(model: onnx.ModelProto, size: tuple[int, int]) -> None:
    """Make a model, in place, one for a single image of that height and width."""
    dims = _image(model).type.tensor_type.shape.dim
    for dim, number in zip(dims, (1, 3, *size), strict=True):
        dim.dim_value = number
    # What was inferred for any size would stand in the way of what is so for this one.
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
