"""Which pixels a foreign network expects: by the options, else by the file, else assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import onnx

from dreamlayer.core.errors import NetworkError
from dreamlayer.export.preprocessing import LAYOUTS, Pixels

# Keys and values of the ONNX documentation on image metadata.
_RANGE_METADATA = {
    "Normalized_0_1": "0..1",
    "Normalized_1_1": "-1..1",
    "NominalRange_0_255": "0..255",
}
_ORDER_METADATA = {"Rgb8": "rgb", "Bgr8": "bgr"}


INTEGERS = frozenset(
    {
        *(onnx.TensorProto.UINT8, onnx.TensorProto.INT8, onnx.TensorProto.UINT16),
        *(onnx.TensorProto.INT16, onnx.TensorProto.INT32, onnx.TensorProto.INT64),
    }
)
"""Types of inputs that are pixels of 0..255."""


@dataclass(frozen=True)
class InputOptions:
    """What the command line says about the input; None for an option that was not given."""

    input: str | None = None
    layout: str | None = None
    channels: str | None = None
    range: str | None = None
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    constants: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """Names of other inputs, each with one number for all of its elements, or all of them."""


def find_pixels(model: onnx.ModelProto, options: InputOptions) -> Pixels:
    """Find out which pixels a network expects.

    Parameters
    ----------
    model
        A network with one input; see `export.adopt.inputs.settle_inputs`.
    options
        Taken before what the file says.

    Returns
    -------
    Pixels
        With a note on how each was found out.

    Raises
    ------
    NetworkError
        The input is not a color image.
    """
    info = model.graph.input[0]
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    tensor = info.type.tensor_type
    dims = tensor.shape.dim if tensor.HasField("shape") else []
    shape = tuple(dim.dim_value if dim.dim_value > 0 else None for dim in dims)
    if shape and len(shape) != 4:
        raise NetworkError(
            f"the input {info.name} has {len(shape)} axes; it must have four (batch, channels, "
            "height and width, in some order)"
        )
    layout, why_layout = _layout(model, info, shape, options.layout)
    if shape and shape[_channel_axis(layout)] not in (3, None):
        raise NetworkError(
            f"the input {info.name} has {_channels(shape[_channel_axis(layout)])} as {layout}; it "
            "must have three, red, green and blue (give --layout if the axes are in another order)"
        )
    channels, why_channels = _chosen(
        options.channels, _ORDER_METADATA.get(metadata.get("Image.BitmapPixelFormat", "")), "rgb"
    )
    recorded = _RANGE_METADATA.get(metadata.get("Image.NominalPixelRange", ""))
    if recorded is None and tensor.elem_type in INTEGERS:
        recorded = "0..255"
    span, why_span = _chosen(options.range, recorded, "0..1")
    mean, std = options.mean or (0.0, 0.0, 0.0), options.std or (1.0, 1.0, 1.0)
    notes = [
        f"Input     {info.name} [{', '.join(str(side or '?') for side in shape)}]",
        f"Layout    {layout} ({why_layout})",
        f"Channels  {channels} ({why_channels}; --channels)",
        f"Range     {span} ({why_span}; --range)",
        f"Mean, std {_numbers(mean)}, {_numbers(std)} "
        f"({'as asked' if options.mean or options.std else 'none assumed'}; --mean, --std)",
    ]
    if not (options.range or recorded) and not (options.mean or options.std):
        notes.append(_warning(model, info.name))
    return Pixels(
        info.name, layout, channels, span, mean, std, tensor.elem_type, shape, tuple(notes)
    )


def _layout(
    model: onnx.ModelProto,
    info: onnx.ValueInfoProto,
    shape: Sequence[int | None],
    asked: str | None,
) -> tuple[str, str]:
    """Return the layout, and how it was found out."""
    if asked:
        return asked, "as asked"
    denotations = [dim.denotation for dim in info.type.tensor_type.shape.dim]
    if "DATA_CHANNEL" in denotations:
        return LAYOUTS[denotations.index("DATA_CHANNEL") == 3], "as the file's denotations say"
    if shape and (shape[1] == 3) != (shape[3] == 3):
        return LAYOUTS[shape[3] == 3], "from the input's shape"
    for node in model.graph.node:
        if info.name in node.input and node.op_type == "Transpose":
            return "nhwc", "from the Transpose after the input"
        if info.name in node.input and node.op_type == "Conv":
            return "nchw", "from the Conv after the input"
    return "nchw", "ASSUMED; --layout changes it"


def _channels(count: int | None) -> str:
    return "1 channel" if count == 1 else f"{count} channels"


def _channel_axis(layout: str) -> int:
    """Return the axis of the channels."""
    return 1 if layout == "nchw" else 3


def _chosen(asked: str | None, recorded: str | None, default: str) -> tuple[str, str]:
    """Return the first that is known, and how it was found out."""
    if asked:
        return asked, "as asked"
    if recorded:
        return recorded, "as the file says"
    return default, "ASSUMED"


def _warning(model: onnx.ModelProto, name: str) -> str:
    """Say that the range is an assumption, and which one is likely."""
    first = next((node for node in model.graph.node if name in node.input), None)
    if first is not None and first.op_type in ("Sub", "Mul", "Div", "Add", "BatchNormalization"):
        hint = f"The graph begins with {first.op_type}, so it may normalise its input itself."
    else:
        hint = (
            "Networks trained by torchvision expect --mean 0.485,0.456,0.406 "
            "--std 0.229,0.224,0.225, many others --range 0..255 or --range -1..1."
        )
    return (
        "WARNING: the file does not say which range of pixels it expects; 0..1 without a mean is "
        f"assumed, and if that is wrong, dreams are dull. {hint}"
    )


def _numbers(values: Sequence[float]) -> str:
    """Format numbers as the options take them."""
    return ",".join(f"{value:g}" for value in values)
