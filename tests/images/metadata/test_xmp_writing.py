"""The recipe enters an XMP packet without disturbing it, and comes out as it went in."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from image_samples import XMP
from metadata_samples import RDF, xmp

from dreamlayer.core.errors import OutputError
from dreamlayer.core.images.metadata.xmp import NAMESPACE, read_recipe
from dreamlayer.core.images.metadata.xmp_packet import XmpError
from dreamlayer.core.images.metadata.xmp_writing import (
    composed,
    displaced,
    joined,
    shortened,
    write_recipe,
)

RECIPE = '{"ä": "日本 🐶",\n\t"b": "<&>]]> \'\\""}'


@pytest.mark.parametrize("packet", [None, b"", XMP, b"not xml", b"<a/>", XMP + b"\0\n  "])
def test_round_trip(packet: bytes | None) -> None:
    """Any text comes back, whatever packet was there, and an XML parser of another kind agrees."""
    written = write_recipe(packet, RECIPE)
    assert read_recipe(written) == RECIPE
    assert ElementTree.fromstring(written).find(f".//{{{NAMESPACE}}}recipe").text == RECIPE
    assert written.startswith('<?xpacket begin="\ufeff"'.encode())
    assert written.endswith(b'<?xpacket end="w"?>')


def test_properties_stay() -> None:
    """Existing properties and their prefixes stay, and the packet does not grow with rewriting."""
    once = write_recipe(XMP, "one")
    twice = write_recipe(once, "two")
    assert b'xmp:Rating="4"' in twice
    assert len(once) == len(twice)
    assert read_recipe(twice) == "two"
    assert b"one" not in twice
    assert composed(twice, None) == XMP


def test_none() -> None:
    """Without a recipe and without anything else there is no packet."""
    for packet in None, b"rubbish", write_recipe(None, "x"):
        assert composed(packet, None) is None
    for packet in None, XMP, b"rubbish", b"\xff\xfe\x00":
        assert read_recipe(packet) is None


def test_document_types_are_refused() -> None:
    """A packet with a document type, which could swell without end, is not parsed."""
    bomb = b'<!DOCTYPE a [<!ENTITY b "bb">]>' + XMP
    assert read_recipe(write_recipe(bomb, "x")) == "x"
    assert b"DOCTYPE" not in write_recipe(bomb, "x")


def test_character_xml_cannot_hold() -> None:
    """A control character or half a surrogate pair is refused by its number."""
    for odd in "\x00", "\ud800":
        with pytest.raises(OutputError, match=rf"U\+{ord(odd):04X}"):
            write_recipe(None, f"a{odd}b")


def test_root_that_is_closed_at_once() -> None:
    """A recipe finds its place in an empty packet too."""
    for root in f'<rdf:RDF xmlns:rdf="{RDF}"/>', f'<r:RDF xmlns:r="{RDF}"></r:RDF>':
        assert read_recipe(write_recipe(root.encode(), "x")) == "x"


def test_texts() -> None:
    """A text is added where its property is missing, and never in its place."""
    packet = xmp("", "<dc:title>own</dc:title>")
    written = composed(packet, None, [("title", "other"), ("author", "<ä>")])
    assert written is not None
    assert b"other" not in written
    root = ElementTree.fromstring(written)
    creator = root.find(".//{http://purl.org/dc/elements/1.1/}creator")
    assert "".join(creator.itertext()) == "<ä>"


def test_shortened() -> None:
    """What is unknown goes first, the largest before the smaller; the recipe never does."""
    long, longer = "<zz:b>" + "x" * 3000 + "</zz:b>", "<zz:a>" + "x" * 4000 + "</zz:a>"
    title = "<dc:title>" + "x" * 5000 + "</dc:title>"
    packet = write_recipe(xmp("", title + long + longer, zz="urn:z"), "y" * 6000)
    assert shortened(packet, len(packet) - 1)[1] == ["a"]
    assert shortened(packet, len(packet) - 5000)[1] == ["a", "b"]
    short, names = shortened(packet, len(packet) - 11_000)
    assert names == ["a", "b", "title"]
    assert read_recipe(short) == "y" * 6000
    with pytest.raises(XmpError):
        shortened(packet, 6000)


def test_extension_that_declares_much() -> None:
    """Namespaces around many descriptions are not written once for each of them without a limit."""
    many = "<rdf:Description/>" * 20_000
    extension = (
        f'<x:xmpmeta xmlns:x="{"u" * 100_000}"><rdf:RDF xmlns:rdf="{RDF}">{many}</rdf:RDF>'
        "</x:xmpmeta>"
    ).encode()
    with pytest.raises(XmpError, match="declares"):
        joined(xmp(), extension)


def test_texts_whose_place_is_taken() -> None:
    """Equal texts but for space are no loss; many values beside a long text cost no time."""
    body = "<dc:title><rdf:Alt>" + "<rdf:li>a  b\n</rdf:li>" * 20_000 + "</rdf:Alt></dc:title>"
    packet = xmp('dc:source="s"', body)
    texts = [("title", "a b"), ("source", "t"), ("description", "d")]
    assert displaced(packet, texts) == ["source"]
    assert displaced(packet, [("title", "a b " * 300_000)]) == ["title"]
    assert displaced(None, texts) == displaced(b"no XMP", texts) == []
