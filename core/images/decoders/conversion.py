"""Convert the channels of a decoded picture to grey or RGB, its transparency and the rest."""

from __future__ import annotations

from typing import Any

import numpy as np

from dreamlayer.core.images.decoders.channels import Layout

_TOPS = {"uchar": 255, "ushort": 65535, "float": 1}


def to_rgb(
    image: Any, layout: Layout, ycbcr: tuple[float, ...] = ()
) -> tuple[Any, Layout, bytes | None]:
    """Convert a `pyvips.Image` to grey or RGB with its alpha and extra channels.

    CMYK, Lab, YCbCr, and grey with a profile of its own become sRGB, using the embedded profile
    if there is one; associated alpha becomes unassociated; anything else is left unchanged.

    Parameters
    ----------
    image
        The image as decoded; what follows is computed band by band.
    layout
        Its channels.
    ycbcr
        For the space "ycbcr": see `tiff_channels.TiffHeader`.

    Returns
    -------
    image : pyvips.Image
        One or three color channels, then alpha, then the extra channels.
    layout : Layout
        Its channels.
    profile : bytes or None
        ICC profile of the colors; None means sRGB.
    """
    profile = image.get("icc-profile-data") if image.get_typeof("icc-profile-data") else None
    kind = (profile or b"")[16:20]
    converts = is_converted(layout, profile)
    rest = [i for i in (layout.alpha, *layout.extras) if i is not None]
    in_order = rest == list(range(layout.colors, image.bands))
    # An RGB profile describes grey too; a profile of any other color space does not fit.
    own = profile if kind == b"RGB " else None
    if in_order and not converts and not layout.associated:
        return image, layout, own
    color = image if image.bands == layout.colors else image.extract_band(0, n=layout.colors)
    if layout.associated:
        color = _unassociated(color, image.extract_band(layout.alpha))
    if converts:
        color, own = _as_srgb(color, layout, kind, ycbcr)
    joined = [color, *(_of_depth(image.extract_band(i), color.format) for i in rest)]
    result = joined[0].bandjoin(joined[1:]) if rest else color
    count = len(rest) - (1 if layout.has_alpha else 0)
    first = color.bands
    alpha = first if layout.has_alpha else None
    extras = tuple(range(result.bands - count, result.bands))
    space = "grey" if color.bands == 1 else "rgb"
    return result, Layout(color.bands, alpha, layout.depth, space, extras), own


def is_converted(layout: Layout, profile: bytes | None) -> bool:
    """Whether `to_rgb` converts the colors to sRGB, so that an embedded profile no longer holds."""
    is_grey = layout.space == "grey" and (profile or b"")[16:20] == b"GRAY"
    return is_grey or layout.space not in ("grey", "rgb")


def _unassociated(color: Any, alpha: Any) -> Any:
    """Divide colors by alpha, rounded to the nearest level; black where nothing is visible."""
    top = _TOPS[color.format]
    # libvips gives 0 for a division by 0.
    divided = color.cast("double") * top / alpha
    return divided.cast("float") if top == 1 else divided.rint().cast(color.format)


def _of_depth(channel: Any, format: str) -> Any:
    """A channel in the type of the colors, scaled only where floats became integers."""
    if channel.format == format:
        return channel
    return (channel * (_TOPS[format] / _TOPS[channel.format])).rint().cast(format)


def _as_srgb(
    color: Any, layout: Layout, kind: bytes, ycbcr: tuple[float, ...]
) -> tuple[Any, bytes | None]:
    if layout.space == "ycbcr":
        return _from_ycbcr(color, ycbcr), None
    if layout.space in ("lab", "icclab"):
        color = _from_lab(color, layout.space).icc_export(
            pcs="lab", output_profile="srgb", intent="relative", depth=layout.depth
        )
        return color, color.get("icc-profile-data")
    if layout.space == "cmyk" and kind != b"CMYK":
        color = color.copy()
        color.remove("icc-profile-data")
    color = color.icc_transform(
        "srgb",
        # For CMYK without a profile: the coated-paper profile built into libvips.
        input_profile="cmyk" if layout.space == "cmyk" else "srgb",
        embedded=True,
        intent="relative",
        black_point_compensation=True,
        depth=layout.depth,
    )
    return color, color.get("icc-profile-data")


def _from_lab(color: Any, space: str) -> Any:
    """L 0..100, a and b, of which libvips takes the white to be D50, as Photoshop writes it.

    Encodings: TIFF 6.0 section 23; for ICC Lab, Adobe's "Photoshop TIFF Technical Notes", 2002.
    """
    color = color.copy()
    color.remove("icc-profile-data")
    if color.format == "float":
        return color.copy(interpretation="lab")
    top = _TOPS[color.format]
    half, unit = (top + 1) // 2, (top + 1) // 256
    light = color.extract_band(0) * (100 / top)
    signed = color.extract_band(1, n=2).cast("float")
    if space == "icclab":
        signed = signed - half
    else:
        signed = (signed >= half).ifthenelse(signed - 2 * half, signed)
    return light.bandjoin(signed / unit).cast("float").copy(interpretation="lab")


def _from_ycbcr(color: Any, numbers: tuple[float, ...]) -> Any:
    """RGB of 8 bits by the formulas of TIFF 6.0, sections 20 and 21."""
    luma, levels = np.array(numbers[:3]), np.array(numbers[3:]).reshape(3, 2)
    black, white = levels[:, 0], levels[:, 1]
    scale = np.array([255, 127, 127]) / np.where(white == black, 1, white - black)
    red, green, blue = luma / luma.sum() if luma.sum() else np.array([0.299, 0.587, 0.114])
    to_green = -1 / green if green else 0.0
    matrix = np.array(
        [
            [1, 0, 2 - 2 * red],
            [1, to_green * blue * (2 - 2 * blue), to_green * red * (2 - 2 * red)],
            [1, 2 - 2 * blue, 0],
        ]
    )
    scaled = color.cast("float").linear(list(scale), list(-black * scale))
    return scaled.recomb(matrix.tolist()).rint().cast("uchar").copy(interpretation="srgb")
