"""What the colors of a BMP mean: the profile in it, or one of its endpoints and gammas."""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np

from dreamlayer.core.images.profiles.code_points import SRGB_CURVE, SRGB_POINTS
from dreamlayer.core.images.profiles.display_profile import Points, display_profile, parametric

_FILE_HEADER = 14
_WITH_COLORS, _WITH_PROFILE = 108, 124
_CALIBRATED, _EMBEDDED = 0, 0x4D424544
_MAX_PROFILE = 16 << 20
_ENDPOINT, _GAMMA = 1 << 30, 1 << 16


def profile_in(file: BinaryIO, header_size: int) -> bytes | None:
    """The profile of a BMP's colors; None for sRGB, and where nothing sound is said.

    Parameters
    ----------
    file
        A seekable BMP file; its position is changed.
    header_size
        Length of its second header, 108 or more of which have endpoints and gammas, 124 a profile.
    """
    if header_size < _WITH_COLORS:
        return None
    file.seek(_FILE_HEADER)
    head = file.read(header_size)
    if len(head) < header_size:
        return None
    (kind,) = struct.unpack_from("<I", head, 56)
    if kind == _CALIBRATED:
        return _calibrated(head)
    if kind != _EMBEDDED or header_size != _WITH_PROFILE:
        return None
    at, length = struct.unpack_from("<II", head, 112)
    if not 128 < length <= _MAX_PROFILE:
        return None
    file.seek(_FILE_HEADER + at)
    data = file.read(length)
    return data if len(data) == length else None


def _calibrated(head: bytes) -> bytes | None:
    """A profile of CIE XYZ of red, green and blue, and a gamma of each (BITMAPV4HEADER)."""
    ends = np.array(struct.unpack_from("<9i", head, 60)).reshape(3, 3) / _ENDPOINT
    gammas = [_exponent(value) for value in struct.unpack_from("<3I", head, 96)]
    points = _points(ends)
    if points is not None and np.abs(np.subtract(points, SRGB_POINTS)).max() < 2e-3:
        points = None
    is_plain = all(one is None or abs(one - 2.2) < 0.01 for one in gammas)
    if points is None and is_plain:
        return None
    red, green, blue = (parametric(SRGB_CURVE if one is None else (one,)) for one in gammas)
    try:
        name = "RGB, from the header of a BMP"
        return display_profile(points or SRGB_POINTS, (red, green, blue), name)
    except ValueError:
        return None


def _points(ends: np.ndarray) -> Points | None:
    """Chromaticities of white and the primaries; None where they are missing or no colors."""
    sums = ends.sum(axis=1)
    if (ends < 0).any() or (sums <= 0.01).any():
        return None
    white = ends.sum(axis=0)
    first = (float(white[0] / white.sum()), float(white[1] / white.sum()))
    if np.abs(sums - 1).max() < 0.01:
        # Some programs write x, y and z, which do not tell the white.
        first = SRGB_POINTS[0]
    return (first, *((float(x / s), float(y / s)) for (x, y, _), s in zip(ends, sums, strict=True)))


def _exponent(value: int) -> float | None:
    """The exponent that decodes; some programs write the one that encodes. None for none."""
    gamma = value / _GAMMA
    if not 0.1 <= gamma <= 10:
        return None
    return gamma if gamma >= 1 else 1 / gamma
