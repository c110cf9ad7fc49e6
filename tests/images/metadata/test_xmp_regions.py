"""Faces are found in the upright picture where they were in the stored one."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from image_samples import encoded
from metadata_samples import segment, xmp
from PIL import Image

from dreamlayer.core import images
from dreamlayer.core.images.metadata.xmp import renewed

SPACES = {
    "rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "area": "http://ns.adobe.com/xmp/sType/Area#",
    "dim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
}
WIDE, HIGH = 80, 40


def face(size: tuple[int, int], *, elements: bool) -> bytes:
    """Regions of a face at the top left: a quarter across, a fifth down."""
    area = {"x": 0.25, "y": 0.2, "w": 0.5, "h": 0.125}
    sizes = dict(zip("wh", size, strict=True))
    if elements:
        placed = "".join(f"<area:{name}>{value}</area:{name}>" for name, value in area.items())
        told = "".join(f"<dim:{name}>{value}</dim:{name}>" for name, value in sizes.items())
        body = (
            f'<rs:AppliedToDimensions rdf:parseType="Resource">{told}</rs:AppliedToDimensions>'
            '<rs:RegionList><rdf:Bag><rdf:li rdf:parseType="Resource"><rs:Name>Ann</rs:Name>'
            f'<rs:Area rdf:parseType="Resource">{placed}</rs:Area></rdf:li></rdf:Bag>'
            "</rs:RegionList>"
        )
    else:
        placed = " ".join(f"area:{name}='{value}'" for name, value in area.items())
        told = " ".join(f'dim:{name}="{value}"' for name, value in sizes.items())
        body = (
            f"<rs:AppliedToDimensions {told}/><rs:RegionList><rdf:Bag><rdf:li><rdf:Description "
            f'rs:Name="Ann"><rs:Area {placed}/></rdf:Description></rdf:li></rdf:Bag>'
            "</rs:RegionList>"
        )
    return xmp("", f'<rs:Regions rdf:parseType="Resource">{body}</rs:Regions>', **SPACES)


def numbers(packet: bytes | None, prefix: str) -> dict[str, float]:
    found = re.findall(rf"{prefix}:([xywh])(?:>|=[\"'])([0-9.]+)", (packet or b"").decode())
    return {name: float(value) for name, value in found}


@pytest.mark.parametrize("elements", [False, True])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned(elements: bool, orientation: int) -> None:
    """The middle of the face lies where a bright pixel there comes to lie, in every orientation."""
    values = np.zeros((HIGH, WIDE, 3), np.uint8)
    values[6:10, 18:22] = 255
    exif = Image.Exif()
    exif[0x112] = orientation
    data = encoded(Image.fromarray(values), "jpeg", exif=exif, quality=95)
    packet = segment(
        0xE1, b"http://ns.adobe.com/xap/1.0/\0" + face((WIDE, HIGH), elements=elements)
    )
    picture = images.read(io.BytesIO(data[:2] + packet + data[2:]))
    rows, columns = np.nonzero(picture.pixels[..., 0] > 0.5)
    place = numbers(picture.xmp, "area")
    assert picture.notes == ()
    assert place["x"] * picture.width == pytest.approx(columns.mean() + 0.5, abs=1)
    assert place["y"] * picture.height == pytest.approx(rows.mean() + 0.5, abs=1)
    assert place["w"] * picture.width == pytest.approx(40 if orientation < 5 else 5)
    assert place["h"] * picture.height == pytest.approx(5 if orientation < 5 else 40)
    assert numbers(picture.xmp, "dim") == {"w": picture.width, "h": picture.height}
    assert b"Ann" in (picture.xmp or b"")


def test_upright_already() -> None:
    """Places that were written for the upright picture, as its noted size tells, stay."""
    packet = face((HIGH, WIDE), elements=False)
    new, notes = renewed(packet, orientation=6, stored=(WIDE, HIGH))
    assert numbers(new, "area") == numbers(packet, "area")
    assert notes == ()


def test_without_a_size() -> None:
    """Where sides are exchanged and no size is noted, the places go, and that is said."""
    packet = re.sub(rb"<rs:AppliedToDimensions[^>]*/>", b"", face((1, 1), elements=False))
    new, (note,) = renewed(packet, orientation=6, stored=(WIDE, HIGH))
    assert new is None
    assert "faces" in note
