"""ICC profiles: checked before they are written, and made for pictures that say colors otherwise.

The checks are those by which libpng refuses a profile (png_icc_check_header and _tag_table), since
readers of every format use such; profiles follow ICC.1:2022.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_HEADER = 132
_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")
_SPACES = (b"XYZ ", b"Lab ")

_TABLES = ((b"A2B0",), (b"D2B0",))
# Tags without which a profile says nothing of colors.
_NEEDED: dict[bytes, tuple[tuple[bytes, ...], ...]] = {
    b"RGB ": ((b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"), *_TABLES),
    b"GRAY": ((b"kTRC",), *_TABLES),
    b"CMYK": _TABLES,
}

HDR = "the meaning of its HDR brightness: the profile written says it for plain displays only"
NARROW = "the meaning of its video range, which no profile can tell"

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
_D65 = (0.3127, 0.3290)
# Rows of Rec. ITU-T H.273, table 2: white, then red, green and blue, as x and y.
_PRIMARIES: dict[int, tuple[tuple[float, float], ...]] = {
    1: (_D65, (0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    4: ((0.310, 0.316), (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    8: ((0.310, 0.316), (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: (_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: (_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: (_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
_SRGB = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_VIDEO = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
# Parameters of a curve of type 3 (ICC.1:2022, 10.18) by H.273, table 3; one number is a power.
_CURVES: dict[int, tuple[float, ...]] = {
    1: _VIDEO,
    4: (2.2,),
    5: (2.8,),
    6: _VIDEO,
    8: (1.0,),
    13: _SRGB,
    14: _VIDEO,
    15: _VIDEO,
}
_PQ, _HLG = 16, 18
_REFERENCE_WHITE = 203 / 10_000
"""Luminance of diffuse white, as a share of PQ's brightest (Rec. ITU-R BT.2408)."""


@dataclass(frozen=True)
class Meaning:
    """What chunks of color mean: a profile, or None for sRGB; and what it cannot say."""

    profile: bytes | None
    lost: str | None = None


def sound_profile(profile: bytes, space: bytes = b"RGB ") -> bytes | None:
    """Return an ICC profile that every format and reader takes, or None.

    What is harmless is repaired: padding behind the profile is cut off, an odd length is padded.

    Parameters
    ----------
    profile
        An ICC profile of any origin.
    space
        Color space that it must be for: RGB, GRAY or CMYK, of four letters.
    """
    if len(profile) < _HEADER:
        return None
    (size, tags) = struct.unpack_from(">I", profile)[0], struct.unpack_from(">I", profile, 128)[0]
    if not _HEADER <= size <= len(profile) or tags > (size - _HEADER) // 12:
        return None
    if profile[36:40] != b"acsp" or profile[16:20] != space or profile[12:16] not in _CLASSES:
        return None
    if profile[20:24] not in _SPACES or struct.unpack_from(">I", profile, 64)[0] > 0xFFFF:
        return None
    names = set()
    for at in range(_HEADER, _HEADER + 12 * tags, 12):
        name, start, length = struct.unpack_from(">4sII", profile, at)
        if start > size or length > size - start:
            return None
        names.add(name)
    if not any(names.issuperset(needed) for needed in _NEEDED.get(space, ())):
        return None
    whole = profile[:size] + bytes(-size % 4)
    return struct.pack(">I", len(whole)) + whole[4:]


def meaning_of(chunks: Mapping[bytes, bytes]) -> Meaning:
    """What a PNG's chunks of color mean, which no other format has.

    Parameters
    ----------
    chunks
        Contents of cICP, sRGB, gAMA and cHRM, those that are there. The first of them counts (PNG,
        third edition, 4.3); damaged ones do not.
    """
    coding = chunks.get(b"cICP", b"")
    if len(coding) == 4:
        found = _meaning_of_codes(*coding)
        if found is not None:
            return found
    if b"sRGB" in chunks:
        return Meaning(None)
    gamma, primaries = _gamma(chunks.get(b"gAMA")), _chromaticities(chunks.get(b"cHRM"))
    srgb = _PRIMARIES[1]
    if primaries is not None and np.abs(np.subtract(primaries, srgb)).max() < 5e-4:
        primaries = None
    if primaries is None and (gamma is None or abs(gamma - 2.2) < 0.01):
        # So programs mark sRGB that know no better.
        return Meaning(None)
    matrix = _matrix(primaries or srgb)
    if matrix is None:
        return Meaning(None, "the meaning of its colors, which its chunks tell wrongly")
    return Meaning(_profile(matrix, _parametric(_SRGB if gamma is None else (gamma,))))


def _meaning_of_codes(primaries: int, transfer: int, matrix: int, full: int) -> Meaning | None:
    """What the numbers of H.273 mean; None for those without a meaning here."""
    columns = _matrix(_PRIMARIES[primaries]) if primaries in _PRIMARIES else None
    if columns is None or matrix != 0:
        return None
    if transfer in (_PQ, _HLG):
        signal = np.linspace(0, 1, 4096)
        curve = _sampled(_pq(signal) if transfer == _PQ else _hlg(signal))
        return Meaning(_profile(columns, curve, bytes((primaries, transfer, 0, full))), HDR)
    if transfer not in _CURVES:
        return None
    lost = None if full else NARROW
    if (primaries, transfer) == (1, 13):
        return Meaning(None, lost)
    return Meaning(_profile(columns, _parametric(_CURVES[transfer])), lost)


def _gamma(data: bytes | None) -> float | None:
    """The exponent that decodes, from a gAMA chunk."""
    if data is None or len(data) != 4:
        return None
    (value,) = struct.unpack(">I", data)
    return 100_000 / value if 1_000 <= value <= 1_000_000 else None


def _chromaticities(data: bytes | None) -> tuple[tuple[float, float], ...] | None:
    """White, red, green and blue of a cHRM chunk."""
    if data is None or len(data) != 32:
        return None
    values = [value / 100_000 for value in struct.unpack(">8I", data)]
    pairs = tuple(zip(values[::2], values[1::2], strict=True))
    return pairs if all(0 <= x <= 1 and 0 < y <= 1 for x, y in pairs) else None


def _matrix(points: tuple[tuple[float, float], ...]) -> npt.NDArray[np.float64] | None:
    """From linear RGB to XYZ adapted to D50 (Bradford), or None for points on a line."""
    white, *primaries = (np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in points)
    columns = np.stack(primaries, axis=1)
    if abs(np.linalg.det(columns)) < 1e-6:
        return None
    scaled = columns * np.linalg.solve(columns, white)
    cones = _BRADFORD @ _D50 / (_BRADFORD @ white)
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ scaled
    result: npt.NDArray[np.float64] = adapted
    return result if np.isfinite(result).all() and np.abs(result).max() < 100 else None


def _pq(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Luminance of a PQ signal (SMPTE ST 2084), 1 at diffuse white and for all that is brighter."""
    power = signal ** (1 / 78.84375)
    linear = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
    light: npt.NDArray[np.float64] = linear ** (1 / 0.1593017578125) / _REFERENCE_WHITE
    return np.minimum(light, 1)


def _hlg(signal: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Light of an HLG signal (ARIB STD-B67), 1 at diffuse white, which is at three quarters."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    light: npt.NDArray[np.float64]
    light = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    white = (np.exp((0.75 - c) / a) + b) / 12
    light /= white
    return np.minimum(light, 1)


def _parametric(parameters: tuple[float, ...]) -> bytes:
    kind = 0 if len(parameters) == 1 else 3
    numbers = b"".join(_fixed(value) for value in parameters)
    return b"para" + struct.pack(">IHH", 0, kind, 0) + numbers


def _sampled(light: npt.NDArray[np.float64]) -> bytes:
    values = np.rint(light * 65_535).astype(">u2")
    return b"curv" + struct.pack(">II", 0, len(values)) + bytes(values.tobytes())


def _fixed(value: float) -> bytes:
    """A number in the form s15Fixed16."""
    return struct.pack(">i", round(value * 65_536))


def _xyz(values: npt.NDArray[np.float64]) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(_fixed(float(value)) for value in values)


def _words(text: str) -> bytes:
    data = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">III2s2sII", 0, 1, 12, b"en", b"US", len(data), 28) + data


def _profile(matrix: npt.NDArray[np.float64], curve: bytes, coding: bytes | None = None) -> bytes:
    """A display profile of version 4 from primaries and a curve, the same at each call."""
    blocks = [
        ((b"desc",), _words("RGB, from the color chunks of a PNG")),
        ((b"cprt",), _words("No copyright, use freely")),
        ((b"wtpt",), _xyz(_D50)),
        ((b"rXYZ",), _xyz(matrix[:, 0])),
        ((b"gXYZ",), _xyz(matrix[:, 1])),
        ((b"bXYZ",), _xyz(matrix[:, 2])),
        ((b"rTRC", b"gTRC", b"bTRC"), curve),
    ]
    if coding is not None:
        blocks.append(((b"cicp",), b"cicp" + bytes(4) + coding))
    count = sum(len(names) for names, _ in blocks)
    table, data = struct.pack(">I", count), b""
    for names, block in blocks:
        at = _HEADER + 12 * count + len(data)
        table += b"".join(name + struct.pack(">II", at, len(block)) for name in names)
        data += block + bytes(-len(block) % 4)
    head = bytearray(128)
    head[0:4] = struct.pack(">I", 128 + len(table) + len(data))
    head[8:12] = b"\x04\x40\0\0"
    head[12:24] = b"mntrRGB XYZ "
    head[24:36] = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)
    head[36:40] = b"acsp"
    head[68:80] = b"".join(_fixed(float(value)) for value in _D50)
    return bytes(head) + table + data
