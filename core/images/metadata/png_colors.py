"""What the color chunks of a PNG mean, as an ICC profile, which all other formats have."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dreamlayer.core.images.profiles import code_points
from dreamlayer.core.images.profiles.code_points import SRGB_CURVE, SRGB_POINTS
from dreamlayer.core.images.profiles.display_profile import Points, display_profile, parametric

HDR = "the meaning of its HDR brightness: the profile written says it for plain displays only"
NARROW = "the meaning of its video range, which no profile can tell"


@dataclass(frozen=True)
class Meaning:
    """What chunks of color mean: a profile, or None for sRGB; and what it cannot say."""

    profile: bytes | None
    lost: str | None = None


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
    if primaries is not None and np.abs(np.subtract(primaries, SRGB_POINTS)).max() < 5e-4:
        primaries = None
    if primaries is None and (gamma is None or abs(gamma - 2.2) < 0.01):
        # So programs mark sRGB that know no better.
        return Meaning(None)
    curve = parametric(SRGB_CURVE if gamma is None else (gamma,))
    try:
        name = "RGB, from the color chunks of a PNG"
        return Meaning(display_profile(primaries or SRGB_POINTS, curve, name))
    except ValueError:
        return Meaning(None, "the meaning of its colors, which its chunks tell wrongly")


def _meaning_of_codes(primaries: int, transfer: int, matrix: int, full: int) -> Meaning | None:
    """What the numbers of H.273 mean; None for those without a meaning here."""
    if matrix != 0 or code_points.UNSPECIFIED in (primaries, transfer):
        return None
    if code_points.is_hdr(primaries, transfer):
        coding = bytes((primaries, transfer, 0, full))
        return Meaning(code_points.profile_of(primaries, transfer, coding), HDR)
    if not code_points.is_known(primaries, transfer):
        return None
    lost = None if full else NARROW
    if code_points.is_srgb(primaries, transfer):
        return Meaning(None, lost)
    return Meaning(code_points.profile_of(primaries, transfer), lost)


def _gamma(data: bytes | None) -> float | None:
    """The exponent that decodes, from a gAMA chunk."""
    if data is None or len(data) != 4:
        return None
    (value,) = struct.unpack(">I", data)
    return 100_000 / value if 1_000 <= value <= 1_000_000 else None


def _chromaticities(data: bytes | None) -> Points | None:
    """White, red, green and blue of a cHRM chunk."""
    if data is None or len(data) != 32:
        return None
    values = [value / 100_000 for value in struct.unpack(">8I", data)]
    pairs = tuple(zip(values[::2], values[1::2], strict=True))
    return pairs if all(0 <= x <= 1 and 0 < y <= 1 for x, y in pairs) else None
