"""What pixels a foreign network wants: told by options, else by the file, else assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.pixels import LAYOUTS, Pixels

# Keys and values of the ONNX documentation on image metadata.
_RANGE_METADATA = {
    "Normalized_0_1": "0..1",
    "Normalized_1_1": "-1..1",
    "NominalRange_0_255": "0..255",
}
_ORDER_METADATA = {"Rgb8": "rgb", "Bgr8": "bgr"}


@dataclass(frozen=True)
class Wishes:
    """What the user said on the command line; None where they said nothing."""

    input: str | None = None
    layout: str | None = None
    channels: str | None = None
    range: str | None = None
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None


def find_pixels(model: onnx.ModelProto, wishes: Wishes) -> Pixels:
    """Find out what the network is to be fed.

    Parameters
    ----------
    model
        A network whose only inputs are images.
    wishes
        What the user said; goes before everything else.

    Returns
    -------
    Pixels
        With a note on each decision.

    Raises
    ------
    NetworkError
        The network has several inputs or one that is no colour image.
    """
    info = _image_input(model, wishes.input)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    tensor = info.type.tensor_type
    dims = tensor.shape.dim if tensor.HasField("shape") else []
    shape = tuple(dim.dim_value if dim.dim_value > 0 else None for dim in dims)
    if shape and len(shape) != 4:
        raise NetworkError(
            f"the input {info.name} has {len(shape)} axes; an image network has four "
            "(batch, channels, height, width in some order)"
        )
    layout, why_layout = _layout(model, info, shape, wishes.layout)
    if shape and shape[_channel_axis(layout)] not in (3, None):
        raise NetworkError(
            f"the input {info.name} has {shape[_channel_axis(layout)]} channels as {layout}; only "
            "networks for three colours can dream (see --layout)"
        )
    channels, why_channels = _chosen(
        wishes.channels, _ORDER_METADATA.get(metadata.get("Image.BitmapPixelFormat", "")), "rgb"
    )
    told = _RANGE_METADATA.get(metadata.get("Image.NominalPixelRange", ""))
    if told is None and tensor.elem_type == onnx.TensorProto.UINT8:
        told = "0..255"
    span, why_span = _chosen(wishes.range, told, "0..1")
    mean, std = wishes.mean or (0.0, 0.0, 0.0), wishes.std or (1.0, 1.0, 1.0)
    notes = [
        f"Input     {info.name} [{', '.join(str(side or '?') for side in shape)}]",
        f"Layout    {layout} ({why_layout})",
        f"Channels  {channels} ({why_channels}; --channels)",
        f"Range     {span} ({why_span}; --range)",
        f"Mean, std {_numbers(mean)}, {_numbers(std)} "
        f"({'as asked' if wishes.mean or wishes.std else 'none assumed'}; --mean, --std)",
    ]
    if not (wishes.range or told) and not (wishes.mean or wishes.std):
        notes.append(_warning(model, info.name))
    return Pixels(
        info.name, layout, channels, span, mean, std, tensor.elem_type, shape, tuple(notes)
    )


def _image_input(model: onnx.ModelProto, name: str | None) -> onnx.ValueInfoProto:
    """Return the one input, or the one that is named."""
    inputs: dict[str, onnx.ValueInfoProto] = {info.name: info for info in model.graph.input}
    if name is not None and name not in inputs:
        raise NetworkError(f"the network has no input {name}; it has {', '.join(inputs)}")
    if len(inputs) != 1:
        raise NetworkError(
            f"the network has {len(inputs)} inputs ({', '.join(inputs) or 'none'}); only one with "
            "a single image input can dream"
        )
    return next(iter(inputs.values()))


def _layout(
    model: onnx.ModelProto,
    info: onnx.ValueInfoProto,
    shape: Sequence[int | None],
    wish: str | None,
) -> tuple[str, str]:
    """Return the layout and where it is known from."""
    if wish:
        return wish, "as asked"
    denotations = [dim.denotation for dim in info.type.tensor_type.shape.dim]
    if "DATA_CHANNEL" in denotations:
        return LAYOUTS[denotations.index("DATA_CHANNEL") == 3], "as the file's denotations say"
    if shape and (shape[1] == 3) != (shape[3] == 3):
        return LAYOUTS[shape[3] == 3], "from the input's shape"
    for node in model.graph.node:
        if info.name in node.input and node.op_type == "Transpose":
            return "nhwc", "from the Transpose behind the input"
        if info.name in node.input and node.op_type == "Conv":
            return "nchw", "from the Conv behind the input"
    return "nchw", "ASSUMED; --layout changes it"


def _channel_axis(layout: str) -> int:
    """Return the axis of the channels."""
    return 1 if layout == "nchw" else 3


def _chosen(wish: str | None, told: str | None, otherwise: str) -> tuple[str, str]:
    """Return the first that is known, and where it is known from."""
    if wish:
        return wish, "as asked"
    if told:
        return told, "as the file says"
    return otherwise, "ASSUMED"


def _warning(model: onnx.ModelProto, name: str) -> str:
    """Say that the range is an assumption, and what is likely."""
    first = next((node for node in model.graph.node if name in node.input), None)
    if first is not None and first.op_type in ("Sub", "Mul", "Div", "Add", "BatchNormalization"):
        hint = f"The graph begins with {first.op_type}, so it may normalise its input itself."
    else:
        hint = (
            "Networks trained by torchvision want --mean 0.485,0.456,0.406 "
            "--std 0.229,0.224,0.225, many others --range 0..255 or --range -1..1."
        )
    return (
        "WARNING: the file does not tell which values its pixels shall have; 0..1 without mean is "
        f"assumed, and a wrong guess gives dull dreams. {hint}"
    )


def _numbers(values: Sequence[float]) -> str:
    """Return numbers as the options take them."""
    return ",".join(f"{value:g}" for value in values)
