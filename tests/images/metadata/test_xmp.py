"""XMP keeps what it says of the subject, and loses what it says of the old file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from image_samples import EXTENSIONS, XMP
from metadata_samples import RDF, holding_xmp, xmp

from dreamlayer.core import images
from dreamlayer.core.images.metadata.xmp import NAMESPACE, read_recipe, renewed
from dreamlayer.core.images.metadata.xmp_packet import BEGIN, END

TITLE = (
    '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">ünï &lt;&amp; "q"</rdf:li></rdf:Alt>'
    "</dc:title>"
)
SPACES = {
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "mm": "http://ns.adobe.com/xap/1.0/mm/",
    "ref": "http://ns.adobe.com/xap/1.0/sType/ResourceRef#",
    "g": "http://ns.adobe.com/xap/1.0/g/img/",
    "ps": "http://ns.adobe.com/photoshop/1.0/",
    "crs": "http://ns.adobe.com/camera-raw-settings/1.0/",
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "note": "http://ns.adobe.com/xmp/note/",
    "rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "zz": "urn:unknown",
}
OLD = {
    "orientation": 'tiff:Orientation="6"',
    "element": "<tiff:Orientation>OLD</tiff:Orientation>",
    "single quotes": "tiff:ImageWidth\n =\t'OLD'",
    "cdata": "<exif:PixelXDimension><![CDATA[OLD]]></exif:PixelXDimension>",
    "structure": (
        '<tiff:Orientation rdf:parseType="Resource"><rdf:value>OLD</rdf:value></tiff:Orientation>'
    ),
    "other prefix": f'<Orientation xmlns="{SPACES["tiff"]}">OLD</Orientation>',
    "color": 'exif:ColorSpace="OLD" ps:ColorMode="OLD" ps:ICCProfile="OLD"',
    "thumbnail": (
        '<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType="Resource"><g:image>OLD</g:image></rdf:li>'
        "</rdf:Alt></xmp:Thumbnails>"
    ),
    "thumbnail elsewhere": "<zz:a><rdf:Bag><rdf:li g:image='OLD'/></rdf:Bag></zz:a>",
    "develop settings": 'crs:Exposure2012="OLD"',
    "curve": "<crs:ToneCurve><rdf:Seq><rdf:li>OLD</rdf:li></rdf:Seq></crs:ToneCurve>",
    "history": "<mm:History><rdf:Seq><rdf:li>OLD</rdf:li></rdf:Seq></mm:History>",
    "origin": r'<mm:DerivedFrom ref:filePath="C:\OLD\x.psd"/>',
    "file": "<zz:link>file:///OLD/x</zz:link>",
    "file as attribute": 'xmp:BaseURL="/home/OLD/"',
    "file as resource": '<zz:link rdf:resource="file:///OLD"/>',
    "gain map": 'hdrgm:Version="OLD"',
    "motion photo": 'GCamera:MotionPhoto="OLD"',
    "container": (
        '<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item '
        'Item:Mime="OLD"/></rdf:li></rdf:Seq></Container:Directory>'
    ),
    "extended": 'note:HasExtendedXMP="OLD"',
}
SAID = {"gain map", "motion photo", "extended"}


def made(old: str) -> bytes:
    kept = 'tiff:Make="maker" mm:DocumentID="id" zz:own=" a > b /> "'
    if old.startswith("<"):
        return xmp(kept, TITLE + old, **SPACES)
    return xmp(f"{kept} {old}", TITLE, **SPACES)


@pytest.mark.parametrize("case", OLD)
def test_what_describes_the_old_file_goes(case: str) -> None:
    """As attribute and as element, at any depth, by any prefix; all else stays, byte for byte."""
    packet = made(OLD[case])
    new, notes = renewed(packet)
    assert new is not None
    assert b"OLD" not in new
    assert b'Orientation="6"' not in new
    for kept in TITLE, 'tiff:Make="maker"', 'mm:DocumentID="id"', 'zz:own=" a > b /> "':
        assert kept.encode() in new
    assert bool(notes) == (case in SAID)
    # What is left is XML, and nothing of it goes at a second time.
    assert renewed(new) == (new, ())


def test_nothing_of_a_dropped_namespace_is_left() -> None:
    """Its declaration goes too, by which some programs look for it."""
    new, _ = renewed(made(OLD["gain map"] + " " + OLD["motion photo"]))
    assert new is not None
    for prefix in b"hdrgm", b"GCamera", b"crs", b"Container":
        assert prefix not in new


def test_untouched_packets_keep_every_byte() -> None:
    """A packet without anything old is returned as it is, but for padding behind it."""
    assert renewed(XMP) == (XMP, ())
    assert renewed(XMP + b"\0\n ") == (XMP, ())
    assert renewed(XMP + XMP) == (XMP, ())


@pytest.mark.parametrize("packet", [None, b"", bytes(300), b" \n"])
def test_no_packet(packet: bytes | None) -> None:
    """Nothing, blanks and zeros are no XMP, and nothing is said of them."""
    assert renewed(packet) == (None, ())


def test_only_old_things() -> None:
    """A packet of which nothing is left is left out."""
    packet = xmp(**SPACES).replace(b'rdf:about=""', b'rdf:about="" tiff:Orientation="6"')
    assert renewed(packet) == (None, ())


def test_places_that_cannot_be_turned() -> None:
    """Places stay in an upright picture; where they would be false, that they go is said."""
    face = "<rs:Regions><rdf:Bag><rdf:li a:x='?' a:y='0'/></rdf:Bag></rs:Regions>"
    packet = xmp("", TITLE + face, a="http://ns.adobe.com/xmp/sType/Area#", **SPACES)
    assert b"rs:Regions" in (renewed(packet)[0] or b"")
    new, (note,) = renewed(packet, orientation=3)
    assert b"<rs:Regions" not in (new or b"")
    assert "faces" in note


def recipes(text: str) -> dict[str, bytes]:
    """XMP with a recipe in every form that programs rewrite it to."""
    d = {"d": NAMESPACE}
    return {
        "element": xmp("", f"<d:recipe>{text}</d:recipe>", **d),
        "attribute": xmp(f'd:recipe="{text}"', **d),
        "array": xmp("", f"<d:recipe><rdf:Alt><rdf:li>{text}</rdf:li></rdf:Alt></d:recipe>", **d),
        "value": xmp(
            "",
            f'<d:recipe rdf:parseType="Resource"><rdf:value>{text}</rdf:value></d:recipe>',
            **d,
        ),
    }


@pytest.mark.parametrize("form", recipes(""))
def test_recipe_in_any_form(tmp_path: Path, form: str) -> None:
    """It is found, replaced, and removed where none is wanted, from every format to every other."""
    packet = recipes("first")[form]
    assert read_recipe(packet) == "first"
    for _, data in holding_xmp(packet):
        picture = images.read(io.BytesIO(data))
        assert picture.recipe == "first"
        for extension in EXTENSIONS.values():
            path = tmp_path / f"a{extension}"
            images.write(picture, path, recipe="second")
            assert images.read(path).recipe == "second"
            assert b"first" not in path.read_bytes()
        picture.recipe = None
        images.write(picture, path)
        assert images.read(path).recipe is None
        assert b"first" not in path.read_bytes()


@pytest.mark.parametrize(
    "packet",
    [
        xmp("", "<d:recipe>a<d:recipe>b</d:recipe></d:recipe>", d=NAMESPACE),
        xmp("", "<d:recipe><rdf:RDF><rdf:Description/></rdf:RDF></d:recipe>", d=NAMESPACE),
        xmp("", '<d:recipe rdf:resource="x"/>', d=NAMESPACE),
        f'<d:recipe xmlns:d="{NAMESPACE}"><rdf:RDF xmlns:rdf="{RDF}"/></d:recipe>'.encode(),
        f'<d:recipe xmlns:d="{NAMESPACE}">x</d:recipe>'.encode(),
    ],
)
def test_recipes_that_are_none(tmp_path: Path, packet: bytes) -> None:
    """A recipe within a recipe, RDF within it, or nothing around it: a new one takes its place."""
    assert read_recipe(packet) is None
    for _, data in holding_xmp(packet):
        images.write(images.read(io.BytesIO(data)), tmp_path / "a.png", recipe="new")
        assert images.read(tmp_path / "a.png").recipe == "new"


def test_comments_and_instructions_go() -> None:
    """They say nothing of the picture, and may name files; all around them keeps its bytes."""
    body = "<dc:source>a<!-- /home/ann -->b</dc:source><?foo C:\\secret?><dc:b/><!---->"
    packet = b"<!-- /home/ann/a.jpg -->" + BEGIN + xmp("", body) + b"<!-- secret -->" + END
    new, notes = renewed(packet)
    assert notes == ()
    assert new == BEGIN + xmp("", "<dc:source>ab</dc:source><dc:b/>") + END
    assert renewed(new) == (new, ())
