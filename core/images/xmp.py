"""Store the recipe in an XMP packet, which PNG, JPEG, TIFF and WebP can all hold."""

from __future__ import annotations

from typing import Any
from xml.dom import minidom
from xml.parsers.expat import ExpatError

from dreamlayer.core.errors import OutputError

NAMESPACE = "urn:dreamlayer:1.0"
"""Namespace of our XMP property; its local name is `recipe`."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XMLNS = "http://www.w3.org/2000/xmlns/"
_EMPTY = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'
    '<?xpacket end="w"?>'
)


def read_recipe(packet: bytes | None) -> str | None:
    """Return the recipe in `packet`; None if there is none or the packet is unreadable."""
    document = _parse(packet)
    if document is None:
        return None
    for node in document.getElementsByTagNameNS(NAMESPACE, "recipe"):
        # CDATA is a subclass of Text.
        return "".join(child.data for child in node.childNodes if isinstance(child, minidom.Text))
    # Other programs may rewrite a simple property as an attribute; both are valid XMP.
    for node in document.getElementsByTagNameNS(_RDF, "Description"):
        if node.hasAttributeNS(NAMESPACE, "recipe"):
            return str(node.getAttributeNS(NAMESPACE, "recipe"))
    return None


def write_recipe(packet: bytes | None, recipe: str) -> bytes:
    """Return `packet` with `recipe` instead of any earlier one; all else is preserved.

    Parameters
    ----------
    packet
        An XMP packet to add to; a new one is made for None or unreadable XMP.
    recipe
        Any text that XML can hold: no control characters except tab and line ends; line
        ends are read back as line feeds.

    Returns
    -------
    bytes
        The packet, UTF-8.

    Raises
    ------
    OutputError
        `recipe` holds a character that XML cannot hold.
    """
    if odd := next((one for one in recipe if not _in_xml(one)), ""):
        raise OutputError(
            f"the recipe contains the character U+{ord(odd):04X}, which cannot be stored in a "
            "picture; remove it"
        )
    document = _parse(packet) or minidom.parseString(_EMPTY)
    _remove_recipe(document)
    description = document.createElementNS(_RDF, "rdf:Description")
    description.setAttributeNS(_XMLNS, "xmlns:rdf", _RDF)
    description.setAttributeNS(_RDF, "rdf:about", _subject(document))
    description.setAttributeNS(_XMLNS, "xmlns:dreamlayer", NAMESPACE)
    element = document.createElementNS(NAMESPACE, "dreamlayer:recipe")
    element.appendChild(document.createTextNode(recipe))
    description.appendChild(element)
    document.getElementsByTagNameNS(_RDF, "RDF")[0].appendChild(description)
    # Node by node, because `document.toxml` would add an XML declaration before the xpacket.
    return "".join(node.toxml() for node in document.childNodes).encode("utf-8")


def _in_xml(character: str) -> bool:
    """Whether XML can hold a character; a regular expression for it takes long to compile."""
    if character < " ":
        return character in "\t\n\r"
    return not ("\ud800" <= character <= "\udfff" or character in "\ufffe\uffff")


def _parse(packet: bytes | None) -> minidom.Document | None:
    """Parse a packet; None unless it is XMP that can be added to."""
    packet = (packet or b"").strip(b"\0 \t\r\n")
    # XMP has no document types; refusing them guards against entity bombs.
    if not packet or b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        return None
    try:
        document = minidom.parseString(packet)
    except (ExpatError, ValueError, LookupError):
        return None
    return document if document.getElementsByTagNameNS(_RDF, "RDF") else None


def _remove_recipe(document: minidom.Document) -> None:
    for element in list(document.getElementsByTagNameNS(NAMESPACE, "recipe")):
        # Any: an element inside a document has a parent element, which the type does not say.
        description: Any = element.parentNode
        description.removeChild(element)
        bare = all(
            space == _XMLNS or (space, name) == (_RDF, "about")
            for space, name in description.attributes.keysNS()
        )
        if bare and not any(isinstance(node, minidom.Element) for node in description.childNodes):
            description.parentNode.removeChild(description)
    for description in document.getElementsByTagNameNS(_RDF, "Description"):
        if description.hasAttributeNS(NAMESPACE, "recipe"):
            description.removeAttributeNS(NAMESPACE, "recipe")


def _subject(document: minidom.Document) -> str:
    """Return the packet's subject (`rdf:about`), which XMP requires to be the same everywhere."""
    for node in document.getElementsByTagNameNS(_RDF, "Description"):
        if node.hasAttributeNS(_RDF, "about"):
            return str(node.getAttributeNS(_RDF, "about"))
    return ""
