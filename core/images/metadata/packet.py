"""All that a written file holds beside its pixels, made before the work, as its format allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dreamlayer.core.errors import OutputError, shown
from dreamlayer.core.images.containers.png_chunks import Chunk
from dreamlayer.core.images.formats import NAMES
from dreamlayer.core.images.metadata import jpeg_segments, png_metadata
from dreamlayer.core.images.metadata.exif import (
    finished_exif,
    listed,
    renewed_exif,
    without_largest,
    without_maker_note,
)
from dreamlayer.core.images.metadata.file_metadata import Metadata, left_out
from dreamlayer.core.images.metadata.photoshop import holds_rights, iptc_fields
from dreamlayer.core.images.metadata.png_colors import meaning_of
from dreamlayer.core.images.metadata.xmp import renewed
from dreamlayer.core.images.metadata.xmp_packet import MAX_BYTES, XmpError
from dreamlayer.core.images.metadata.xmp_writing import TEXT_FIELDS, composed, displaced, shortened
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.images.profiles.sound_profile import sound_profile

# libpng reads no longer chunk, unless it is told to.
_MAX_PROFILE = {"jpeg": jpeg_segments.MAX_PROFILE, "png": 7_900_000}


@dataclass(frozen=True)
class Packet:
    """What a file of one format holds beside its pixels.

    Parameters
    ----------
    profile, exif, xmp
        As in `Picture`, or None.
    iptc
        Photoshop's image resources, or None.
    comments
        A JPEG's comments.
    chunks
        A PNG's chunks, all of them.
    notes
        What the format cannot hold, and what `Picture.notes` has, each a sentence without its end.
    """

    profile: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    comments: tuple[str, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    notes: tuple[str, ...] = ()


def packet_for(
    of: Metadata | Picture,
    kind: str,
    size: tuple[int, int],
    recipe: str | None,
    *,
    metadata: bool = True,
) -> Packet:
    """Make what a file holds beside its pixels.

    Parameters
    ----------
    of
        What is known of the picture.
    kind
        The format to write, a key of `FORMATS`.
    size
        Width and height in pixels.
    recipe
        Text to store, or None for none.
    metadata
        Whether to store more than what shows the pixels right: profile, color chunks, resolution.

    Raises
    ------
    OutputError
        The recipe holds a character that cannot be stored, or is too long for the format.
    """
    lost: list[str] = []
    colors = png_metadata.color_chunks(of.png_chunks)
    profile = _profile(of.profile, kind, lost)
    if kind != "png" and colors:
        meaning = meaning_of(colors if profile is None else {})
        profile = profile or meaning.profile
        lost += [meaning.lost] if meaning.lost else []
    shown = tuple(colors.items()) if kind == "png" else ()
    if not metadata:
        exif = finished_exif(None, kind, size, of.resolution)
        return _in_chunks(Packet(profile=profile, exif=exif, notes=left_out(lost)), kind, shown)
    texts, kept = _texts(of, kind, lost)
    xmp, about_xmp = renewed(of.xmp)
    lost += about_xmp
    if taken := displaced(xmp, texts):
        lost.append(f"its text {_listed(taken)}, since its XMP says something else in that place")
    xmp = _fitting_xmp(composed(xmp, recipe, texts), kind, recipe, lost)
    packet = Packet(
        profile=profile,
        exif=_fitting_exif(of, kind, size, lost),
        xmp=xmp,
        iptc=_fitting_iptc(of.iptc, kind, lost),
        comments=_comments(of) if kind == "jpeg" else (),
        notes=tuple(dict.fromkeys((*of.notes, *left_out(lost)))),
    )
    return _in_chunks(packet, kind, kept)


def _profile(profile: bytes | None, kind: str, lost: list[str]) -> bytes | None:
    if profile is None:
        return None
    sound = sound_profile(profile)
    if sound is None and profile[16:20] == b"RGB ":
        lost.append("its color profile, which is damaged or of an unknown kind")
    if sound is not None and len(sound) > _MAX_PROFILE.get(kind, len(sound)):
        lost.append(f"its color profile of {len(sound)} bytes, which is too long for {NAMES[kind]}")
        return None
    return sound


def _texts(
    of: Metadata | Picture, kind: str, lost: list[str]
) -> tuple[list[tuple[str, str]], tuple[Chunk, ...]]:
    """Texts that go into XMP, and the chunks of a PNG: its own, and a JPEG's comments."""
    if kind == "png":
        chunks = [*of.png_chunks, *(png_metadata.text_chunk("Comment", one) for one in of.comments)]
        return [], tuple(chunks)
    found: list[tuple[str, str]] = []
    homeless: list[str] = []
    for chunk in of.png_chunks:
        field = png_metadata.text_field(chunk)
        if field is None or not field[1].strip():
            continue
        key = field[0].strip().lower()
        if key == "comment" and kind == "jpeg":
            continue
        if key in TEXT_FIELDS and key not in dict(found):
            found.append((key, field[1]))
        else:
            homeless.append(field[0])
    if kind != "jpeg" and of.comments and "comment" not in dict(found):
        found.append(("comment", "\n".join(of.comments)))
    if homeless:
        lost.append(f"its text {_listed(homeless)}, which only PNG can hold")
    return found, ()


def _comments(of: Metadata | Picture) -> tuple[str, ...]:
    """The comments of a JPEG, or those that a PNG has as text."""
    fields = (png_metadata.text_field(chunk) for chunk in of.png_chunks)
    texts = (text for key, text in filter(None, fields) if key.strip().lower() == "comment")
    return (*of.comments, *texts)


def _fitting_exif(
    of: Metadata | Picture, kind: str, size: tuple[int, int], lost: list[str]
) -> bytes | None:
    exif, about = (None, ()) if of.exif is None else renewed_exif(of.exif)
    lost += about
    exif = finished_exif(exif, kind, size, of.resolution)
    if kind != "jpeg" or exif is None or len(exif) <= jpeg_segments.MAX_EXIF:
        return exif
    whole, exif = exif, without_maker_note(exif)
    if exif != whole:
        lost.append("the maker note in its Exif, which is too long for JPEG")
    if exif is not None and len(exif) > jpeg_segments.MAX_EXIF:
        exif, tags = without_largest(exif, jpeg_segments.MAX_EXIF)
        what = "its Exif" if exif is None else f"the tags {listed(tags)} of its Exif"
        lost.append(f"{what}, which is too long for JPEG")
    return exif


def _fitting_iptc(block: bytes | None, kind: str, lost: list[str]) -> bytes | None:
    if block is None:
        return None
    if kind == "webp":
        lost.append("its IPTC fields, which WebP cannot hold")
        return None
    if kind == "jpeg" and len(block) > jpeg_segments.MAX_PHOTOSHOP:
        lost.append("its IPTC fields, which are too long for JPEG")
        return None
    return block


def _fitting_xmp(xmp: bytes | None, kind: str, recipe: str | None, lost: list[str]) -> bytes | None:
    """XMP without its largest properties, as far as it is too long; the recipe stays."""
    # No more than we would read.
    most = jpeg_segments.MAX_XMP if kind == "jpeg" else MAX_BYTES
    if xmp is None or len(xmp) <= most:
        return xmp
    try:
        xmp, names = shortened(xmp, most)
    except XmpError:
        size = len((recipe or "").encode())
        raise OutputError(
            f"the recipe has {size} bytes, but {NAMES[kind]} allows about {most} for it; "
            f"{'choose .png, .tif or .webp' if kind == 'jpeg' else 'shorten it'}"
        ) from None
    lost.append(f"the properties {_listed(names)} of its XMP, which is too long for {NAMES[kind]}")
    return xmp


def _listed(names: Sequence[str]) -> str:
    """Names from a file, for a note: the first four."""
    first = list(dict.fromkeys(names))
    return ", ".join(shown(name) for name in first[:4]) + ", ..." * (len(first) > 4)


def _in_chunks(packet: Packet, kind: str, kept: Sequence[Chunk]) -> Packet:
    """The packet with all that it holds as chunks too, if it is a PNG's."""
    if kind != "png":
        return packet
    chunks = list(kept)
    if packet.profile is not None:
        chunks.insert(0, png_metadata.profile_chunk(packet.profile))
    if packet.exif is not None:
        chunks.append((b"eXIf", packet.exif))
    if packet.iptc is not None:
        # Fields alone are found by more programs.
        fields = None if holds_rights(packet.iptc) else iptc_fields(packet.iptc)
        chunks.append(png_metadata.iptc_chunk(fields or packet.iptc))
    if packet.xmp is not None:
        chunks.append(png_metadata.xmp_chunk(packet.xmp))
    return Packet(**{**packet.__dict__, "chunks": tuple(chunks)})
