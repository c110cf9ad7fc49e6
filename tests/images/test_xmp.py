"""The recipe enters an XMP packet without disturbing it, and comes out as it went in."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from image_samples import XMP

from dreamlayer.core.errors import OutputError
from dreamlayer.core.images.xmp import NAMESPACE, read_recipe
from dreamlayer.core.images.xmp_writing import write_recipe

RECIPE = '{"ä": "日本 🐶",\n\t"b": "<&>]]> \'\\""}'


@pytest.mark.parametrize("packet", [None, b"", XMP, b"not xml", b"<a/>", XMP + b"\0\n  "])
def test_round_trip(packet: bytes | None) -> None:
    """Any text comes back, whatever packet was there, and an XML parser of another kind agrees."""
    written = write_recipe(packet, RECIPE)
    assert read_recipe(written) == RECIPE
    assert ElementTree.fromstring(written).find(f".//{{{NAMESPACE}}}recipe").text == RECIPE
    assert written.startswith('<?xpacket begin="\ufeff"'.encode())


def test_properties_stay() -> None:
    """Existing properties and their prefixes stay, and the packet does not grow with rewriting."""
    once = write_recipe(XMP, "one")
    twice = write_recipe(once, "two")
    assert b'xmp:Rating="4"' in twice
    assert len(once) == len(twice)
    assert read_recipe(twice) == "two"
    assert b"one" not in twice


def test_attribute_form() -> None:
    """A recipe that another program rewrote as an attribute is read and replaced."""
    packet = XMP.replace(b"xmp:Rating", f'xmlns:d="{NAMESPACE}" d:recipe="x" xmp:Rating'.encode())
    assert read_recipe(packet) == "x"
    assert read_recipe(write_recipe(packet, "y")) == "y"
    assert b'"x"' not in write_recipe(packet, "y").replace(b"adobe:ns:meta", b"")


def test_none() -> None:
    """No packet, a packet without a recipe, and rubbish hold none."""
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
