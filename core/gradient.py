"""Differentiate an ONNX graph: reverse mode, by one table of per-operator rules.

The backward pass follows HIPS/autograd: nodes in reverse topological order, each handing the
gradient of its output to its inputs by its rule; it knows no operator.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import onnx
from onnx import TensorProto, helper

from core.errors import LayerError, UnsupportedOperatorError
from core.folding import fold_batch_norms
from core.forms import INDICES, PORTABLE, TAPS, Forms
from core.graph import Graph, Value, prune
from core.inference import IMAGE, attributes, names_read
from core.objective import loss_of
from core.relus import move_relus
from core.rules import (
    FLOATS,
    INDEX_OUTPUTS,
    REFUSED,
    RULES,
    SEVERAL_OUTPUTS,
    ZERO_GRADIENT,
    Refusal,
    Rule,
    Variadic,
)
from core.term import Term
from core.turning import name as turned_name
from core.turning import turned

LOSS, GRADIENT = "loss", "gradient"
"""The names of a gradient model's outputs; its input is `core.inference.IMAGE`."""


def gradient_model(
    network: onnx.ModelProto,
    terms: Sequence[Term],
    activations: Sequence[str] = (),
    forms: Forms = PORTABLE,
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
    forms : Forms
        How gradients are written where there is a choice; see `core.forms`.
    size : (int, int), optional
        Height and width of the only image, one at a time, that the model is for; runtimes can
        then do all arithmetic on shapes beforehand.

    Returns
    -------
    onnx.ModelProto
        Inputs: `image`, and those of `core.objective.references`. Outputs: `loss` (scalar,
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
        graph = _rewritten(network, tapped, forms, size)
        loss = loss_of(graph, terms, lambda term: _tensor(term, graph))
        graph.learn_shapes()
        gradient = backward(graph, loss, graph.value(IMAGE))
    except UnsupportedOperatorError:
        # The network as it is raises the same, in its own names.
        plain = Graph(network)
        backward(plain, loss_of(plain, terms), plain.value(IMAGE))
        raise
    model = graph.model
    source = _image(model)
    # The network's own tensors of these names make way for the outputs.
    _rename(graph, {name: f"network/{name}" for name in (LOSS, GRADIENT) if name in graph})
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


def backward(graph: Graph, loss: Value, image: Value) -> Value:
    """Append the nodes that compute d loss / d image, and return that tensor.

    Parameters
    ----------
    graph : Graph
        The graph that holds both; it grows.
    loss : Value
        A scalar.
    image : Value
        The tensor to differentiate with respect to.

    Raises
    ------
    UnsupportedOperatorError
        Where an operator on the way has no rule, or the loss does not depend on the image.
    """
    nodes = list(graph.model.graph.node)
    live = _live(nodes, image.name)
    gradients: dict[str, Value] = {loss.name: graph.constant(_one(loss.dtype))}
    for node in reversed(nodes):
        arriving = [gradients.get(name) for name in node.output]
        edges = [edge for edge in _edges(node) if edge.tensor in live]
        if not edges or not any(arriving):
            continue
        for edge in edges:
            if isinstance(edge.entry, Refusal):
                raise UnsupportedOperatorError(_refusal(graph, node, edge.entry))
        if any(arriving[1:]) and node.op_type not in SEVERAL_OUTPUTS:
            refusal = Refusal("has a gradient rule for its first output only")
            raise UnsupportedOperatorError(_refusal(graph, node, refusal))
        for edge in edges:
            flowing = _vjp(graph, node, edge, arriving)
            if flowing is not None:
                known = gradients.get(edge.tensor)
                # Binary Add: ONNX Runtime keeps it in the blocked layout, variadic Sum it does not.
                gradients[edge.tensor] = flowing if known is None else known + flowing
    if image.name not in gradients:
        raise UnsupportedOperatorError(
            "the objective does not depend on the image in a way that has a gradient; "
            "choose a layer that `dreamlayer layers` lists"
        )
    return gradients[image.name]


def dreamable(network: onnx.ModelProto, names: Iterable[str]) -> dict[str, str | None]:
    """For each tensor, None where its gradient reaches the image, else the reason why not.

    A reason is part of a sentence, such as ``LSTM (node 'rnn_1') has no gradient: ...``.
    """
    reasons: dict[str, str | None] = {IMAGE: None}
    for node in network.graph.node:
        edges = [edge for edge in _edges(node) if edge.tensor in reasons]
        if not edges:
            continue
        refused = [edge.entry for edge in edges if isinstance(edge.entry, Refusal)]
        earlier = [why for why in (reasons[edge.tensor] for edge in edges) if why is not None]
        own = [f"{_called(node)} {_because(refusal)}" for refusal in refused]
        for output in _carrying(node):
            reasons[output] = next(iter([*earlier, *own]), None)
    return {name: reasons.get(name, "it does not depend on the image") for name in names}


@dataclass(frozen=True)
class _Edge:
    """One way that a gradient may take from a node's outputs back to a tensor it reads."""

    tensor: str
    position: int
    entry: Rule | Variadic | Refusal


def _edges(node: onnx.NodeProto) -> list[_Edge]:
    """All edges of a node along which a gradient is not zero by nature."""
    if node.op_type in ZERO_GRADIENT:
        return []
    if node.op_type == "Cast" and attributes(node)["to"] not in FLOATS:
        return []
    found = []
    for position, name in enumerate(node.input):
        entry = _entry(node.op_type, position)
        if name and entry is not None:
            found.append(_Edge(name, position, entry))
    inner = set(names_read(node)) - set(node.input)
    found += [_Edge(name, -1, _entry(node.op_type, -1)) for name in sorted(inner)]
    return found


def _carrying(node: onnx.NodeProto) -> list[str]:
    """Outputs that a gradient can come back from: not those that hold indices or masks."""
    first = node.op_type in INDEX_OUTPUTS
    return [name for name in (node.output[:1] if first else node.output) if name]


def _live(nodes: Sequence[onnx.NodeProto], image: str) -> set[str]:
    """Tensors that a gradient can flow back from to the image."""
    live = {image}
    for node in nodes:
        if any(edge.tensor in live for edge in _edges(node)):
            live.update(_carrying(node))
    return live


def _entry(op: str, position: int) -> Any:
    """The table's entry for one input of an operator: a rule, None for zero, or a Refusal."""
    entries = RULES.get(op)
    if entries is None:
        return Refusal(REFUSED.get(op, "has no gradient rule"))
    if isinstance(entries, Variadic):
        return entries
    return entries[position] if position < len(entries) else Refusal("has more inputs than known")


def _vjp(
    graph: Graph, node: onnx.NodeProto, edge: _Edge, arriving: Sequence[Value | None]
) -> Value | None:
    """Apply the rule for one input of a node to the gradients of its outputs."""
    outputs = [graph.value(name) for name in node.output]
    inputs: Any = [graph.value(name) if name else None for name in node.input]
    several = node.op_type in SEVERAL_OUTPUTS
    g: Any = arriving if several else arriving[0]
    ans: Any = outputs if several else outputs[0]
    if isinstance(edge.entry, Variadic):
        return edge.entry.rule(edge.position, g, ans, inputs, attributes(node))
    assert not isinstance(edge.entry, Refusal)
    return edge.entry(g, ans, inputs, attributes(node))


def _called(node: onnx.NodeProto) -> str:
    return f"{node.op_type} (node {node.name or node.output[0]!r})"


def _because(refusal: Refusal) -> str:
    reason = refusal.reason
    return reason if reason.startswith("has ") else f"has no gradient: {reason}"


def _refusal(graph: Graph, node: onnx.NodeProto, refusal: Refusal) -> str:
    forward = [o for n in graph.model.graph.node for o in n.output if not o.startswith("gradient/")]
    usable = [name for name, reason in dreamable(graph.model, forward).items() if reason is None]
    listed = ", ".join(usable[-8:]) or "none"
    return f"{_called(node)} {_because(refusal)}; layers that can be dreamed end with: {listed}"


def _one(dtype: int) -> Any:
    return helper.tensor_dtype_to_np_dtype(dtype).type(1)


def _described(graph: Graph, name: str) -> onnx.ValueInfoProto:
    shape = graph.shapes.get(name)
    dtype = graph.dtypes.get(name, TensorProto.FLOAT)
    return helper.make_tensor_value_info(name, dtype, shape)


def _rewritten(
    network: onnx.ModelProto,
    tapped: set[str],
    forms: Forms,
    size: tuple[int, int] | None,
) -> Graph:
    """The network as far as it is needed, written as its gradient is cheapest."""
    needed = onnx.ModelProto()
    needed.CopyFrom(network)
    known = {name for node in network.graph.node for name in node.output}
    if tapped & known:
        # What comes after the layers must not stand in the way of rewriting.
        del needed.graph.output[:]
        needed.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tapped & known)
        prune(needed)
    simple = fold_batch_norms(needed, IMAGE, tapped)
    if forms.max_pool == TAPS:
        over = turned(simple, tapped)
        if over is simple:
            forms = dataclasses.replace(forms, max_pool=INDICES)
        simple = over
    simple = move_relus(simple, {*tapped, *map(turned_name, tapped)}, forms)
    if size is not None:
        _fix(simple, size)
    return Graph(simple, forms)


def _tensor(term: Term, graph: Graph) -> str:
    """The layer turned over, where there is one and the term counts all places alike.

    That spares turning it back, which would leave the blocked layout.
    """
    layer = turned_name(term.layer)
    alike = term.kind in ("squares", "mean") and not term.border
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


def _rename(graph: Graph, names: dict[str, str]) -> None:
    """Give tensors new names, those that subgraphs read included."""
    for tensor in graph.model.graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    for info in graph.model.graph.value_info:
        info.name = names.get(info.name, info.name)
    _rename_nodes(graph.model.graph.node, names)


def _rename_nodes(nodes: Iterable[onnx.NodeProto], names: dict[str, str]) -> None:
    for node in nodes:
        for field in (node.input, node.output):
            for i, name in enumerate(field):
                if name in names:
                    field[i] = names[name]
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                _rename_nodes(inner.node, names)


__all__ = ["GRADIENT", "LOSS", "backward", "dreamable", "gradient_model"]
