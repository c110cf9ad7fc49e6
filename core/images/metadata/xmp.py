"""XMP of a picture: the recipe in it, and what it says that is true of a new picture too."""

from __future__ import annotations

from dreamlayer.core.images.metadata.xmp_packet import (
    RDF,
    Attribute,
    Edit,
    Element,
    Packet,
    XmpError,
    emptied,
    holds_anything,
    parse,
    wrapped,
)
from dreamlayer.core.images.metadata.xmp_regions import REGIONS, turned_regions
from dreamlayer.core.images.metadata.xmp_rules import (
    dropped_namespace,
    names_local_path,
    why_dropped,
)

NAMESPACE = "urn:dreamlayer:1.0"
"""Namespace of our XMP property; its local name is `recipe`."""

RECIPE = (NAMESPACE, "recipe")


def read_recipe(packet: bytes | None) -> str | None:
    """Return the recipe in `packet`; None if there is none or the packet is unreadable."""
    if packet is None or NAMESPACE.encode() not in packet.replace(b"\0", b""):
        return None
    try:
        parsed = parse(packet, slack=2)
    except XmpError:
        return None
    for element in parsed.elements:
        within = element.parent is not None and element.parent.name == RECIPE
        if element.name == RECIPE and not within and (text := _text_of(element)):
            return text
    # Other programs may rewrite a simple property as an attribute; both are valid XMP.
    for element in parsed.elements:
        for attribute in element.attributes:
            if attribute.name == RECIPE:
                return attribute.value
    return None


def _text_of(element: Element) -> str | None:
    """The text of a simple property, which other programs may have put into an array."""
    while element.children:
        inner = next((one for one in element.children if one.name[0] == RDF), None)
        if inner is None:
            return None
        element = inner
    return element.text


def renewed(
    packet: bytes | None, *, orientation: int = 1, stored: tuple[int, int] = (0, 0)
) -> tuple[bytes | None, tuple[str, ...]]:
    """Return what a packet says that is true of a new picture too, with what is said of the rest.

    Parameters
    ----------
    packet
        XMP of a file, or None.
    orientation
        How the pixels were turned upright, 1..8.
    stored
        Width and height in the file.

    Returns
    -------
    packet : bytes or None
        UTF-8; all that is not dropped keeps its bytes. None where nothing is left.
    notes : tuple of str
        What was dropped that a user could miss, each as it ends "written without ...".
    """
    if packet is None or not packet.strip(b"\0 \t\r\n"):
        return None, ()
    try:
        parsed = parse(packet)
    except XmpError as failure:
        return None, (f"its XMP, since {failure}",)
    edits, said = _dropped(parsed, orientation, stored)
    if not holds_anything(parsed, edits):
        return None, said
    return wrapped(parsed.edited(edits)), said


def _dropped(
    packet: Packet, orientation: int, stored: tuple[int, int]
) -> tuple[list[Edit], tuple[str, ...]]:
    """The edits that drop what is not true of a new picture, and what is said of them."""
    turned = orientation != 1
    # Comments say nothing of the picture, and some tell where a file lay.
    edits: list[Edit] = [(start, end, b"") for start, end in packet.remarks]
    said: dict[str, None] = {}
    turned_to = 0
    """End of the regions last looked at; those within them were turned, or go with them."""
    for element in packet.elements:
        why = why_dropped(element.name, turned=turned)
        if turned and element.name == REGIONS:
            moved: list[Edit] | None = []
            if element.start >= turned_to:
                moved = turned_regions(packet, element, orientation, stored)
                turned_to = element.end
            if moved is not None:
                edits += moved
                why = None
        if why is None and element.name != RECIPE and not element.children:
            why = "" if names_local_path(element.text) else None
        if why is not None:
            edits.append((element.start, element.end, b""))
            if why:
                said[why] = None
        for one in element.attributes:
            why = _why_attribute(one, turned=turned)
            if why is None:
                continue
            # A packet must have a subject, if an empty one.
            start = packet.data[one.start : one.end].partition(b"=")[0]
            new = start + b'=""' if one.name == (RDF, "about") else b""
            edits.append((one.start, one.end, new))
            if why:
                said[why] = None
        edits += [(d.start, d.end, b"") for d in element.declared if dropped_namespace(d.value)]
    return edits + emptied(packet, edits), tuple(said)


def _why_attribute(one: Attribute, *, turned: bool) -> str | None:
    if one.name == RECIPE:
        return None
    why = why_dropped(one.name, turned=turned)
    return "" if why is None and names_local_path(one.value) else why
