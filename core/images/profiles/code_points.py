"""Color spaces that files name by code points (ITU-T H.273, ISO/IEC 23091-2), as ICC profiles.

HEIF has them in its `colr` box, PNG in its `cICP` chunk.
"""

from __future__ import annotations

import numpy as np

from dreamlayer.core.images.profiles.display_profile import (
    Numbers,
    Points,
    display_profile,
    parametric,
    sampled,
)

UNSPECIFIED = 2
PQ, HLG = 16, 18

_D65, _C, _E = (0.3127, 0.3290), (0.310, 0.316), (1 / 3, 1 / 3)
SRGB_POINTS: Points = (_D65, (0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
# White, red, green and blue, by H.273 table 2.
_PRIMARIES: dict[int, Points] = {
    1: SRGB_POINTS,
    4: (_C, (0.67, 0.33), (0.21, 0.71), (0.14, 0.08)),
    5: (_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: (_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    8: (_C, (0.681, 0.319), (0.243, 0.692), (0.145, 0.049)),
    9: (_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    10: (_E, (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)),
    11: ((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: (_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: (_D65, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_SMPTE_240_CURVE = (1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4.0, 0.0912)
# Numbers for `parametric`, by H.273 table 3. Those of video (1, 6, 11, 12, 14, 15) tell how a
# camera encoded the scene, not how a display shows it: decoded by their inverse, pictures would
# look flat. Browsers show stills of them like sRGB, and so do we.
_CURVES: dict[int, tuple[float, ...]] = {
    **dict.fromkeys((1, UNSPECIFIED, 6, 11, 12, 13, 14, 15), SRGB_CURVE),
    4: (2.2,),
    5: (2.8,),
    7: _SMPTE_240_CURVE,
    8: (1.0,),
    17: (2.6,),
}
_REFERENCE_WHITE = 203 / 10_000
"""Luminance of diffuse white, as a share of PQ's brightest (Rec. ITU-R BT.2408)."""


def is_srgb(primaries: int, transfer: int) -> bool:
    """Whether these code points mean sRGB, or nothing, which is taken to be sRGB."""
    return primaries in (1, UNSPECIFIED) and _CURVES.get(transfer) is SRGB_CURVE


def is_hdr(primaries: int, transfer: int) -> bool:
    """Whether these code points mean a high dynamic range for which `profile_of` makes a profile.

    It shows plain displays what is no brighter than diffuse white.
    """
    return _has_primaries(primaries) and transfer in (PQ, HLG)


def is_known(primaries: int, transfer: int) -> bool:
    """Whether `profile_of` makes a profile for these code points that says all of them."""
    return _has_primaries(primaries) and transfer in _CURVES


def profile_of(primaries: int, transfer: int, coding: bytes | None = None) -> bytes:
    """An RGB display profile for color primaries and transfer characteristics.

    Parameters
    ----------
    primaries, transfer
        Code points for which `is_known` or `is_hdr`.
    coding
        As for `display_profile`.

    Returns
    -------
    bytes
        The profile, which is the same at each call.
    """
    points = _PRIMARIES[1 if primaries == UNSPECIFIED else primaries]
    name = f"H.273 primaries {primaries}, transfer {transfer}"
    return display_profile(points, _curve(transfer), name, coding)


def _has_primaries(primaries: int) -> bool:
    return primaries in _PRIMARIES or primaries == UNSPECIFIED


def _curve(transfer: int) -> bytes:
    if transfer in _CURVES:
        return parametric(_CURVES[transfer])
    signal = np.linspace(0, 1, 4096)
    return sampled(_pq(signal) if transfer == PQ else _hlg(signal))


def _pq(signal: Numbers) -> Numbers:
    """Luminance of a PQ signal (SMPTE ST 2084), 1 at diffuse white and for all that is brighter."""
    power = signal ** (1 / 78.84375)
    linear = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
    light: Numbers = linear ** (1 / 0.1593017578125) / _REFERENCE_WHITE
    return np.minimum(light, 1)


def _hlg(signal: Numbers) -> Numbers:
    """Light of an HLG signal (ARIB STD-B67), 1 at diffuse white, which is at three quarters."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    light: Numbers = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    light /= (np.exp((0.75 - c) / a) + b) / 12
    return np.minimum(light, 1)
