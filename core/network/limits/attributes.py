"""Attributes of operators: their types, and values that native code does not check itself."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import onnx
from onnx import AttributeProto, helper

from dreamlayer.core.errors import bare, shown

_FAR = 65535
"""The largest size of a window, a step or an edge; pictures' sides have as many pixels."""

_MOST_GROUPS = 1 << 20
_MOST_AXIS = 64
_MOST_INT = (1 << 31) - 1
_MOST_WINDOW = 1 << 24

_Check = Callable[[Any], bool]


def _within(low: int, high: int) -> _Check:
    """Whether a number, or each of some, lies within bounds."""

    def check(value: Any) -> bool:
        values = value if isinstance(value, Sequence) else [value]
        return all(isinstance(one, int) and low <= one <= high for one in values)

    return check


def _is_permutation(value: Any) -> bool:
    return sorted(value) == list(range(len(value)))


def _is_window(value: Any) -> bool:
    product = 1
    for one in value:
        product *= one
    return 0 < product <= _MOST_WINDOW and _within(1, _FAR)(value)


_CHECKS: dict[str, tuple[_Check, str]] = {
    "kernel_shape": (_is_window, f"1 to {_FAR} each"),
    "strides": (_within(1, _FAR), f"1 to {_FAR}"),
    "dilations": (_within(1, _FAR), f"1 to {_FAR}"),
    "output_padding": (_within(0, _FAR), f"0 to {_FAR}"),
    "output_shape": (_within(0, _MOST_INT), f"0 to {_MOST_INT}"),
    "group": (_within(1, _MOST_GROUPS), f"1 to {_MOST_GROUPS}"),
    "num_groups": (_within(1, _MOST_GROUPS), f"1 to {_MOST_GROUPS}"),
    "num_outputs": (_within(1, _FAR), f"1 to {_FAR}"),
    "blocksize": (_within(1, _FAR), f"1 to {_FAR}"),
    "axis": (_within(-_MOST_AXIS, _MOST_AXIS), f"-{_MOST_AXIS} to {_MOST_AXIS}"),
    "axes": (_within(-_MOST_AXIS, _MOST_AXIS), f"-{_MOST_AXIS} to {_MOST_AXIS}"),
    "perm": (_is_permutation, "each axis once"),
    "p": (_within(1, _FAR), f"1 to {_FAR}"),
    "num_heads": (_within(1, _FAR), f"1 to {_FAR}"),
    "q_num_heads": (_within(0, _FAR), f"0 to {_FAR}"),
    "kv_num_heads": (_within(0, _FAR), f"0 to {_FAR}"),
}
"""What attributes of these names may be, whatever the operator, and that in words."""

_FOR_OPERATORS: dict[tuple[str, str], tuple[_Check, str]] = {
    ("LRN", "size"): (_within(1, _FAR), f"1 to {_FAR}"),
    **{
        (name, "pads"): (_within(0, _FAR), f"0 to {_FAR}")
        for name in ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "ConvInteger")
    },
    ("Pad", "pads"): (_within(-_FAR, _FAR), f"-{_FAR} to {_FAR}"),
    ("QLinearConv", "pads"): (_within(0, _FAR), f"0 to {_FAR}"),
    ("DeformConv", "pads"): (_within(0, _FAR), f"0 to {_FAR}"),
    ("DeformConv", "offset_group"): (_within(1, _MOST_GROUPS), f"1 to {_MOST_GROUPS}"),
}

_WITH_NORM = ("GlobalLpPool", "LpPool", "LpNormalization")
"""Operators whose `p` is the number of a norm."""

_STANDARD = ("", "ai.onnx")

_AHEAD = {("QuantizeLinear", "axis"), ("DequantizeLinear", "axis")}
"""Attributes of later opsets that ONNX Runtime's quantize_static writes whatever the opset is."""


def wrong_attributes(node: onnx.NodeProto, version: int) -> Iterator[str]:
    """What is wrong with a node by itself, as parts of a sentence.

    Parameters
    ----------
    node : onnx.NodeProto
        The node; those of foreign domains are left to others.
    version : int
        The version of the standard operators.
    """
    if node.domain not in _STANDARD:
        return
    called = f"the node {shown(node.name or next(iter(node.output), ''))} ({bare(node.op_type)})"
    names = [attribute.name for attribute in node.attribute]
    if len(names) != len(set(names)):
        yield f"has {called} with an attribute twice"
    schema = _schema(node.op_type, version)
    if schema is not None:
        yield from _wrong_by_schema(node, schema, called)
    for attribute in node.attribute:
        yield from _wrong_value(node.op_type, attribute, called)


def _wrong_by_schema(
    node: onnx.NodeProto, schema: onnx.defs.OpSchema, called: str
) -> Iterator[str]:
    """Inputs, outputs and types of attributes that the operator does not have."""
    if not schema.min_input <= len(node.input) <= schema.max_input:
        yield f"has {called} with {len(node.input)} inputs"
    if not schema.min_output <= len(node.output) <= schema.max_output:
        yield f"has {called} with {len(node.output)} outputs"
    for name, declared in zip(node.input, schema.inputs, strict=False):
        if not name and declared.option == onnx.defs.OpSchema.FormalParameterOption.Single:
            yield f"has {called} without its input {declared.name}"
    given = {attribute.name: attribute for attribute in node.attribute}
    for name, attribute in given.items():
        known = schema.attributes.get(name)
        if known is None:
            if not name.startswith("_") and (node.op_type, name) not in _AHEAD:
                yield f"has {called} with an unknown attribute {shown(name)}"
        elif attribute.type != _number(known.type) and not attribute.ref_attr_name:
            yield f"has {called} whose attribute {shown(name)} is of another type"
    for name, known in schema.attributes.items():
        if known.required and name not in given:
            yield f"has {called} without its attribute {name}"


def _number(kind: Any) -> int:
    """The number of a type of attributes, as messages have it."""
    return int(kind)


def _wrong_value(operator: str, attribute: AttributeProto, called: str) -> Iterator[str]:
    if attribute.ref_attr_name or attribute.type not in (AttributeProto.INT, AttributeProto.INTS):
        return
    name = attribute.name
    entry = _FOR_OPERATORS.get((operator, name)) or _CHECKS.get(name)
    if entry is None or (name == "p" and operator not in _WITH_NORM):
        return
    check, allowed = entry
    value = helper.get_attribute_value(attribute)
    value = value if isinstance(value, int) else list(value)
    if not check(value):
        yield f"has {called} whose {name} is {shown(value)}, but must be {allowed}"


@functools.lru_cache(4096)
def _schema(operator: str, version: int) -> onnx.defs.OpSchema | None:
    """What the standard says of an operator; None where it does not know it."""
    try:
        return onnx.defs.get_schema(operator, version, "")
    except onnx.defs.SchemaError:
        return None
