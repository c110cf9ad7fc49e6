"""Parse XMP packets under limits of size and depth, and edit them in place.

A packet is never rebuilt: elements and attributes are cut out or put in by their place in the
text, so that all that is not touched keeps every byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat

MAX_BYTES = 4 << 20
"""Longer packets are not parsed; those of cameras and editors have some kilobytes."""
MAX_DEPTH = 100
MAX_NODES = 60_000
"""Elements and attributes; so the longest packet takes a quarter of a second."""

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode()
END = b'<?xpacket end="w"?>'

Edit = tuple[int, int, bytes]
"""Start and end of a range in a packet, and what takes its place."""

# Packets come from anywhere: no pattern may look back over more than a few bytes.
_PACKET_END = re.compile(rb"<\?xpacket\s{1,8}end=[^<>]{0,20}\?>")
_TAG = re.compile(rb"<[^\s/>]+")
_ATTRIBUTE = re.compile(rb"\s+([^\s=<>/\"']+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_DECLARED = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"'][^>]*\?>")
_DECLARATION = re.compile(rb"<\?xml\s[^>]*\?>\s*")
_MAX_DECLARATION = 200
_STRAY = re.compile("[\udc80-\udcff]")
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_OLD_ENCODINGS = {"iso-8859-1", "latin-1", "latin1", "windows-1252"}


class XmpError(Exception):
    """A packet that is not parsed; the text is the reason, as it may end a sentence."""


Name = tuple[str, str]
"""Namespace and local name."""


@dataclass
class Attribute:
    """An attribute, and where it lies in the packet with the space before it."""

    name: Name
    value: str
    start: int
    end: int


@dataclass
class Element:
    """An element, and where it lies in the packet.

    The start tag is `start` to `opened`, the content ends at `closing`, the end tag at `end`; the
    last three are equal for a tag that is closed at once.
    """

    name: Name
    parent: Element | None
    start: int
    opened: int
    closing: int = 0
    end: int = 0
    attributes: list[Attribute] = field(default_factory=list)
    declared: list[Attribute] = field(default_factory=list)
    """Namespace declarations; the name holds the prefix, the value the namespace."""
    children: list[Element] = field(default_factory=list)
    text: str = ""
    """Text of an element without children, and of none else."""

    @property
    def properties(self) -> list[Element | Attribute]:
        """What a description holds, as elements and as attributes; its subject is among them."""
        return [*self.children, *self.attributes]


@dataclass
class Packet:
    """A parsed packet: UTF-8 without document type, and its elements in order."""

    data: bytes
    elements: list[Element]
    root: Element
    """The outermost `rdf:RDF`."""
    remarks: list[tuple[int, int]] = field(default_factory=list)
    """Where comments and instructions lie, but for the marks of the packet."""

    def edited(self, edits: list[Edit]) -> bytes:
        """Return the packet with ranges replaced; a range within an earlier one is skipped."""
        kept, at = [], 0
        for start, end, new in sorted(edits, key=lambda one: (one[0], -one[1])):
            if start < at:
                continue
            kept += [self.data[at:start], new]
            at = end
        return b"".join([*kept, self.data[at:]])


def parse(packet: bytes, slack: int = 1) -> Packet:
    """Parse a packet of any encoding that XMP allows.

    Parameters
    ----------
    packet
        The packet, with or without its marks and padding.
    slack
        How many times the limits of size and number are allowed, for packets that we add to.

    Raises
    ------
    XmpError
        It is no XMP, longer than `MAX_BYTES`, nested deeper than `MAX_DEPTH`, has more than
        `MAX_NODES` elements and attributes, or a document type, whose entities could swell.
    """
    data = _utf8(packet, MAX_BYTES * slack)
    elements: list[Element] = []
    stack: list[Element] = []
    texts: list[str] = []
    remarks: list[tuple[int, int]] = []
    parser = expat.ParserCreate("utf-8", namespace_separator=" ")
    parser.ordered_attributes = True
    parser.buffer_text = True
    nodes = 0

    def refuse(*_: object) -> None:
        raise XmpError("it has a document type")

    def start(name: str, attributes: list[str]) -> None:
        nonlocal nodes
        nodes += 1 + len(attributes) // 2
        if len(stack) >= MAX_DEPTH:
            raise XmpError(f"it is nested more than {MAX_DEPTH} deep")
        if nodes > MAX_NODES * slack:
            raise XmpError(f"it has more than {MAX_NODES} elements")
        at = parser.CurrentByteIndex
        element = Element(_name(name), stack[-1] if stack else None, at, at)
        nodes += _tokenize(data, element, attributes)
        if stack:
            stack[-1].children.append(element)
        # Text matters of elements without children only, so a child ends what was collected.
        texts.clear()
        elements.append(element)
        stack.append(element)

    def end(_: str) -> None:
        element = stack.pop()
        if not element.children:
            element.text = "".join(texts)
        texts.clear()
        if data[element.opened - 2 : element.opened] == b"/>":
            element.closing = element.end = element.opened
        else:
            element.closing = parser.CurrentByteIndex
            element.end = data.index(b">", element.closing) + 1

    def text(some: str) -> None:
        if stack and not stack[-1].children:
            texts.append(some)

    def remark(end: bytes) -> None:
        nonlocal nodes
        nodes += 1
        if nodes > MAX_NODES * slack:
            raise XmpError(f"it has more than {MAX_NODES} elements")
        at = parser.CurrentByteIndex
        remarks.append((at, data.index(end, at) + len(end)))

    def instruction(target: str, _: str) -> None:
        if target != "xpacket":
            remark(b"?>")

    parser.CommentHandler = lambda _: remark(b"-->")
    parser.ProcessingInstructionHandler = instruction
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as failure:
        raise XmpError("it is damaged") from failure
    root = next((one for one in elements if one.name == (RDF, "RDF")), None)
    if root is None:
        raise XmpError("it is not XMP")
    return Packet(data, elements, root, remarks)


def wrapped(data: bytes) -> bytes:
    """The packet between the marks by which programs find it in a file."""
    begin = b"" if data.startswith(b"<?xpacket") else BEGIN
    end = b"" if data.endswith(b"?>") else END
    return begin + data + end


def emptied(packet: Packet, edits: list[Edit]) -> list[Edit]:
    """The edits that remove descriptions of which other edits leave nothing."""
    removed = {(start, end) for start, end, new in edits if not new}
    return [
        (one.start, one.end, b"")
        for one in packet.root.children
        if one.name == (RDF, "Description") and removed and not _rest_of(one, removed)
    ]


def _rest_of(description: Element, removed: set[tuple[int, int]]) -> bool:
    """Whether a description keeps a property; its subject is none."""
    return any(
        (one.start, one.end) not in removed and one.name != (RDF, "about")
        for one in description.properties
    )


def holds_anything(packet: Packet, edits: list[Edit]) -> bool:
    """Whether any property is left by the edits."""
    removed = {(start, end) for start, end, new in edits if not new}
    return any(
        (one.start, one.end) not in removed and _rest_of(one, removed)
        for one in packet.root.children
    )


def _name(expanded: str) -> Name:
    space, _, local = expanded.rpartition(" ")
    return space, local


def _tokenize(data: bytes, element: Element, expanded: list[str]) -> int:
    """Find where the start tag and its attributes lie; return the number of declarations."""
    tag = _TAG.match(data, element.start)
    at = element.start if tag is None else tag.end()
    names = iter(zip(expanded[::2], expanded[1::2], strict=True))
    while found := _ATTRIBUTE.match(data, at):
        raw, quoted = found[1], found[2]
        if raw == b"xmlns" or raw.startswith(b"xmlns:"):
            prefix = raw[6:].decode("utf-8")
            value = quoted[1:-1].decode("utf-8")
            element.declared.append(Attribute(("", prefix), value, found.start(), found.end()))
        else:
            # The parser gives attributes in the order of the tag, without the declarations.
            name, value = next(names)
            element.attributes.append(Attribute(_name(name), value, found.start(), found.end()))
        at = found.end()
    element.opened = data.index(b">", at) + 1
    return len(element.declared)


def _utf8(packet: bytes, most: int) -> bytes:
    """The first packet in `packet` as UTF-8, without padding and without declaration of XML."""
    if len(packet) > most:
        raise XmpError(f"it has {len(packet)} bytes, more than {most}")
    encoding = next((kind for mark, kind in _BOMS if packet.startswith(mark)), None)
    declared = _DECLARED.match(packet[:_MAX_DECLARATION])
    if encoding is None and declared and declared[1].decode().lower() in _OLD_ENCODINGS:
        encoding = "cp1252"
    # Where text is not UTF-8, it is Latin-1: single letters between tags, by programs of old.
    text = packet.decode(encoding or "utf-8", "replace" if encoding else "surrogateescape")
    text = _STRAY.sub(lambda stray: chr(ord(stray[0]) - 0xDC00), text)
    data = text.encode("utf-8", "replace").strip(b"\0 \t\r\n")
    if len(data) > most:
        raise XmpError(f"it has {len(data)} bytes, more than {most}")
    if declaration := _DECLARATION.match(data[:_MAX_DECLARATION]):
        data = data[declaration.end() :].lstrip()
    # Some files have two packets, one behind the other: readers take the first.
    if end := _PACKET_END.search(data):
        data = data[: end.start()].rstrip() + end[0]
    if not data:
        raise XmpError("it is empty")
    return data
