"""What tells of the old file is known by its namespace and name, names of files by their form."""

from __future__ import annotations

import pytest

from dreamlayer.core.images.metadata.xmp_rules import (
    dropped_namespace,
    names_local_path,
    why_dropped,
)

GOOGLE = "http://ns.google.com/photos/1.0/"


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("/home/ann/a b.jpg", True),
        ("/Users/ann", True),
        ("/Users/", True),
        ("C:\\Users\\ann", True),
        ("d:/pictures/a.png", True),
        (r"\\server\share\a.png", True),
        ("file:///a", True),
        ("FILE:/a", True),
        ("File: a title", False),
        ("~/a.png", True),
        (" /tmp/a\n", True),
        ("from /home/ann", False),
        ("/home/ann\nand more", False),
        ("homes and gardens", False),
        ("https://example.org/home/ann", False),
        ("1/125", False),
        ("a:b", False),
        ("Profile: none", False),
        ("", False),
        ("/home/" + "x" * 5000, False),
    ],
)
def test_names_of_files(text: str, local: bool) -> None:
    """Only what is nothing but the name of a local file counts as one."""
    assert names_local_path(text) == local


def test_panorama() -> None:
    """That a picture is a panorama stays true of it, unless it is turned; Google's rest goes."""
    name = (GOOGLE + "panorama/", "ProjectionType")
    assert why_dropped(name, turned=False) is None
    assert why_dropped(name, turned=True)
    assert not dropped_namespace(GOOGLE + "panorama/")
    assert dropped_namespace(GOOGLE + "camera/")
    for space in "depthmap/", "image/", "camera/", "container/item/":
        assert why_dropped((GOOGLE + space, "X"), turned=False) is not None


def test_the_subject_stays() -> None:
    """Author, rights, place, camera, rating and what nobody knows are kept."""
    for space, name in (
        ("http://purl.org/dc/elements/1.1/", "creator"),
        ("http://ns.adobe.com/xap/1.0/rights/", "Marked"),
        ("http://ns.adobe.com/xap/1.0/", "Rating"),
        ("http://ns.adobe.com/tiff/1.0/", "Model"),
        ("http://ns.adobe.com/exif/1.0/", "GPSLatitude"),
        ("http://ns.adobe.com/exif/1.0/aux/", "Lens"),
        ("http://ns.adobe.com/lightroom/1.0/", "hierarchicalSubject"),
        ("http://ns.adobe.com/photoshop/1.0/", "Headline"),
        ("http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/", "Location"),
        ("http://www.digikam.org/ns/1.0/", "TagsList"),
        ("urn:unknown", "Orientation"),
    ):
        assert why_dropped((space, name), turned=True) is None
