"""Read a network file into a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from bench.peers.plan import RELU6, Array, Plan, Step
from dreamlayer.core.autodiff.passes.fold_batch_norm import fold_batch_norms
from dreamlayer.core.graph.builder import Graph
from dreamlayer.core.graph.edit import ancestors
from dreamlayer.core.graph.inference import attributes
from dreamlayer.core.graph.names import IMAGE, LOSS
from dreamlayer.core.network.objective import loss_of
from dreamlayer.core.recipe.term import Term


def plan_of(model: onnx.ModelProto, terms: Sequence[Term], *, folded: bool = False) -> Plan:
    """Split a network into evaluated constants and the steps from image to objective.

    Parameters
    ----------
    model : onnx.ModelProto
        A network file; not changed.
    terms : sequence of Term
        The objective.
    folded : bool
        Whether batch normalizations are folded into the convolutions before them.
    """
    layers = {term.layer for term in terms}
    if folded:
        model = fold_batch_norms(model, IMAGE, layers)
    still, moving = _split(ancestors(model, layers))
    live = {IMAGE, *(name for node in moving for name in node.output)}
    read = {name for node in moving for name in node.input if name and name not in live}
    constants = _constants(model, still, read)
    steps = _steps(moving, layers, live, constants)
    used = {name for step in steps for name in step.inputs}
    needed = {name: value for name, value in constants.items() if name in used}
    return Plan(needed, steps, tuple(terms))


def objective_model(model: onnx.ModelProto, terms: Sequence[Term]) -> onnx.ModelProto:
    """The forward network with `loss`, the objective, as its only output.

    Weights are plain float32 numbers and batch normalisations are folded into the convolutions,
    as exporters write them; sizes stay symbolic.
    """
    folded = fold_batch_norms(model, IMAGE, {term.layer for term in terms})
    graph = Graph(folded)
    loss = loss_of(graph, terms)
    still, moving = _split(ancestors(graph.model, [loss.name]))
    read = {name for node in moving for name in node.input if name}
    made = {name for node in moving for name in node.output}
    constants = _constants(graph.model, still, read - made - {IMAGE})
    moving.append(helper.make_node("Identity", [loss.name], [LOSS]))
    part = helper.make_graph(
        moving,
        "objective",
        inputs=[info for info in model.graph.input if info.name == IMAGE],
        outputs=[helper.make_tensor_value_info(LOSS, onnx.TensorProto.FLOAT, [])],
        initializer=[numpy_helper.from_array(v, name) for name, v in constants.items()],
    )
    return helper.make_model(part, opset_imports=model.opset_import, ir_version=model.ir_version)


def _split(
    nodes: Sequence[onnx.NodeProto],
) -> tuple[list[onnx.NodeProto], list[onnx.NodeProto]]:
    """Split nodes into those that do not depend on the image, and those that do."""
    live = {IMAGE}
    still, moving = [], []
    for node in nodes:
        if live.isdisjoint(node.input):
            still.append(node)
        else:
            live.update(node.output)
            moving.append(node)
    return still, moving


def _steps(
    nodes: Sequence[onnx.NodeProto],
    layers: set[str],
    live: set[str],
    constants: Mapping[str, Array],
) -> tuple[Step, ...]:
    last: dict[str, int] = {}
    for number, node in enumerate(nodes):
        last.update(dict.fromkeys((name for name in node.input if name in live), number))
    return tuple(
        Step(
            *_operator(node, constants),
            node.output[0],
            attributes(node),
            tuple(name for name, at in last.items() if at == number and name not in layers),
        )
        for number, node in enumerate(nodes)
    )


def _operator(node: onnx.NodeProto, constants: Mapping[str, Array]) -> tuple[str, tuple[str, ...]]:
    """The operator and its inputs; a Clip to 0..6 is what frameworks call ReLU6."""
    inputs = tuple(node.input)
    bounds = [constants.get(name) for name in inputs[1:]]
    if node.op_type == "Clip" and bounds == [0, 6]:
        return RELU6, inputs[:1]
    return node.op_type, inputs


def _constants(
    model: onnx.ModelProto, nodes: Sequence[onnx.NodeProto], names: set[str]
) -> dict[str, Array]:
    """Evaluate tensors that do not depend on the image."""
    stored = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    made = {name for node in nodes for name in node.output}
    graph = helper.make_graph(
        nodes,
        "constants",
        inputs=[],
        outputs=[onnx.ValueInfoProto(name=name) for name in sorted(names & made)],
        initializer=model.graph.initializer,
    )
    part = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    results = ReferenceEvaluator(part).run(None, {})
    values = dict(zip(sorted(names & made), results, strict=True))
    # Copies, as arrays over a file's bytes are read-only, and frameworks warn about those.
    return {name: np.array(values[name] if name in made else stored[name]) for name in names}
