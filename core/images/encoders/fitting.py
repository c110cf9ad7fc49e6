"""Refuse a picture that a format cannot hold, before the work."""

from __future__ import annotations

from dreamlayer.core.errors import OutputError
from dreamlayer.core.images.encoders.sound_picture import check_sound
from dreamlayer.core.images.formats import NAMES
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.source import Source

_MAX_SIDE = {"png": 1_000_000, "tiff": 10_000_000, "jpeg": 65_500, "webp": 16_383}


def check_fits(picture: Picture | Source, kind: str) -> None:
    """Check size, transparency and extra channels of a picture against a format.

    Raises
    ------
    ImageError
        It is no picture, or its arrays have other shapes, types or values than they must.
    OutputError
        The format `kind`, a key of `FORMATS`, cannot hold it.
    """
    if not isinstance(picture, Source):
        # A TIFF of floats keeps what lies beyond.
        clips = kind != "tiff" or getattr(picture, "depth", 8) != 32
        _check_shapes(check_sound(picture, clips=clips))
    if min(picture.width, picture.height) < 1:
        raise OutputError("the picture has no pixels; give one of at least 1 × 1")
    if kind == "jpeg" and picture.has_alpha:
        raise OutputError(
            "the picture has transparency, which JPEG cannot store; choose .png, .tif or .webp"
        )
    extras = picture.extra_channels
    if kind != "tiff" and extras:
        which = "a channel that is" if extras == 1 else f"{extras} channels that are"
        raise OutputError(
            f"the picture has {which} neither color nor transparency (such as a saved selection), "
            f"which {NAMES[kind]} cannot store; choose .tif, or export it without"
        )
    if max(picture.width, picture.height) > _MAX_SIDE[kind]:
        raise OutputError(
            f"the picture is {picture.width} × {picture.height}, but {kind} allows at most "
            f"{_MAX_SIDE[kind]} pixels per side; choose .png or .tif"
        )


def _check_shapes(picture: Picture) -> None:
    for name, plane in (("alpha", picture.alpha), ("extra channels", picture.extras)):
        if plane is not None and plane.shape[:2] != picture.pixels.shape[:2]:
            raise OutputError(
                f"the picture's pixels are {picture.width} × {picture.height}, but its {name} "
                f"{plane.shape[1]} × {plane.shape[0]}; crop or scale both"
            )
