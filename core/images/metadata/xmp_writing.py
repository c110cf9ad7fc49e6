"""XMP as it is written: a packet with the recipe, and with texts of formats that have no XMP."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dreamlayer.core.errors import OutputError
from dreamlayer.core.images.metadata.xmp import NAMESPACE, RECIPE
from dreamlayer.core.images.metadata.xmp_packet import (
    BEGIN,
    END,
    MAX_BYTES,
    RDF,
    Attribute,
    Edit,
    Element,
    Name,
    Packet,
    XmpError,
    emptied,
    holds_anything,
    parse,
    wrapped,
)
from dreamlayer.core.images.metadata.xmp_rules import names_local_path

_XML = "http://www.w3.org/XML/1998/namespace"
_OF_THE_SUBJECT = (
    "http://purl.org/dc/",
    "http://ns.adobe.com/xap/1.0/",
    "http://ns.adobe.com/photoshop/1.0/",
    "http://iptc.org/std/",
    "http://ns.adobe.com/exif/1.0/",
)
_EMPTY = (
    BEGIN
    + f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"/></x:xmpmeta>'.encode()
    + END
)

TEXT_FIELDS: dict[str, tuple[str, str, str]] = {
    "title": ("http://purl.org/dc/elements/1.1/", "dc:title", "Alt"),
    "author": ("http://purl.org/dc/elements/1.1/", "dc:creator", "Seq"),
    "description": ("http://purl.org/dc/elements/1.1/", "dc:description", "Alt"),
    "copyright": ("http://purl.org/dc/elements/1.1/", "dc:rights", "Alt"),
    "software": ("http://ns.adobe.com/xap/1.0/", "xmp:CreatorTool", ""),
    "comment": ("http://ns.adobe.com/exif/1.0/", "exif:UserComment", "Alt"),
    "source": ("http://purl.org/dc/elements/1.1/", "dc:source", ""),
    "disclaimer": ("http://ns.adobe.com/xap/1.0/rights/", "xmpRights:UsageTerms", "Alt"),
}
"""Where XMP holds a text field of PNG, in small letters: namespace, property, kind of array."""


def composed(
    packet: bytes | None, recipe: str | None, texts: Iterable[tuple[str, str]] = ()
) -> bytes | None:
    """Return `packet` with texts that it lacks, and `recipe` instead of any earlier one.

    Parameters
    ----------
    packet
        An XMP packet to add to; a new one is made for None or unreadable XMP.
    recipe
        Any text that XML can hold: no control characters except tab and line ends; line ends are
        read back as line feeds. None removes an earlier one.
    texts
        Pairs of a key of `TEXT_FIELDS` and its text; one whose property is there is skipped: see
        `displaced`.

    Returns
    -------
    bytes or None
        The packet, UTF-8; None where it holds nothing.

    Raises
    ------
    OutputError
        `recipe` holds a character that XML cannot hold.
    """
    if recipe is not None and (odd := next((one for one in recipe if not _in_xml(one)), "")):
        raise OutputError(
            f"the recipe contains the character U+{ord(odd):04X}, which cannot be stored in a "
            "picture; remove it"
        )
    try:
        parsed = parse(packet or _EMPTY, slack=2)
        edits = _without_recipe(parsed)
    except XmpError:
        parsed, edits = parse(_EMPTY), []
    gone = [(start, end) for start, end, new in edits if not new]
    if any(start <= parsed.root.start < end for start, end in gone):
        parsed, edits = parse(_EMPTY), []
    own = _properties(parsed)
    added = [_text_property(*pair) for pair in texts if _place(pair[0]) not in own]
    if recipe is not None:
        added.append(
            f'<dreamlayer:recipe xmlns:dreamlayer="{NAMESPACE}">'
            f"{_escaped(recipe)}</dreamlayer:recipe>"
        )
    if not added and not holds_anything(parsed, edits):
        return None
    if added:
        description = (
            f'<rdf:Description xmlns:rdf="{RDF}" rdf:about="{_escaped(_subject(parsed))}">'
            f"{''.join(added)}</rdf:Description>"
        ).encode()
        edits.append(_append_to(parsed, parsed.root, description))
    return wrapped(parsed.edited(edits))


def displaced(packet: bytes | None, texts: Iterable[tuple[str, str]]) -> list[str]:
    """The keys of texts whose place in a packet is taken by something else; see `composed`."""
    texts = list(texts)
    if packet is None or not texts:
        return []
    try:
        parsed = parse(packet, slack=2)
    except XmpError:
        return []
    values: dict[Name, list[str]] = {}
    for one in (one for description in parsed.root.children for one in description.properties):
        found = [one.value] if isinstance(one, Attribute) else _texts_in(one)
        values.setdefault(one.name, []).extend(found)
    taken = []
    for key, text in texts:
        there, words = values.get(_place(key)), text.split()
        if there is not None and not any(words == value.split() for value in there):
            taken.append(key)
    return taken


def _texts_in(element: Element) -> list[str]:
    """The text of a property, or those of its array."""
    left, found = [element], list[str]()
    while left:
        one = left.pop()
        found += [] if one.children else [one.text]
        left += one.children
    return found


def joined(packet: bytes, extension: bytes) -> bytes:
    """Return a packet with the properties of its extension, which JPEG files have if XMP is long.

    Raises
    ------
    XmpError
        One of them, or both together, are not parsed.
    """
    parsed, further = parse(packet), parse(extension)
    around = list(_declared_around(further))
    if len(further.root.children) * sum(len(one) for _, one in around) > MAX_BYTES:
        raise XmpError("it declares too much")
    added = b"".join(_alone(further, one, around) for one in further.root.children)
    result = parsed.edited([_append_to(parsed, parsed.root, added)])
    parse(result)
    return result


def _declared_around(packet: Packet) -> Iterator[tuple[str, bytes]]:
    """Prefix and text of each namespace that counts within the outermost `rdf:RDF`."""
    seen: set[str] = set()
    around: Element | None = packet.root
    while around is not None:
        for one in around.declared:
            if one.name[1] not in seen:
                seen.add(one.name[1])
                yield one.name[1], b" " + packet.data[one.start : one.end].strip()
        around = around.parent


def _alone(packet: Packet, description: Element, around: list[tuple[str, bytes]]) -> bytes:
    """A description with the namespaces that are declared around it."""
    tag = packet.data[description.start : description.opened]
    declared = {one.name[1] for one in description.declared}
    added = b"".join(text for prefix, text in around if prefix not in declared)
    name = tag[1:].split(b"/>")[0].split(b">")[0].split()[0]
    rest = packet.data[description.start + 1 + len(name) : description.end]
    return b"<" + name + added + rest


def write_recipe(packet: bytes | None, recipe: str) -> bytes:
    """Return `packet` with `recipe` instead of any earlier one; see `composed`."""
    written = composed(packet, recipe)
    assert written is not None
    return written


def shortened(packet: bytes, most: int) -> tuple[bytes, list[str]]:
    """Return `packet` without its largest properties, so that it has `most` bytes, and their names.

    The recipe stays, and what describes the subject stays longest.

    Raises
    ------
    XmpError
        The rest is longer still.
    """
    parsed = parse(packet, slack=8)
    found = sorted(
        (one.name[0].startswith(_OF_THE_SUBJECT), one.start - one.end, one.start, one.end, one.name)
        for description in parsed.root.children
        for one in description.properties
        if one.name != RECIPE and one.name[0] not in (RDF, _XML)
    )
    excess, edits, names = len(packet) - most, list[Edit](), list[str]()
    for _, _, start, end, name in found:
        if excess <= 0:
            break
        excess -= end - start
        edits.append((start, end, b""))
        names.append(name[1])
    if excess > 0:
        raise XmpError("the rest is too long")
    return parsed.edited(edits), names


def _escaped(text: str) -> str:
    # A carriage return would be read back as a line feed, as documented; quotes serve attributes.
    for character, name in ("&", "amp"), ("<", "lt"), (">", "gt"), ('"', "quot"):
        text = text.replace(character, f"&{name};")
    return text


def _in_xml(character: str) -> bool:
    """Whether XML can hold a character; a regular expression for it takes long to compile."""
    if character < " ":
        return character in "\t\n\r"
    return not ("\ud800" <= character <= "\udfff" or character in "\ufffe\uffff")


def _place(key: str) -> Name:
    space, name, _ = TEXT_FIELDS[key]
    return space, name.partition(":")[2]


def _text_property(key: str, text: str) -> str:
    space, name, array = TEXT_FIELDS[key]
    value = _escaped("".join(one for one in text if _in_xml(one)))
    if array:
        language = ' xml:lang="x-default"' if array == "Alt" else ""
        value = f"<rdf:{array}><rdf:li{language}>{value}</rdf:li></rdf:{array}>"
    return f'<{name} xmlns:{name.partition(":")[0]}="{space}">{value}</{name}>'


def _properties(packet: Packet) -> set[Name]:
    """The names of the top-level properties."""
    return {one.name for description in packet.root.children for one in description.properties}


def _subject(packet: Packet) -> str:
    """Return the packet's subject (`rdf:about`), which XMP requires to be the same everywhere."""
    for description in packet.root.children:
        for one in description.attributes:
            if one.name == (RDF, "about") and not names_local_path(one.value):
                return one.value
    return ""


def _append_to(packet: Packet, element: Element, content: bytes) -> Edit:
    """The edit that puts `content` at an element's end."""
    if element.closing != element.opened or packet.data[element.opened - 2] != ord("/"):
        return element.closing, element.closing, content
    tag = packet.data[element.start + 1 : element.opened].split(b"/")[0].split()[0]
    return element.opened - 2, element.opened, b">" + content + b"</" + tag + b">"


def _without_recipe(packet: Packet) -> list[Edit]:
    edits: list[Edit] = []
    for element in packet.elements:
        if element.name == RECIPE:
            edits.append((element.start, element.end, b""))
        edits += [(a.start, a.end, b"") for a in element.attributes if a.name == RECIPE]
    return edits + emptied(packet, edits)
