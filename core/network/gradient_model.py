"""Gradient models: a network, an objective and its gradient with respect to the image."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Sequence

import onnx
from onnx import TensorProto, helper

from dreamlayer.core.autodiff.backward import backward
from dreamlayer.core.autodiff.passes.explicit_pads import explicit_pads
from dreamlayer.core.autodiff.passes.fold_batch_norm import fold_batch_norms
from dreamlayer.core.autodiff.passes.gate_activations import gate_activations
from dreamlayer.core.autodiff.passes.sink_relu import sink_relus
from dreamlayer.core.autodiff.passes.transpose import transposed, transposed_name
from dreamlayer.core.autodiff.variants import INDICES, PORTABLE, TAPS, Variant
from dreamlayer.core.errors import LayerError, UnsupportedOperatorError, shown
from dreamlayer.core.graph.builder import Graph, Value
from dreamlayer.core.graph.edit import prune, rename_tensors
from dreamlayer.core.graph.names import GRADIENT, IMAGE, LOSS
from dreamlayer.core.network.objective import loss_of
from dreamlayer.core.recipe.kinds import KINDS
from dreamlayer.core.recipe.term import Term

_TRIALS = ((2, 3, 320, 448), (3, 3, 544, 352))
"""Sizes of images for which shapes are compared where sizes are symbolic, no two alike."""


def gradient_model(
    network: onnx.ModelProto,
    terms: Sequence[Term],
    activations: Sequence[str] = (),
    variant: Variant = PORTABLE,
    size: tuple[int, int] | None = None,
) -> onnx.ModelProto:
    """Make the model that computes an objective and its gradient with respect to the image.

    Parameters
    ----------
    network : onnx.ModelProto
        A network file that meets the contract: input `image`, float32 [batch, 3, height, width],
        opset 18 or later. It is not changed.
    terms : sequence of Term
        The objective, a weighted sum over layers.
    activations : sequence of str
        Tensors to add as outputs.
    variant : Variant
        The form of gradients; see `core.autodiff.variants`.
    size : (int, int), optional
        Height and width of the images, one at a time; runtimes can then fold all arithmetic on
        shapes.

    Returns
    -------
    onnx.ModelProto
        Inputs: `image`, and those of `core.network.inputs.references`. Outputs: `loss` (scalar,
        float32), `gradient` (the image's shape), then the activations. Standard operators only;
        without `size`, symbolic sizes as in the network.

    Raises
    ------
    UnsupportedOperatorError
        An operator between image and objective has no gradient rule; the message names it,
        its node and the layers that can be dreamed.
    LayerError
        The network has no such layer or channel.
    """
    for taken in {LOSS, GRADIENT}.intersection(activations):
        raise LayerError(
            f"the activations of {shown(taken)} cannot be an output, since an output has that "
            f"name; rename the layer in the network"
        )
    tapped = {*activations, *(term.layer for term in terms)}
    try:
        return differentiated(
            network,
            tapped,
            lambda graph: loss_of(graph, terms, lambda term: _tensor(term, graph)),
            activations,
            variant,
            size,
        )
    except UnsupportedOperatorError:
        # The unmodified network raises the same error, with its own names.
        plain = Graph(network)
        backward(plain, loss_of(plain, terms), plain.value(IMAGE))
        raise


def differentiated(
    network: onnx.ModelProto,
    tapped: set[str],
    objective: Callable[[Graph], Value],
    activations: Sequence[str] = (),
    variant: Variant = PORTABLE,
    size: tuple[int, int] | None = None,
) -> onnx.ModelProto:
    """Make the model of any scalar that is computed from a network's layers, and its gradient.

    Parameters
    ----------
    network : onnx.ModelProto
        As for `gradient_model`.
    tapped : set of str
        The layers that the objective reads; their names and values stay.
    objective : callable
        Appends the objective's nodes to the graph that it is given, and returns it.
    activations, variant, size
        As for `gradient_model`.

    Returns
    -------
    onnx.ModelProto
        As that of `gradient_model`; its inputs are `image` and those that `objective` declared.
    """
    graph, variant = _rewritten(network, tapped, variant, size)
    loss = objective(graph)
    graph.learn_shapes()
    if size is None and not _is_fixed(graph.model):
        graph.try_sizes(*_TRIALS)
    gradient = backward(graph, loss, graph.value(IMAGE), variant.rules, variant.patterns)
    model = graph.model
    source = _image(model)
    # Rename the network's own tensors that have the names of the outputs.
    own = {name: f"network/{name}" for name in (LOSS, GRADIENT) if name in graph}
    rename_tensors(model, own)
    for node in model.graph.node:
        if node.name in (LOSS, GRADIENT):
            node.ClearField("name")  # two nodes of one name are not valid
    for value, name in ((loss, LOSS), (gradient, GRADIENT)):
        ours = f"network/{name}" if value.name == name else value.name
        model.graph.node.append(helper.make_node("Identity", [ours], [name], name=name))
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(LOSS, TensorProto.FLOAT, []))
    result = copy.deepcopy(source)
    result.name = GRADIENT
    model.graph.output.append(result)
    for name in activations:
        dtype = graph.dtypes.get(name, TensorProto.FLOAT)
        info = helper.make_tensor_value_info(name, dtype, graph.shapes.get(name))
        model.graph.output.append(info)
    prune(model)
    return model


def _rewritten(
    network: onnx.ModelProto, tapped: set[str], variant: Variant, size: tuple[int, int] | None
) -> tuple[Graph, Variant]:
    """The needed part of the network, rewritten for a fast gradient, and the form of that."""
    needed = copy.deepcopy(network)
    known = {name for node in network.graph.node for name in node.output}
    if tapped & known:
        # Nodes behind the layers must not prevent rewriting.
        del needed.graph.output[:]
        needed.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tapped & known)
        prune(needed)
    simple = gate_activations(fold_batch_norms(needed, IMAGE, tapped))
    if size is not None:
        _set_size(simple, size)
        simple = explicit_pads(simple)
    if variant.max_pool == TAPS:
        swapped = transposed(simple, tapped)
        if swapped is simple:
            variant = dataclasses.replace(variant, max_pool=INDICES)
        simple = swapped
    pools = variant.max_pool == TAPS
    simple = sink_relus(simple, {*tapped, *map(transposed_name, tapped)}, pools=pools)
    return Graph(simple), variant


def _tensor(term: Term, graph: Graph) -> str:
    """The transposed layer, if there is one and the term treats all positions alike.

    This saves transposing it back, which would leave the blocked layout.
    """
    layer = transposed_name(term.layer)
    uniform = not KINDS[term.kind].spatial and not term.border
    return layer if uniform and layer in graph else term.layer


def _image(model: onnx.ModelProto) -> onnx.ValueInfoProto:
    inputs: dict[str, onnx.ValueInfoProto] = {info.name: info for info in model.graph.input}
    return inputs[IMAGE]


def _is_fixed(model: onnx.ModelProto) -> bool:
    """Whether a network takes images of one size only."""
    return all(dim.dim_value for dim in _image(model).type.tensor_type.shape.dim[2:])


def _set_size(model: onnx.ModelProto, size: tuple[int, int]) -> None:
    """Restrict a model to a single image of this height and width, in place."""
    dims = _image(model).type.tensor_type.shape.dim
    for dim, number in zip(dims, (1, 3, *size), strict=True):
        dim.dim_value = number
    # Shapes inferred for any size would prevent inference for this one.
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
