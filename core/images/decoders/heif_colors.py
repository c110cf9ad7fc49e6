"""Colors of HEIF pictures that are named by code points, as a profile."""

from __future__ import annotations

from dreamlayer.core.images.decoders.refusals import unsupported
from dreamlayer.core.images.profiles import code_points


def profile_of_points(points: tuple[int, int] | None, name: str) -> bytes | None:
    """The profile of a HEIF picture's code points, or None for those that mean sRGB.

    Parameters
    ----------
    points
        Color primaries and transfer characteristics, or None where there are none.
    name
        What messages call the picture.

    Raises
    ------
    PictureError
        They mean HDR, or nothing known.
    """
    if points is None or code_points.is_srgb(*points):
        return None
    if points[1] in (code_points.PQ, code_points.HLG):
        curve = "PQ" if points[1] == code_points.PQ else "HLG"
        raise unsupported(
            name,
            f"an HDR picture ({curve})",
            "pictures of standard range",
            "export it without HDR",
        )
    if not code_points.is_known(*points):
        raise unsupported(
            name,
            f"a picture of unknown colors (code points {points[0]} and {points[1]})",
            "those of known color spaces",
        )
    return code_points.profile_of(*points)
