"""Where a layer comes from in the source's code: the module's path and what it does there.

Exporters write it into names in many ways, all of which are read here:
``/layer1/layer1.0/conv1/Conv`` (torch's TorchScript exporter), ``pkg.torch.onnx.name_scopes`` and
``namespace`` (its newer one), ``functional_1/block1_conv1_1/Relu:0`` (tf2onnx), and where a node
has no telling name, the names of its weights, ``features.0.weight``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass

import onnx

_SCOPES = "pkg.torch.onnx.name_scopes"
_ENDING = re.compile(r"(_output_\d+|:\d+|__\d+|_fwd)+$")
_NUMBERED = re.compile(r"_\d+$")
_WRAPPER = re.compile(
    r"(stateful)?partitionedcall(_\d+)?|(functional|model|sequential)(_\d+)?|main_graph|module",
    re.IGNORECASE,
)
_WEIGHT = re.compile(
    r"(.+?)([./](weight|kernel|bias|gamma|beta|w|weights|merged_input|sub|convolution|conv2d"
    r"|depthwise|depthwise_kernel|readvariableop|batchnorm|reshape))+",
    re.IGNORECASE,
)
_MADE_UP = re.compile(r"\d*|[vV]al_\d+|t_?\d+|(const|const_fold_opt|node|var|tensor|x|y)_+\d+")

WORDS = {
    "BatchNormalization": "norm",
    "InstanceNormalization": "norm",
    "GroupNormalization": "norm",
    "LayerNormalization": "norm",
    "RMSNormalization": "norm",
    "ConvTranspose": "conv",
    "MaxPool": "pool",
    "AveragePool": "pool",
    "LpPool": "pool",
    "MatMul": "linear",
    "Gemm": "linear",
}
"""What operators are called in names, where not as in ONNX."""

_DEEDS = frozenset(
    {
        *("relu", "relu6", "leakyrelu", "elu", "selu", "gelu", "silu", "swish", "sigmoid", "tanh"),
        *("softplus", "hardswish", "hardsigmoid", "hardtanh", "mish", "prelu", "erf", "clip"),
        *("clipbyvalue", "minimum", "maximum", "min", "max", "mul", "add", "addv2", "sub", "div"),
        *("truediv", "realdiv", "pow", "square", "sum", "concat", "concatv2", "cat", "biasadd"),
        *(
            "conv",
            "conv2d",
            "convolution",
            "convtranspose",
            "conv2dtranspose",
            "conv2dbackpropinput",
        ),
        *("depthwise", "depthwiseconv2d", "depthwiseconv2dnative", "separableconv2d", "matmul"),
        *("gemm", "linear", "dense", "batchnorm", "batchnormalization", "fusedbatchnorm"),
        *("fusedbatchnormv2", "fusedbatchnormv3", "batchnormadd", "layernormalization"),
        *("layernorm", "instancenormalization", "groupnormalization", "lrn", "norm", "maxpool"),
        *("maxpool2d", "averagepool", "avgpool", "avgpool2d", "pool", "reshape", "transpose"),
    }
)
"""Last parts of names that are what is done, not the module that does it."""


_INNER = frozenset({"batchnorm", "separable_conv2d"})
"""Scopes of Keras within that of a layer."""


@dataclass(frozen=True)
class Origin:
    """Where a layer comes from.

    Attributes
    ----------
    path
        The module, its parts separated by dots; empty for what belongs to none.
    deed
        What is done there, in one word.
    """

    path: str
    deed: str


def origin_of(
    node: onnx.NodeProto, tensor: str, makers: dict[str, onnx.NodeProto], weights: Collection[str]
) -> Origin:
    """Find out where a layer comes from.

    Parameters
    ----------
    node
        The node that computes it.
    tensor
        What its result was called in the source.
    makers
        The nodes of the graph by what they compute: a sum with a bias belongs to the product.
    weights
        Names of the network's weights.
    """
    deed = WORDS.get(node.op_type, node.op_type.lower())
    scopes = _module_of(node)
    if scopes is not None:
        return Origin(scopes, deed)
    plain = [_without_ending(name) for name in (node.name, tensor)]
    told = [name for name in plain if not _is_made_up(name, node.op_type)]
    paths = [_path_of(name, node.op_type) for name in told]
    path = next((one.path for one in paths if one.path), "")
    if not paths:
        path = _module_of_weights(node, makers, weights)
    if path:
        return Origin(path, deed)
    return paths[0] if paths else Origin("", plain[0] or deed)


def _module_of(node: onnx.NodeProto) -> str | None:
    """The path of the module in the metadata that torch's newer exporter writes."""
    metadata = {entry.key: entry.value for entry in node.metadata_props}
    if _SCOPES in metadata:
        try:
            scopes = ast.literal_eval(metadata[_SCOPES])
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
        if isinstance(scopes, list) and len(scopes) > 1 and all(isinstance(s, str) for s in scopes):
            return str(scopes[-2])
    if "namespace" in metadata:
        scopes = [part.split(": ")[0] for part in metadata["namespace"].split("/")]
        return scopes[-2] if len(scopes) > 1 else ""
    return None


def _module_of_weights(
    node: onnx.NodeProto, makers: dict[str, onnx.NodeProto], weights: Collection[str]
) -> str:
    """The module that the weights of a node belong to, by their names; empty if they do not tell.

    A bias is named first: where a batch normalization was folded into it, the result is that's.
    """
    product = next((makers[one] for one in node.input if one in makers), node)
    bias = node.op_type == "Add" and any(name in weights for name in node.input)
    for reader in (node, product) if bias else (node,):
        for name in reversed(reader.input[1:]):
            plain = _without_ending(name)
            found = _WEIGHT.fullmatch(plain) if name in weights else None
            if found and not _is_made_up(plain, reader.op_type):
                scopes = f"{found[1]}/{reader.op_type}"
                return _path_of(scopes, reader.op_type).path if "/" in plain else found[1]
    return ""


def _without_ending(name: str) -> str:
    """A name without what exporters append to it."""
    return _ENDING.sub("", name)


def _is_made_up(name: str, operator: str) -> bool:
    """Whether a name tells nothing but the operator and a number."""
    if _MADE_UP.fullmatch(name):
        return True
    word = _NUMBERED.sub("", name).removeprefix("node_")
    return word == operator or word.replace("_", "").lower() == operator.lower()


def _path_of(name: str, operator: str) -> Origin:
    """Divide a name such as ``/layer1/layer1.0/conv1/Conv`` into module and deed."""
    parts = [part for part in name.split("/") if part] or [operator]
    if not name.startswith("/") and len(parts) > 1:
        # Only torch's scopes, which begin with a slash, are paths themselves.
        parts = [part.replace(".", "_") for part in parts]
    while len(parts) > 1 and _WRAPPER.fullmatch(parts[0]):
        del parts[0]
    deed = WORDS.get(operator, operator.lower())
    if not _is_deed(parts[-1], operator):
        return Origin(_joined(parts), deed)
    last = parts.pop()
    while len(parts) > 1 and parts[-1] in _INNER:
        parts.pop()
    return Origin(_joined(parts), deed if parts else last.lower())


def _is_deed(part: str, operator: str) -> bool:
    """Whether a part of a name says what is done, and not which module does it."""
    word = _NUMBERED.sub("", part)
    known = word.replace("_", "").lower()
    return word == operator or known in _DEEDS or known == operator.lower()


def _joined(parts: list[str]) -> str:
    """Scopes as one path; one that repeats the scope around it takes its place."""
    path: list[str] = []
    for part in parts:
        if path and (part == path[-1] or part.startswith(f"{path[-1]}.")):
            path[-1] = part
        else:
            path.append(part)
    return ".".join(path)
