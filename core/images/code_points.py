"""ICC profiles for color spaces that files name by code points (ITU-T H.273, ISO/IEC 23091-2)."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

UNSPECIFIED = 2
SRGB = 13
PQ, HLG = 16, 18

_D65, _C, _E = (0.3127, 0.3290), (0.310, 0.316), (1 / 3, 1 / 3)
# Red, green, blue and white, by H.273 table 2.
_PRIMARIES = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), _D65),
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65),
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    10: ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), _E),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}
# Parameters of ICC's parametric curves: the exponent alone, or g, a, b, c, d of type 3.
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_SMPTE_240_CURVE = (1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4.0, 0.0912)
# Those of video are shown like sRGB, as browsers do.
_CURVES: dict[int, tuple[float, ...]] = {
    **dict.fromkeys((1, 2, 6, 11, 12, 13, 14, 15), _SRGB_CURVE),
    4: (2.2,),
    5: (2.8,),
    7: _SMPTE_240_CURVE,
    8: (1.0,),
    17: (2.6,),
}
_D50 = np.array([0.9642, 1.0, 0.8249])
# Bradford's matrix, ICC.1:2022 annex E.
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


def is_srgb(primaries: int, transfer: int) -> bool:
    """Whether these code points mean sRGB, or nothing, which is taken to be sRGB."""
    return primaries in (1, UNSPECIFIED) and _CURVES.get(transfer) is _SRGB_CURVE


def is_known(primaries: int, transfer: int) -> bool:
    """Whether `profile_of` can make a profile for these code points."""
    return (primaries in _PRIMARIES or primaries == UNSPECIFIED) and transfer in _CURVES


def profile_of(primaries: int, transfer: int) -> bytes:
    """An RGB display profile, ICC version 4.3, for color primaries and transfer characteristics.

    Parameters
    ----------
    primaries, transfer
        Code points for which `is_known`.

    Returns
    -------
    bytes
        The profile, which is the same at each call.
    """
    red, green, blue, white = _PRIMARIES[1 if primaries == UNSPECIFIED else primaries]
    ends = np.stack([_xyz(*red), _xyz(*green), _xyz(*blue)], axis=1)
    scales = np.linalg.solve(ends, _xyz(*white))
    cone = _BRADFORD
    gains = (cone @ _D50) / (cone @ _xyz(*white))
    adapt = np.linalg.inv(cone) @ np.diag(gains) @ cone
    columns = (adapt @ (ends * scales)).T
    curve = _parametric(_CURVES[transfer])
    name = f"H.273 primaries {primaries}, transfer {transfer}"
    tags = {
        b"desc": _text(name),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": _number_tag(b"XYZ ", _D50),
        b"chad": _number_tag(b"sf32", adapt.ravel()),
        b"rXYZ": _number_tag(b"XYZ ", columns[0]),
        b"gXYZ": _number_tag(b"XYZ ", columns[1]),
        b"bXYZ": _number_tag(b"XYZ ", columns[2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _assembled(tags)


def _xyz(x: float, y: float) -> Numbers:
    """XYZ of luminance 1, or the limit for a light without luminance."""
    return np.array([x, y, 1 - x - y]) / (y or 1)


def _fixed(values: Numbers) -> bytes:
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def _number_tag(kind: bytes, values: Numbers) -> bytes:
    return kind + bytes(4) + _fixed(values)


def _parametric(numbers: tuple[float, ...]) -> bytes:
    kind = 0 if len(numbers) == 1 else 3
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + _fixed(np.array(numbers))


def _text(words: str) -> bytes:
    data = words.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(data), 28) + data


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    """A profile of these tags; equal ones are stored once (ICC.1:2022 section 7)."""
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
    head[8:24] = b"\x04\x30\0\0mntrRGB XYZ "
    head[24:36] = struct.pack(">6H", 2024, 1, 1, 0, 0, 0)
    head[36:40] = b"acsp"
    head[68:80] = _fixed(_D50)
    return bytes(head) + table + data
