"""The gradient rule of the discrete Fourier transform, and STFT written out with it."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs
from dreamlayer.core.errors import UnsupportedOperatorError, shown
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import cast, joined, known, padded, reshape, sizes

_AXIS_INPUT_SINCE = 20
"""The opset since which DFT has its axis as an input, not as an attribute."""

_COMPLEX = 2
"""The size of the last axis of complex numbers."""


def half_to_real(attrs: Attrs) -> str | None:
    """Why a DFT is refused, if it is."""
    if attrs.get("inverse", 0) and attrs.get("onesided", 0):
        return "the inverse of half a spectrum is defined differently from runtime to runtime"
    return None


def dft(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The transform of `g` in the other direction, times its length, or divided by it.

    What the onesided transform leaves out is zero in `g`. The length may differ from the input's,
    which is then padded or cut.
    """
    graph, signal = g.graph, x[0]
    axis = _axis(x, attrs) % signal.rank
    size = sizes(signal, axis, axis + 1)
    given = x[1] if len(x) > 1 else None
    length = size if given is None else reshape(given, 1)
    inverse = attrs.get("inverse", 0)
    factor = cast(length, g.dtype)
    spectrum = transform(g, graph.emit("Squeeze", length), axis, inverse=1 - inverse)
    spectrum = spectrum / factor if inverse else spectrum * factor
    if given is not None:
        pads = [graph.ints(0)] * (2 * signal.rank)
        pads[signal.rank + axis] = size - length
        spectrum = padded(spectrum, joined(*pads))
    last = signal.rank - 1
    if signal.static(last) == _COMPLEX:
        return spectrum
    # Of real numbers, the real part.
    own = sizes(signal, last, last + 1)
    return graph.emit("Slice", spectrum, graph.ints(0), own, graph.ints(last))


def transform(x: Value, length: Value | None, axis: int, **attrs: int) -> Value:
    """A DFT along an axis, as the graph's opset writes it."""
    if x.graph.opset < _AXIS_INPUT_SINCE:
        return x.graph.emit("DFT", x, length, axis=axis, **attrs)
    return x.graph.emit("DFT", x, length, x.graph.constant(np.int64(axis)), **attrs)


def _axis(x: Inputs, attrs: Attrs) -> int:
    """The axis of a DFT."""
    if x[0].graph.opset < _AXIS_INPUT_SINCE:
        return int(attrs.get("axis", 1))
    given = x[2] if len(x) > 2 else None
    if given is None:
        return -2
    number = known(given)
    if number is None:
        raise UnsupportedOperatorError(
            f"a DFT along an axis that is computed ({shown(given.name)}) has no gradient rule; "
            f"export the network with constants folded"
        )
    return int(number.item())


def sides_unsaid(attrs: Attrs) -> str | None:
    """Why an STFT is refused, if it is."""
    if "onesided" in attrs:
        return None
    return "onnx infers wrong sizes where its attribute onesided is left out; write it as 1"


def stft(x: Inputs, attrs: Attrs) -> list[Value]:
    """STFT: the transforms of overlapping frames, each weighed by the window."""
    signal, step = x[:2]
    window, length = (x[i] if len(x) > i else None for i in (2, 3))
    graph = signal.graph
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    if length is None:
        assert window is not None
        length = graph.emit("Squeeze", sizes(window, 0, 1))
    length, step = (cast(t, TensorProto.INT64) for t in (length, step))
    whole = graph.emit("Squeeze", sizes(signal, 1, 2))
    frames = (whole - length) / step + one
    starts = reshape(graph.emit("Range", zero, frames, one) * step, -1, 1)
    places = starts + graph.emit("Range", zero, length, one)
    cut = graph.emit("Gather", signal, places, axis=1)
    if signal.rank == 2:
        cut = graph.emit("Unsqueeze", cut, graph.ints(-1))
    if window is not None:
        cut = cut * reshape(window, -1, 1)
    return [transform(cut, None, 2, onesided=attrs["onesided"])]
