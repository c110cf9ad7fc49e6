"""Models that are larger, deeper or otherwise built than a network can be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import network_bombs as bombs
import onnx
import pytest
from network_bases import base, names
from onnx import TensorProto, helper

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network.limits.attributes import wrong_attributes
from dreamlayer.core.network.limits.structure import check_model

HERE = Path("a.onnx")
Change = Callable[[onnx.ModelProto], object]


@pytest.mark.parametrize("name", names())
def test_sound_networks_pass(name: str) -> None:
    """Convolutions, pools, sums, quantisation, tokens, functions."""
    check_model(base(name), HERE)


def _node(model: onnx.ModelProto, name: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if name in node.output)


def _attribute(name: str, attribute: str, value: object) -> Change:
    """Give a node another value of an attribute."""

    def change(model: onnx.ModelProto) -> None:
        node = _node(model, name)
        kept = [one for one in node.attribute if one.name != attribute]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute(attribute, value)])

    return change


def _tensor(index: int, **fields: object) -> Change:
    """Change fields of a weight."""

    def change(model: onnx.ModelProto) -> None:
        tensor = model.graph.initializer[index]
        for name, value in fields.items():
            if name == "dims":
                tensor.dims[:] = value
            else:
                setattr(tensor, name, value)

    return change


def _bomb(bomb: bombs.Bomb, seed: int = 0) -> Change:
    return lambda model: bomb(model, Random(seed))


def _twice_an_attribute(model: onnx.ModelProto) -> None:
    node = _node(model, "a")
    node.attribute.append(node.attribute[0])


CASES: list[tuple[str, Change, str]] = [
    ("conv", _attribute("a", "group", 0), r"group is 0, but must be 1 to"),
    ("conv", _attribute("a", "strides", [0, 1]), r"strides is \[0, 1\], but must be 1 to 65535"),
    ("conv", _attribute("a", "strides", [2**63 - 1, 1]), "strides is"),
    ("conv", _attribute("a", "dilations", [-(2**63), 1]), "dilations is"),
    ("conv", _attribute("a", "pads", [-1, 0, 0, 0]), "pads is .* but must be 0 to 65535"),
    ("conv", _attribute("a", "kernel_shape", [65535, 65535]), "kernel_shape is"),
    ("conv", _attribute("a", "group", "one"), "attribute 'group' is of another type"),
    ("conv", _attribute("a", "colour", 1), "unknown attribute 'colour'"),
    ("conv", _twice_an_attribute, "an attribute twice"),
    ("pool", _attribute("c", "size", 0), "size is 0, but must be 1 to"),
    ("pool", _attribute("b", "kernel_shape", [0, 3]), "kernel_shape is"),
    ("concat", _attribute("c", "axis", 2**40), "axis is .* but must be -64 to 64"),
    ("concat", _attribute("g", "perm", [0, 0, 1, 2]), "perm is .* each axis once"),
    ("concat", _attribute("g", "perm", [0, 1, 2, 9]), "perm is"),
    ("pool", lambda m: _node(m, "c").ClearField("attribute"), "without its attribute size"),
    ("conv", lambda m: _node(m, "a").ClearField("input"), r"\(Conv\) with 0 inputs"),
    ("conv", lambda m: _node(m, "a").input.__setitem__(0, ""), "without its input X"),
    ("conv", lambda m: _node(m, "a").output.extend("xyz"), "with 4 outputs"),
    ("conv", _tensor(0, dims=[8, 3, 3, -3]), r"of the sizes \[8, 3, 3, -3\], which no tensor has"),
    ("conv", _tensor(0, dims=[2**40, 2**40]), "which no tensor has"),
    ("conv", _tensor(0, dims=[2**20, 2**20]), "of 4194304 MiB, but"),
    ("conv", _tensor(0, dims=[8, 3, 3, 4]), "of 1152 bytes, but 864 are there"),
    ("conv", _tensor(0, data_type=99), "of the type 99, which is not known"),
    ("conv", _tensor(0, data_type=TensorProto.STRING), "texts, but 0 are there"),
    ("concat", lambda m: m.graph.initializer[0].float_data.append(1), "but 5 are there"),
    ("conv", _bomb(bombs.long_chain), "has 20003 nodes, but at most 10000"),
    ("conv", _bomb(bombs.doubling_functions), "functions that become .* nodes"),
    ("conv", _bomb(bombs.recursive_function), "function '.*', which calls itself"),
    ("conv", _bomb(bombs.recursive_function, 1), "function '.*', which calls itself"),
    ("conv", _bomb(bombs.replaced_operator), "replaces the operator 'Relu'"),
    ("conv", lambda m: m.graph.node.append(m.graph.node[0]), "computes the tensor 'a' twice"),
    ("conv", lambda m: _node(m, "a").input.__setitem__(0, "deep"), "before it is computed"),
    ("conv", lambda m: _node(m, "a").input.__setitem__(0, "a"), "before it is computed"),
    ("conv", lambda m: m.graph.node.reverse(), "before it is computed"),
    ("conv", lambda m: m.graph.initializer.append(m.graph.initializer[0]), "two weights called"),
    ("conv", lambda m: m.graph.input.append(m.graph.input[0]), "two inputs called 'image'"),
    ("conv", lambda m: setattr(_node(m, "a"), "name", "n" * 300_000), "of 300000 characters"),
    ("conv", lambda m: setattr(m.opset_import[0], "version", 2**40), "opset 1099511627776, but 1"),
    ("conv", lambda m: setattr(m.opset_import[0], "version", 0), "opset 0, but 1 to"),
    ("conv", lambda m: m.opset_import.append(helper.make_opsetid("", 9)), "uses two versions"),
    ("conv", lambda m: setattr(m, "ir_version", 2**40), "version 1099511627776 of the file format"),
    ("conv", lambda m: m.metadata_props.add(key="k", value="v" * (5 << 20)), "4 MiB of metadata"),
    ("conv", lambda m: setattr(_dim(m), "dim_value", -1), "declares the size -1"),
    (
        "conv",
        lambda m: setattr(_dim(m), "dim_value", 2**62),
        "declares the size 4611686018427387904",
    ),
]


def _dim(model: onnx.ModelProto) -> onnx.TensorShapeProto.Dimension:
    return model.graph.input[0].type.tensor_type.shape.dim[2]


def test_the_axis_of_a_quantizer_is_let_through_at_any_opset() -> None:
    """ONNX Runtime's quantize_static writes it also where the opset does not have it."""
    node = helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"], axis=0)
    assert not list(wrong_attributes(node, 11))
    node.attribute[0].i = 2**40
    assert "axis is" in next(wrong_attributes(node, 11))


@pytest.mark.parametrize(("name", "change", "words"), CASES)
def test_what_no_network_is_is_refused(name: str, change: Change, words: str) -> None:
    """In one sentence that names the file and what is wrong, before native code sees it."""
    model = base(name)
    change(model)
    with pytest.raises(NetworkError, match=rf"^network 'a\.onnx' .*{words}") as raised:
        check_model(model, HERE)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 600


def test_graphs_within_graphs_have_a_limit() -> None:
    """Eight are allowed, which is more than any exporter makes."""
    for depth, fine in ((3, True), (12, False)):
        model = base("conv")
        graph = helper.make_graph([helper.make_node("Sin", ["image"], ["x"])], "inner", [], [])
        for _ in range(depth):
            node = helper.make_node("If", ["yes"], ["x"], then_branch=graph, else_branch=_empty())
            graph = helper.make_graph([node], "outer", [], [])
        model.graph.initializer.append(helper.make_tensor("yes", TensorProto.BOOL, [], [True]))
        model.graph.node.append(
            helper.make_node("If", ["yes"], ["x"], then_branch=graph, else_branch=_empty())
        )
        if fine:
            check_model(model, HERE)
        else:
            with pytest.raises(NetworkError, match="nested more than 8 deep"):
                check_model(model, HERE)


def _empty() -> onnx.GraphProto:
    return helper.make_graph([helper.make_node("Cos", ["image"], ["x"])], "other", [], [])


@pytest.mark.parametrize("seed", range(6))
def test_sparse_tensors_have_limits(seed: int) -> None:
    """One value in a tensor of 10^12, a value outside, a negative size."""
    model = base("conv")
    bombs.sparse_bomb(model, Random(seed))
    with pytest.raises(NetworkError, match="the sparse tensor 'sparse'"):
        check_model(model, HERE)
