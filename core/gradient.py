"""Differentiate an ONNX graph: reverse mode, by one table of per-operator rules.

The backward pass follows HIPS/autograd: nodes in reverse topological order, each handing the
gradient of its output to its inputs by its rule; it knows no operator.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import onnx
from onnx import TensorProto, helper

from core.errors import UnsupportedOperatorError
from core.folding import fold_batch_norms
from core.graph import Graph, Value, attributes, infer_shapes, prune
from core.objective import loss_of
from core.rules import REFUSED, RULES, SEVERAL_OUTPUTS, ZERO_GRADIENT, Refusal, Variadic
from core.term import Term

IMAGE, LOSS, GRADIENT = "image", "loss", "gradient"
"""The names of a gradient model's input and outputs."""


def gradient_model(
    network: onnx.ModelProto, terms: Sequence[Term], activations: Sequence[str] = ()
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

    Returns
    -------
    onnx.ModelProto
        Inputs: `image`. Outputs: `loss` (scalar, float32), `gradient` (the image's shape), then
        the activations. Standard operators only, symbolic sizes where the network has them.

    Raises
    ------
    UnsupportedOperatorError
        Where an operator between image and objective has no gradient rule; the message names it,
        its node and the layers that can be dreamed.
    LayerError
        Where the network has no such layer or channel.
    """
    tapped = {*activations, *(term.layer for term in terms)}
    graph = Graph(fold_batch_norms(network, IMAGE, tapped))
    loss = loss_of(graph, terms)
    graph.learn_shapes()
    gradient = backward(graph, loss, graph.value(IMAGE))
    model = graph.model
    source = {info.name: info for info in network.graph.input}[IMAGE]
    _rename(graph, {loss.name: LOSS, gradient.name: GRADIENT})
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
    if loss.name not in live:
        raise UnsupportedOperatorError(
            "the objective does not depend on the image in a way that has a gradient; "
            "choose a layer that `dreamlayer layers` lists"
        )
    gradients: dict[str, Value] = {loss.name: graph.constant(_one(loss.dtype))}
    for node in reversed(nodes):
        arriving = [gradients.get(name) for name in node.output]
        if node.op_type in ZERO_GRADIENT or not any(arriving):
            continue
        flows = [position for position, name in enumerate(node.input) if name in live]
        for position in flows:
            entry = _entry(node.op_type, position)
            if isinstance(entry, Refusal):
                raise UnsupportedOperatorError(_refusal(graph, node, entry))
        for position in flows:
            name = node.input[position]
            flowing = _vjp(graph, node, position, arriving)
            if flowing is not None:
                known = gradients.get(name)
                # Binary Add: ONNX Runtime keeps it in the blocked layout, variadic Sum it does not.
                gradients[name] = flowing if known is None else known + flowing
    return gradients[image.name]


def dreamable(network: onnx.ModelProto, names: Iterable[str]) -> dict[str, str | None]:
    """For each tensor, None where its gradient reaches the image, else the reason why not.

    A reason is part of a sentence, such as ``LSTM (node rnn_1) has no gradient rule``.
    """
    reasons: dict[str, str | None] = {IMAGE: None}
    for node in network.graph.node:
        verdict: str | None = "it does not depend on the image"
        for position, name in enumerate(node.input):
            if name not in reasons or node.op_type in ZERO_GRADIENT:
                continue
            verdict = reasons[name]
            if verdict is None:
                entry = _entry(node.op_type, position)
                if entry is not None and not isinstance(entry, Refusal):
                    break
                if entry is None:
                    verdict = "it does not depend on the image"
                    continue
                verdict = f"{_called(node)} {_because(entry)}"
                break
            if verdict != "it does not depend on the image":
                break
        if any(name in reasons for name in node.input):
            for output in node.output:
                reasons[output] = verdict
    return {name: reasons.get(name, "it does not depend on the image") for name in names}


def _live(nodes: Sequence[onnx.NodeProto], image: str) -> set[str]:
    """Tensors that a gradient can flow back from to the image."""
    live = {image}
    for node in nodes:
        if node.op_type in ZERO_GRADIENT:
            continue
        flows = any(
            name in live and _entry(node.op_type, i) is not None
            for i, name in enumerate(node.input)
        )
        if flows:
            live.update(name for name in node.output if name)
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
    graph: Graph,
    node: onnx.NodeProto,
    position: int,
    arriving: Sequence[Value | None],
) -> Value | None:
    """Apply the rule for one input of a node to the gradients of its outputs."""
    entry = _entry(node.op_type, position)
    if entry is None:
        return None
    outputs = [graph.value(name) for name in node.output]
    inputs: Any = [graph.value(name) if name else None for name in node.input]
    several = node.op_type in SEVERAL_OUTPUTS
    g: Any = arriving if several else arriving[0]
    ans: Any = outputs if several else outputs[0]
    if g is None:
        # Only a second output is used (indices, a mask): no gradient passes there.
        return None
    if isinstance(entry, Variadic):
        return entry.rule(position, g, ans, inputs, attributes(node))
    flowing: Value | None = entry(g, ans, inputs, attributes(node))
    return flowing


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


def _rename(graph: Graph, names: dict[str, str]) -> None:
    """Give tensors new names; one that is an input or a constant gets a copy instead."""
    for old, new in names.items():
        if old not in graph.producers:
            graph.model.graph.node.append(helper.make_node("Identity", [old], [new], name=new))
            continue
        for node in graph.model.graph.node:
            for field in (node.input, node.output):
                for i, name in enumerate(field):
                    if name == old:
                        field[i] = new


__all__ = ["GRADIENT", "IMAGE", "LOSS", "backward", "dreamable", "gradient_model", "infer_shapes"]
