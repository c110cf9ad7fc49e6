"""Put a packet into the file that libvips encodes, which leaves out what stands beside pixels."""

from __future__ import annotations

from typing import BinaryIO, cast

from dreamlayer.core.images.containers.png_chunks import ChunkInserter
from dreamlayer.core.images.containers.tiff_values import Directory, Value, fraction, short, shorts
from dreamlayer.core.images.metadata.exif import MAX_RESOLUTION
from dreamlayer.core.images.metadata.jpeg_segments import SegmentInserter, jfif, metadata_segments
from dreamlayer.core.images.metadata.packet import Packet
from dreamlayer.core.images.metadata.photoshop import iptc_fields
from dreamlayer.core.images.metadata.webp_chunks import WebpExtender
from dreamlayer.core.images.picture import Picture

_EXTRA_SAMPLES = 0x0152
_ACROSS, _DOWN, _UNIT = 0x011A, 0x011B, 0x0128
_ORIENTATION, _XMP, _IPTC, _PHOTOSHOP, _PROFILE = 0x0112, 0x02BC, 0x83BB, 0x8649, 0x8773
_DEFAULT_RESOLUTION = 72 / 25.4


def with_packet(picture: Picture, kind: str, packet: Packet, file: BinaryIO) -> BinaryIO:
    """A file-like object that adds the packet to what is written through it."""
    if kind == "png":
        # libvips writes a resolution even where there is none.
        unknown = () if picture.resolution else (b"pHYs",)
        return cast(BinaryIO, ChunkInserter(file, packet.chunks, unknown))
    if kind == "jpeg":
        head = jfif(resolution_of(picture) if picture.resolution else None) + metadata_segments(
            exif=packet.exif,
            xmp=packet.xmp,
            profile=packet.profile,
            photoshop=packet.iptc,
            comments=packet.comments,
        )
        return cast(BinaryIO, SegmentInserter(file, head))
    if kind == "webp":
        extender = WebpExtender(
            file,
            (picture.width, picture.height),
            has_alpha=picture.has_alpha,
            profile=packet.profile,
            exif=packet.exif,
            xmp=packet.xmp,
        )
        return cast(BinaryIO, extender)
    return file


def tiff_fields(picture: Picture, packet: Packet) -> Directory:
    """What are fields of a TIFF file: the packet but for Exif, and what extra channels are."""
    iptc = packet.iptc
    blocks = {
        _XMP: (1, packet.xmp),
        _IPTC: (7, None if iptc is None else iptc_fields(iptc)),
        _PHOTOSHOP: (1, iptc),
        _PROFILE: (7, packet.profile),
    }
    fields: Directory = {
        tag: Value(kind, len(data), data)
        for tag, (kind, data) in blocks.items()
        if data is not None
    }
    if picture.resolution is None:
        # As square as nothing, where libvips would tell one; the tags are required.
        fields |= {_ACROSS: fraction(1, 1), _DOWN: fraction(1, 1), _UNIT: short(1)}
    return fields | {_ORIENTATION: short(1)} | _channel_fields(picture)


def _channel_fields(picture: Picture) -> Directory:
    """What the channels beyond the colors are, where libvips would call them all alpha."""
    if picture.extras is None:
        return {}
    return {_EXTRA_SAMPLES: shorts(*[2] * picture.has_alpha, *[0] * picture.extra_channels)}


def resolution_of(picture: Picture) -> tuple[float, float]:
    """Pixels per millimetre across and down, as libvips takes them."""
    across, down = picture.resolution or (_DEFAULT_RESOLUTION, _DEFAULT_RESOLUTION)
    return min(max(across, 1e-3), MAX_RESOLUTION), min(max(down, 1e-3), MAX_RESOLUTION)
