"""Make ICC profiles of RGB displays from chromaticities and a curve, by ICC.1:2022."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Points = tuple[tuple[float, float], ...]
"""Chromaticities x and y of white, red, green and blue."""

_D50 = np.array([0.9642, 1.0, 0.8249])
# Bradford's matrix, ICC.1:2022 annex E.
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def display_profile(
    points: Points,
    curve: bytes | tuple[bytes, bytes, bytes],
    name: str,
    coding: bytes | None = None,
) -> bytes:
    """Return an RGB display profile, version 4.4, the same at each call.

    Parameters
    ----------
    points
        Chromaticities.
    curve
        From `parametric` or `sampled`, for all three colors or for each.
    name
        What programs call it.
    coding
        The four numbers of a `cicp` tag, which tells readers of HDR what the curve cannot.

    Raises
    ------
    ValueError
        The chromaticities span no colors.
    """
    columns, adaptation = _columns(points)
    red, green, blue = curve if isinstance(curve, tuple) else (curve,) * 3
    tags = {
        b"desc": _text(name),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": _number_tag(b"XYZ ", _D50),
        b"chad": _number_tag(b"sf32", adaptation.ravel()),
        b"rXYZ": _number_tag(b"XYZ ", columns[0]),
        b"gXYZ": _number_tag(b"XYZ ", columns[1]),
        b"bXYZ": _number_tag(b"XYZ ", columns[2]),
        b"rTRC": red,
        b"gTRC": green,
        b"bTRC": blue,
    }
    if coding is not None:
        tags[b"cicp"] = b"cicp" + bytes(4) + coding
    return _assembled(tags)


def parametric(numbers: Sequence[float]) -> bytes:
    """A curve by its formula: the exponent alone, or g, a, b, c and d of type 3 (10.18)."""
    kind = 0 if len(numbers) == 1 else 3
    return b"para" + struct.pack(">IHH", 0, kind, 0) + _fixed(numbers)


def sampled(light: Numbers) -> bytes:
    """A curve by light, 0..1, at equal steps of the signal."""
    values = np.rint(light * 65_535).astype(">u2")
    return b"curv" + struct.pack(">II", 0, len(values)) + bytes(values.tobytes())


def _columns(points: Points) -> tuple[Numbers, Numbers]:
    """XYZ of red, green and blue under D50, as rows, and the matrix that adapted them."""
    white, *primaries = (_xyz(*point) for point in points)
    ends = np.stack(primaries, axis=1)
    if abs(np.linalg.det(ends)) < 1e-6:
        raise ValueError("the primaries lie on a line")
    scaled = ends * np.linalg.solve(ends, white)
    gains = _BRADFORD @ _D50 / (_BRADFORD @ white)
    adaptation = np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD
    columns = (adaptation @ scaled).T
    for matrix in (columns, adaptation):
        if not np.isfinite(matrix).all() or np.abs(matrix).max() >= 100:
            raise ValueError("the primaries do not span white")
    return columns, adaptation


def _xyz(x: float, y: float) -> Numbers:
    """XYZ of luminance 1, or the limit for a light without luminance."""
    return np.array([x, y, 1 - x - y]) / (y or 1)


def _fixed(values: Sequence[float] | Numbers) -> bytes:
    """Numbers in the form s15Fixed16."""
    return b"".join(struct.pack(">i", round(float(value) * 65_536)) for value in values)


def _number_tag(kind: bytes, values: Numbers) -> bytes:
    return kind + bytes(4) + _fixed(values)


def _text(words: str) -> bytes:
    data = words.encode("utf-16-be")
    return b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", len(data), 28) + data


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    """A profile of these tags; equal ones are stored once (section 7)."""
    start = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    places: dict[bytes, int] = {}
    for name, content in tags.items():
        if content not in places:
            places[content] = start + len(data)
            data += content + bytes(-len(content) % 4)
        table += struct.pack(">4sII", name, places[content], len(content))
    head = bytearray(128)
    head[0:4] = struct.pack(">I", start + len(data))
    head[8:24] = b"\x04\x40\0\0mntrRGB XYZ "
    head[24:36] = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    head[36:40] = b"acsp"
    head[68:80] = _fixed(_D50)
    return bytes(head) + table + data
