"""Networks that take for ever, all memory, or the process: each fault by name, on any network."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from random import Random

import numpy as np
import onnx
from network_lies import LIARS
from onnx import TensorProto, helper, numpy_helper

Bomb = Callable[[onnx.ModelProto, Random], None]
_INT64_MIN = -(2**63)


def _constant(model: onnx.ModelProto, name: str, value: object) -> str:
    model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    return name


def _before(model: onnx.ModelProto, *nodes: onnx.NodeProto) -> None:
    """Put nodes behind the image; the last one's output takes its place."""
    given = list(model.graph.node)
    last = nodes[-1].output[0]
    for node in given:
        for place, name in enumerate(node.input):
            if name == "image":
                node.input[place] = last
    del model.graph.node[:]
    model.graph.node.extend([*nodes, *given])


def _added(model: onnx.ModelProto, name: str, *nodes: onnx.NodeProto) -> None:
    """Add the mean of a tensor, computed by nodes, to the image."""
    mean = helper.make_node("ReduceMean", [name], ["bomb_mean"], keepdims=0)
    total = helper.make_node("Add", ["image", "bomb_mean"], ["bombed"])
    _before(model, *nodes, mean, total)


def _chain(model: onnx.ModelProto, length: int) -> None:
    names = ["image", *(f"link{number}" for number in range(length))]
    nodes = [helper.make_node("Relu", [one], [other]) for one, other in itertools.pairwise(names)]
    _before(model, *nodes)


def long_chain(model: onnx.ModelProto, _: Random) -> None:
    """20,000 nodes one after another."""
    _chain(model, 20_000)


def allowed_chain(model: onnx.ModelProto, _: Random) -> None:
    """As many nodes as are allowed, or nearly."""
    _chain(model, 9_900)


def doubling_chain(model: onnx.ModelProto, _: Random) -> None:
    """Each of 60 nodes adds its input to itself: 2^60 ways from one end to the other."""
    names = ["image", *(f"twice{number}" for number in range(60))]
    _before(
        model,
        *(helper.make_node("Add", [a, a], [b]) for a, b in itertools.pairwise(names)),
    )


def growing_concat(model: onnx.ModelProto, _: Random) -> None:
    """Each of 40 nodes doubles the channels."""
    names = ["image", *(f"wide{number}" for number in range(40))]
    nodes = [helper.make_node("Concat", [a, a], [b], axis=1) for a, b in itertools.pairwise(names)]
    _added(model, names[-1], *nodes)


def endless_loop(model: onnx.ModelProto, rng: Random) -> None:
    """A loop of 2^62 rounds, over the image or over nothing."""
    start = rng.choice(("image", _constant(model, "loop_start", np.zeros((1,), np.float32))))
    kind = TensorProto.FLOAT
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Cos", ["state"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", kind, None),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", kind, None),
        ],
    )
    _constant(model, "rounds", np.int64(2**62))
    _constant(model, "always", np.bool_(True))
    loop = helper.make_node("Loop", ["rounds", "always", start], ["looped"], body=body)
    _added(model, "looped", loop)


def _branch(node: onnx.NodeProto) -> onnx.GraphProto:
    output = helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, None)
    return helper.make_graph([node], "branch", [], [output])


def _nested(depth: int) -> onnx.GraphProto:
    """Branches within the first branch; were they within both, the file would double each time."""
    other = _branch(helper.make_node("Cos", ["image"], ["other"]))
    graph = _branch(helper.make_node("Identity", ["image"], ["inner"]))
    for _ in range(depth):
        node = helper.make_node("If", ["yes"], ["inner"], then_branch=graph, else_branch=other)
        graph = _branch(node)
    return graph


def deep_branches(model: onnx.ModelProto, rng: Random) -> None:
    """Branches within branches, without end or nearly."""
    _constant(model, "yes", np.bool_(True))
    graph = _nested(rng.choice((3, 12, 25)))
    other = _branch(helper.make_node("Sin", ["image"], ["another"]))
    _before(
        model, helper.make_node("If", ["yes"], ["chosen"], then_branch=graph, else_branch=other)
    )


def one_branch(model: onnx.ModelProto, _: Random) -> None:
    """An `If` over the image whose condition is the image's."""
    graphs = [
        helper.make_graph(
            [helper.make_node(operator, ["image"], [f"by_{operator}"])],
            operator,
            [],
            [helper.make_tensor_value_info(f"by_{operator}", TensorProto.FLOAT, None)],
        )
        for operator in ("Sin", "Cos")
    ]
    nodes = [
        helper.make_node("ReduceMax", ["image"], ["most"], keepdims=0),
        helper.make_node("Greater", ["most", _constant(model, "half", np.float32(0.5))], ["is"]),
        helper.make_node("If", ["is"], ["chosen"], then_branch=graphs[0], else_branch=graphs[1]),
    ]
    _before(model, *nodes)


def _function(model: onnx.ModelProto, name: str, *called: str) -> None:
    nodes = [
        helper.make_node(one, ["x" if place == 0 else f"t{place}"], [f"t{place + 1}"], domain="own")
        for place, one in enumerate(called)
    ] or [helper.make_node("Relu", ["x"], ["t1"])]
    nodes.append(helper.make_node("Identity", [f"t{max(len(called), 1)}"], ["y"]))
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    model.functions.append(helper.make_function("own", name, ["x"], ["y"], nodes, opsets))


def _calls(model: onnx.ModelProto, name: str) -> None:
    if all(entry.domain != "own" for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid("own", 1))
    _before(model, helper.make_node(name, ["image"], ["called"], domain="own"))


def doubling_functions(model: onnx.ModelProto, _: Random) -> None:
    """Thirty functions, each of which calls the next one twice."""
    for number in range(30):
        _function(model, f"f{number}", *[f"f{number + 1}"] * 2)
    _function(model, "f30")
    _calls(model, "f0")


def recursive_function(model: onnx.ModelProto, rng: Random) -> None:
    """A function that calls itself, or two that call one another."""
    if rng.random() < 0.5:
        _function(model, "self", "self")
        _calls(model, "self")
        return
    _function(model, "ping", "pong")
    _function(model, "pong", "ping")
    _calls(model, "ping")


def replaced_operator(model: onnx.ModelProto, _: Random) -> None:
    """A function in place of a standard operator."""
    node = helper.make_node("Sin", ["x"], ["y"])
    model.functions.append(
        helper.make_function("", "Relu", ["x"], ["y"], [node], [helper.make_opsetid("", 18)])
    )


def smallest_by_minus_one(model: onnx.ModelProto, rng: Random) -> None:
    """INT64_MIN / -1, which the processor refuses; also as a remainder, and by zero."""
    divided(model, rng.choice(("Div", "Mod")), rng.choice((-1, 0)))


def divided(model: onnx.ModelProto, operator: str, divisor: int) -> None:
    """Add INT64_MIN divided by a number to the image."""
    _constant(model, "smallest", np.array([_INT64_MIN], np.int64))
    _constant(model, "divisor", np.array([divisor], np.int64))
    division = helper.make_node(operator, ["smallest", "divisor"], ["quotient"])
    cast = helper.make_node("Cast", ["quotient"], ["as_float"], to=TensorProto.FLOAT)
    _added(model, "as_float", division, cast)


def division_by_the_images_size(model: onnx.ModelProto, _: Random) -> None:
    """Division by the rest of the height by two, which is zero for even pictures."""
    _constant(model, "two_rows", np.array([1, 1, 2, 2], np.int64))
    nodes = [
        helper.make_node("Shape", ["image"], ["image_shape"]),
        helper.make_node("Mod", ["image_shape", "two_rows"], ["odd"]),
        helper.make_node("Div", ["image_shape", "odd"], ["by_odd"]),
        helper.make_node("Cast", ["by_odd"], ["as_float"], to=TensorProto.FLOAT),
    ]
    _added(model, "as_float", *nodes)


def memory_bomb(model: onnx.ModelProto, rng: Random) -> None:
    """A few bytes that become 10^12 elements, or 10^10, or just too many."""
    size = rng.choice((10**6, 10**5, 40_000))
    sizes = _constant(model, "sizes", np.array([size, size], np.int64))
    one = _constant(model, "one_element", np.ones((1, 1), np.float32))
    nodes = {
        "ConstantOfShape": [helper.make_node("ConstantOfShape", [sizes], ["huge"])],
        "Expand": [helper.make_node("Expand", [one, sizes], ["huge"])],
        "Tile": [helper.make_node("Tile", [one, sizes], ["huge"])],
        "Range": [
            helper.make_node(
                "Range",
                [
                    _constant(model, "from", np.float32(0)),
                    _constant(model, "to", np.float32(float(size) ** 2)),
                    _constant(model, "by", np.float32(1)),
                ],
                ["huge"],
            )
        ],
        "Resize": [
            helper.make_node(
                "Resize",
                ["image", "", _constant(model, "scales_", np.array([1, 1, size, size], "f4"))],
                ["huge"],
                mode="nearest",
            )
        ],
        "Pad": [
            helper.make_node(
                "Pad",
                ["image", _constant(model, "far", np.array([0, 0, size, size] * 2, np.int64))],
                ["huge"],
            )
        ],
        "MatMul": [
            helper.make_node("ConstantOfShape", [_constant(model, "n1", [size, 1])], ["col"]),
            helper.make_node("ConstantOfShape", [_constant(model, "n2", [1, size])], ["row"]),
            helper.make_node("MatMul", ["col", "row"], ["huge"]),
        ],
        "OneHot": [
            helper.make_node(
                "OneHot",
                [
                    _constant(model, "which", np.zeros((size,), np.int64)),
                    _constant(model, "depth", np.int64(size)),
                    _constant(model, "off_on", np.array([0, 1], np.float32)),
                ],
                ["huge"],
            )
        ],
    }
    _added(model, "huge", *nodes[rng.choice(sorted(nodes))])


def empty_map(model: onnx.ModelProto, rng: Random) -> None:
    """A convolution or pool of a map that has no rows, at any size or at the smallest ones."""
    size = rng.choice((0, 1))
    rows = _constant(model, "rows", np.array([0], np.int64))
    end = _constant(model, "rows_end", np.array([size], np.int64))
    axis = _constant(model, "row_axis", np.array([2], np.int64))
    _before(model, helper.make_node("Slice", ["image", rows, end, axis], ["no_rows"]))


def sparse_bomb(model: onnx.ModelProto, rng: Random) -> None:
    """A sparse tensor of one value, of sizes beyond measure; or whose value lies outside."""
    dims, place = rng.choice((([10**6, 10**6], 5), ([10, 10], 10**9), ([10, 10], -3), ([-1, 4], 0)))
    sparse = onnx.SparseTensorProto(dims=dims)
    sparse.values.CopyFrom(numpy_helper.from_array(np.ones((1,), np.float32), "sparse"))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.array([place], np.int64), "places"))
    model.graph.sparse_initializer.append(sparse)
    _added(model, "sparse", helper.make_node("Identity", ["image"], ["same"]))


BOMBS: tuple[Bomb, ...] = (
    *(long_chain, allowed_chain, doubling_chain, growing_concat, endless_loop, deep_branches),
    *(one_branch, doubling_functions, recursive_function, replaced_operator, memory_bomb),
    *(smallest_by_minus_one, division_by_the_images_size, empty_map, sparse_bomb, *LIARS),
)
