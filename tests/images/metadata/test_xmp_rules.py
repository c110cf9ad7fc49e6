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
        ("smb://server/share/a b.psd", True),
        ("afp://server/a", True),
        ("nfs://server/a", True),
        ("%USERPROFILE%\\Pictures\\a.png", True),
        ("%ProgramFiles(x86)%\\a", True),
        ("$HOME/a.png", True),
        ("${HOME}/a", True),
        ("$env:TEMP\\a", True),
        ("~ann/a.png", True),
        ('"C:\\Users\\ann\\a b.png"', True),
        ("<file:///home/ann/a.png>", True),
        ("/scratch/me/a.png", True),
        ("/gpfs/me", True),
        ("/a b/c/d e.tiff", True),
        ("C:/ minor, opus 5", False),
        ("~/ hello", False),
        ("/data/ is the new oil", False),
        ("/data/ is version 3.5", False),
        ("/r/photography", False),
        ("100 % / 50", False),
        ("$5/10", False),
        ("https://a.org/b.jpg", False),
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


def test_telephones() -> None:
    """What they note of motion, depth and the file goes and is said; faces stay."""
    for space, name, word in (
        ("http://ns.oplus.com/photos/1.0/camera/", "MotionPhotoOwner", "motion"),
        ("http://ns.oplus.com/photos/1.0/camera/", "VideoLength", "motion"),
        ("http://ns.xiaomi.com/photos/1.0/camera/", "XMPMeta", "telephone"),
        ("http://ns.vivo.com/photos/1.0/camera/", "MotionPhotoVersion", "motion"),
        ("http://ns.apple.com/depthData/1.0/", "Filtered", "depth"),
        ("http://ns.apple.com/depthBlurEffect/1.0/", "SimulatedAperture", "depth"),
        ("http://ns.apple.com/semanticSegmentationMatte/1.0/", "X", "telephone"),
        ("http://ns.apple.com/HDRToneMap/1.0/", "Version", "telephone"),
        ("http://ns.apple.com/HDRGainMap/1.0/", "Version", "gain map"),
        ("http://purl.org/dc/terms/", "provenance", "credentials"),
    ):
        assert word in (why_dropped((space, name), turned=False) or "")
    for name in "ImageFileSizeAsDelivered", "FileNameAsDelivered":
        assert why_dropped(("http://ns.useplus.org/ldf/xmp/1.0/", name), turned=False) == ""
    assert why_dropped(("http://ns.apple.com/faceinfo/1.0/", "AngleInfoYaw"), turned=True) is None
    for turned in True, False:
        why = why_dropped(("http://ns.acdsee.com/regions/", "ACDSeeRegions"), turned=turned)
        assert (why is not None) == turned
