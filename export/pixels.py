"""What a network is to be fed: order of the colours, range, mean and spread of its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onnx import TensorProto

RANGES: dict[str, tuple[float, float]] = {
    "0..1": (1.0, 0.0),
    "0..255": (255.0, 0.0),
    "-1..1": (2.0, -1.0),
}
"""Factor and offset from 0..1, by the name of a range."""

LAYOUTS = ("nchw", "nhwc")


@dataclass(frozen=True)
class Pixels:
    """What a network is to be fed.

    Attributes
    ----------
    input
        Name of its input.
    layout, channels, range
        One of `LAYOUTS`, ``rgb`` or ``bgr``, and one of `RANGES`.
    mean, std
        Red, green, blue, in units of the range; (value - mean) / std is fed.
    element_type
        ONNX element type of the input.
    shape
        Of the input as declared; None for a symbolic axis.
    notes
        How each of these came about, a line each, for the terminal.
    """

    input: str
    layout: str = "nchw"
    channels: str = "rgb"
    range: str = "0..1"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    element_type: int = TensorProto.FLOAT
    shape: tuple[int | None, ...] = ()
    notes: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return the description for the file's metadata."""
        return {
            "layout": self.layout,
            "channels": self.channels,
            "range": self.range,
            "mean": list(self.mean),
            "std": list(self.std),
        }

    def fed(self, image: Any) -> Any:
        """Do by arithmetic what the nodes of `preprocessing.build` do, to check them.

        Parameters
        ----------
        image
            ``[batch, height, width, 3]``, RGB in 0..1: an array or a tensor of TensorFlow.

        Returns
        -------
        array or tensor
            What the network is fed, in the same layout.
        """
        factor, offset = RANGES[self.range]
        values = (image * factor + offset - list(self.mean)) / list(self.std)
        return values[..., ::-1] if self.channels == "bgr" else values
