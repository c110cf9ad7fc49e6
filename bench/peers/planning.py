"""Read a network file into a plan."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from bench.peers.plan import Array, Plan, Step
from dreamlayer.core.autodiff.passes.fold_batch_norm import fold_batch_norms
from dreamlayer.core.graph.builder import Graph
from dreamlayer.core.graph.edit import ancestors
from dreamlayer.core.graph.inference import IMAGE, attributes
from dreamlayer.core.network.gradient_model import LOSS
from dreamlayer.core.network.objective import loss_of
from dreamlayer.core.recipe.term import Term


def plan_of(model: onnx.ModelProto, terms: Sequence[Term]) -> Plan:
    """Split a network into evaluated constants and the steps from image to objective.

    Parameters
    ----------
    model : onnx.ModelProto
        A network file; not changed.
    terms : sequence of Term
        The objective.
    """
    layers = {term.layer for term in terms}
    still, moving = _split(ancestors(model, layers))
    live = {IMAGE, *(name for node in moving for name in node.output)}
    read = {name for node in moving for name in node.input if name and name not in live}
    return Plan(_constants(model, still, read), _steps(moving, layers, live), tuple(terms))


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


def _steps(nodes: Sequence[onnx.NodeProto], layers: set[str], live: set[str]) -> tuple[Step, ...]:
    last: dict[str, int] = {}
    for number, node in enumerate(nodes):
        last.update(dict.fromkeys((name for name in node.input if name in live), number))
    return tuple(
        Step(
            node.op_type,
            tuple(node.input),
            node.output[0],
            attributes(node),
            tuple(name for name, at in last.items() if at == number and name not in layers),
        )
        for number, node in enumerate(nodes)
    )


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
