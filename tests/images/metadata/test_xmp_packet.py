"""XMP packets are parsed under limits; what exceeds them costs neither time nor the picture."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from metadata_samples import holding_xmp, xmp

from dreamlayer.core import images
from dreamlayer.core.images.metadata.xmp_packet import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    RDF,
    XmpError,
    parse,
)

TEXT = "<dc:source>ü</dc:source>"
HOSTILE = {
    "deep": (xmp("", "<dc:a>" * 1000 + "</dc:a>" * 1000), "deep"),
    "very deep": (xmp("", "<dc:a>" * 30_000 + "</dc:a>" * 30_000), "deep"),
    "wide": (xmp("", "<dc:a/>" * 100_000), "elements"),
    "attributes": (xmp(" ".join(f'dc:a{n}=""' for n in range(MAX_NODES))), "elements"),
    "long": (xmp("", f"<dc:a>{'x' * (5 << 20)}</dc:a>"), "bytes"),
    "swelling": (xmp().decode().encode("utf-16") + b"\1\1" * (2 << 20), "bytes"),
    "entities": (b'<!DOCTYPE a [<!ENTITY b "bb">]>' + xmp("", "<dc:a>&b;</dc:a>"), "document type"),
    "cut": (xmp("", TEXT)[:-30], "damaged"),
    "control character": (xmp("", "<dc:a>\1</dc:a>"), "damaged"),
    "no namespace": (b"<rdf:RDF/>", "damaged"),
    "other XML": (b"<html/>", "not XMP"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_limits(tmp_path: Path, case: str) -> None:
    """Each is left out with the reason, before the dream and after it, and the picture is made."""
    packet, reason = HOSTILE[case]
    with pytest.raises(XmpError, match=reason):
        parse(packet)
    for format, data in holding_xmp(packet):
        if format != "webp" and case in ("long", "wide", "attributes", "swelling"):
            continue
        with images.open(io.BytesIO(data)) as source:
            (note,) = images.check_target(tmp_path / "a.webp", picture=source, recipe="x")
            picture = source.load()
        assert reason in note
        assert images.write(picture, tmp_path / "a.webp", recipe="x") == (note,)
        assert images.read(tmp_path / "a.webp").recipe == "x"


def test_just_within_the_limits() -> None:
    """The limits themselves are allowed."""
    around = 3
    deep = MAX_DEPTH - around
    parse(xmp("", "<dc:a>" * deep + "</dc:a>" * deep))
    with pytest.raises(XmpError):
        parse(xmp("", "<dc:a>" * (deep + 1) + "</dc:a>" * (deep + 1)))
    body = "<dc:a>" + "x" * (MAX_BYTES - len(xmp("", "<dc:a></dc:a>"))) + "</dc:a>"
    assert len(parse(xmp("", body)).data) == MAX_BYTES


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"],
)
def test_encodings(encoding: str) -> None:
    """All that XMP allows, with and without a mark, become UTF-8."""
    assert parse(xmp("", TEXT).decode().encode(encoding)).data == xmp("", TEXT)


def test_old_text() -> None:
    """Latin-1 is read, declared or not, and a declaration of XML is cut off."""
    declared = b'<?xml version="1.0" encoding="ISO-8859-1"?>\n'
    latin = xmp("", TEXT).decode().encode("latin-1")
    for packet in latin, declared + latin:
        assert parse(packet).data == xmp("", TEXT)


def test_places() -> None:
    """Each element and attribute lies where the packet says, however its tag is written."""
    packet = parse(
        xmp(
            "dc:b\n=\t'a > b' ",
            '<dc:c /><dc:d\ndc:e="/>">t&amp;<!-- <dc:x> --><![CDATA[<]]></dc:d >',
        )
    )
    spans = {one.name[1]: packet.data[one.start : one.end] for one in packet.elements}
    assert spans["c"] == b"<dc:c />"
    assert spans["d"].startswith(b"<dc:d")
    assert spans["d"].endswith(b"</dc:d >")
    (description,) = packet.root.children
    assert [one.name[1] for one in description.attributes] == ["about", "b"]
    attribute = description.attributes[1]
    assert packet.data[attribute.start : attribute.end].lstrip() == b"dc:b\n=\t'a > b'"
    assert description.children[1].text == "t&<"
    assert packet.root.name == (RDF, "RDF")
    assert all(re.fullmatch(rb"<.*>", span, re.DOTALL) for span in spans.values())


def test_text_like_an_attribute() -> None:
    """Space before the end of a tag does not make its text part of the tag."""
    packet = parse(xmp("", '<dc:a >b="c"</dc:a><dc:d />e="f"<dc:g\n>h = \'i\'</dc:g>'))
    (description,) = packet.root.children
    assert [one.attributes for one in description.children] == [[], [], []]
    assert [one.text for one in description.children] == ['b="c"', "", "h = 'i'"]


SLOW = {
    "ends of packets": 'b"<?xpacket end=" * (3 << 20 >> 4)',
    "ends with space": 'b"<?xpacket" + b" " * (3 << 20)',
    "declarations": 'b"<?xml " + b"encoding=\'a\'" * (3 << 20 >> 4)',
    "space in a declaration": 'b"<?xml " + b" " * (3 << 20)',
    "ends behind a packet": 'XMP + b"<?xpacket end=" * (3 << 20 >> 4)',
    "space in a tag": 'XMP.replace(b"rdf:about", b" " * (3 << 20) + b"rdf:about")',
    "names of files": (
        'XMP.replace(b"></rdf:D", b">" + (b"<dc:a>/tmp/" + b" " * 4080 + b"\\nx</dc:a>") * 700 '
        '+ b"</rdf:D")'
    ),
    "regions in regions": (
        'XMP.replace(b"></rdf:D", b">" + b"<r:Regions>" * 80 + b"<dc:a a:x=\'.1\' a:y=\'.1\'/>"'
        ' * 15000 + b"</r:Regions>" * 80 + b"</rdf:D").replace(b"<rdf:D", b"<rdf:D xmlns:a='
        "'http://ns.adobe.com/xmp/sType/Area#' xmlns:r="
        "'http://www.metadataworkinggroup.com/schemas/regions/' \", 1)"
    ),
}


@pytest.mark.parametrize("case", SLOW)
def test_linear_time(case: str) -> None:
    """Packets made to be slow end: in quadratic time each would take minutes to hours."""
    script = (
        "from dreamlayer.core.images.metadata.xmp import renewed\n"
        f"XMP = {xmp()!r}\n"
        f"renewed({SLOW[case]}, orientation=3, stored=(8, 8))\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
