"""Turn the places of faces in XMP with the pixels (Metadata Working Group, Guidelines 2.0, 5.9)."""

from __future__ import annotations

from collections.abc import Iterator

from dreamlayer.core.images.metadata.xmp_packet import Attribute, Edit, Element, Packet

REGIONS = ("http://www.metadataworkinggroup.com/schemas/regions/", "Regions")
_AREA = "http://ns.adobe.com/xmp/sType/Area#"
_DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"


def turned_regions(
    packet: Packet, regions: Element, orientation: int, stored: tuple[int, int]
) -> list[Edit] | None:
    """The edits that make regions those of the upright picture; None where they cannot be turned.

    Regions are meant in the stored pixels. Some programs write them in the upright picture; where
    its sides are exchanged, the sizes noted beside the regions tell.

    Parameters
    ----------
    packet, regions
        A packet, and its `Regions`.
    orientation
        How the pixels are turned upright, 2..8.
    stored
        Width and height in the file.
    """
    quarter = orientation >= 5
    sizes = [found for one in _within(regions) if (found := _fields(one, _DIMENSIONS))]
    areas = [found for one in _within(regions) if (found := _fields(one, _AREA))]
    edits: list[Edit] = []
    for size in sizes:
        width, height = _number(size.get("w")), _number(size.get("h"))
        if not width or not height:
            return None
        if quarter and (width > height) != (stored[0] > stored[1]):
            return []
        if quarter:
            edits += [_set(packet, size["w"], height), _set(packet, size["h"], width)]
    if quarter and not sizes:
        return None
    for area in areas:
        x, y = _number(area.get("x")), _number(area.get("y"))
        if x is None or y is None or not (0 <= x <= 1 and 0 <= y <= 1):
            return None
        for name, value in zip("xy", _upright(x, y, orientation), strict=True):
            edits.append(_set(packet, area[name], value))
        if quarter and ("w" in area or "h" in area):
            wide, high = _number(area.get("w")), _number(area.get("h"))
            if wide is None or high is None:
                return None
            edits += [_set(packet, area["w"], high), _set(packet, area["h"], wide)]
    return edits


def _upright(x: float, y: float, orientation: int) -> tuple[float, float]:
    """A point of the stored pixels, 0..1, in the upright picture (Exif 2.3, tag 0x0112)."""
    return {
        2: (1 - x, y),
        3: (1 - x, 1 - y),
        4: (x, 1 - y),
        5: (y, x),
        6: (1 - y, x),
        7: (1 - y, 1 - x),
        8: (y, 1 - x),
    }[orientation]


def _within(element: Element) -> Iterator[Element]:
    """An element and all within it, in order."""
    left = [element]
    while left:
        one = left.pop()
        yield one
        left += reversed(one.children)


def _fields(element: Element, space: str) -> dict[str, Element | Attribute]:
    """The properties of a namespace that an element has, by local name."""
    return {one.name[1]: one for one in element.properties if one.name[0] == space}


def _number(field: Element | Attribute | None) -> float | None:
    if field is None:
        return None
    text = field.value if isinstance(field, Attribute) else field.text
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else None


def _set(packet: Packet, field: Element | Attribute, value: float) -> Edit:
    """The edit that gives a field another value."""
    text = f"{value:.9f}".rstrip("0").rstrip(".").encode()
    if isinstance(field, Attribute):
        name = packet.data[field.start : field.end].partition(b"=")[0]
        return field.start, field.end, name + b'="' + text + b'"'
    return field.opened, field.closing, text
