"""What XMP may say of a new picture: what told of the old file, container or pixels is dropped."""

from __future__ import annotations

import re

from dreamlayer.core.images.metadata.xmp_packet import Name

GAIN_MAP = "its gain map for HDR displays"
MOTION = "its motion photo"
DEPTH_MAP = "its depth map"
DEPTH = "its depth map and embedded pictures"
EXTENDED = "its extended XMP"
VENDORS = "what the telephone noted in its XMP of the old file"
CREDENTIALS = "its content credentials, which vouch for the old pixels"
REGIONS = "the places of faces, since the picture is turned upright"
PANORAMA = "its panorama data, since the picture is turned upright"
SILENT = ""
"""Dropped without a word: it is renewed from the picture, or serves the old file only."""

_DC = "http://purl.org/dc/elements/1.1/"
_TIFF = "http://ns.adobe.com/tiff/1.0/"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_EXIF_EX = "http://cipa.jp/exif/1.0/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_MM = "http://ns.adobe.com/xap/1.0/mm/"
_PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
_PDF = "http://ns.adobe.com/pdf/1.3/"
_REFERENCE = "http://ns.adobe.com/xap/1.0/sType/ResourceRef#"
_GOOGLE = "http://ns.google.com/photos/"
_PANORAMA = _GOOGLE + "1.0/panorama/"
_DIGIKAM = "http://www.digikam.org/ns/1.0/"
_DARKTABLE = "http://darktable.sf.net/"
_FACES = "http://ns.apple.com/faceinfo/1.0/"
_ACDSEE_REGIONS = "http://ns.acdsee.com/regions/"
_IPTC_EXT = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WHOLE: dict[str, str] = {
    "http://ns.adobe.com/hdr-gain-map/1.0/": GAIN_MAP,
    "http://ns.apple.com/HDRGainMap/1.0/": GAIN_MAP,
    "http://ns.adobe.com/hdr-metadata/1.0/": GAIN_MAP,
    "http://ns.apple.com/pixeldatainfo/1.0/": SILENT,
    "http://ns.adobe.com/xmp/note/": EXTENDED,
    "http://ns.adobe.com/xap/1.0/g/img/": SILENT,
    "http://ns.adobe.com/xap/1.0/t/pg/": SILENT,
    "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#": SILENT,
    "http://ns.adobe.com/xap/1.0/sType/ManifestItem#": SILENT,
    "http://ns.adobe.com/illustrator/1.0/": SILENT,
    "http://ns.adobe.com/indesign/1.0/": SILENT,
    # Develop settings: a program that finds them would apply them again.
    "http://ns.adobe.com/camera-raw-settings/1.0/": SILENT,
    "http://ns.adobe.com/camera-raw-saved-settings/1.0/": SILENT,
    "http://ns.adobe.com/camera-raw-defaults/1.0/": SILENT,
    "http://ns.adobe.com/camera-raw-embedded-lens-profile/1.0/": SILENT,
    "http://ns.adobe.com/dng/1.0/": SILENT,
}
"""Namespaces that go as a whole, and what is said of it."""

_VENDORS = tuple(
    f"http://ns.{name}.com/" for name in ("apple", "oplus", "xiaomi", "vivo", "huawei", "honor")
)
"""How the namespaces of telephones begin, which tell what else is in the file and of what size."""

_KEPT: dict[str, frozenset[str]] = {
    _TIFF: _names("Make Model Artist Copyright ImageDescription DateTime Software HostComputer"),
    _MM: frozenset(("DocumentID", "OriginalDocumentID")),
    _PDF: frozenset(("Keywords", "Author", "Title", "Subject")),
    _DARKTABLE: frozenset(("colorlabels", "rating")),
}
"""Namespaces of which only some properties describe the subject."""

_DROPPED: dict[str, frozenset[str]] = {
    _DC: frozenset(("format",)),
    _EXIF: _names(
        "PixelXDimension PixelYDimension Orientation ColorSpace ComponentsConfiguration "
        "CompressedBitsPerPixel NativeDigest MakerNote ImageWidth ImageLength BitsPerSample "
        "PhotometricInterpretation SamplesPerPixel Compression StripOffsets StripByteCounts "
        "RowsPerStrip PlanarConfiguration YCbCrCoefficients YCbCrPositioning YCbCrSubSampling "
        "InteroperabilityIndex InteroperabilityVersion JPEGInterchangeFormat "
        "JPEGInterchangeFormatLength XResolution YResolution ResolutionUnit"
    ),
    _EXIF_EX: frozenset(("InteropIndex", "InteroperabilityIndex", "Gamma")),
    _XMP: frozenset(("Thumbnails", "PageInfo", "Format")),
    _PHOTOSHOP: _names(
        "ColorMode ICCProfile TextLayers DocumentAncestors History LegacyIPTCDigest "
        "EmbeddedXMPDigest SidecarForExtension LayerName LayerText"
    ),
    _REFERENCE: frozenset(("filePath", "fromPart", "toPart", "alternatePaths", "maskMarkers")),
    _DIGIKAM: frozenset(("ImageHistory", "ImageUniqueID")),
    "http://ns.adobe.com/lightroom/1.0/": frozenset(("privateRTKInfo",)),
    "http://ns.useplus.org/ldf/xmp/1.0/": _names(
        "ImageFileSizeAsDelivered FileNameAsDelivered ImageFileFormatAsDelivered"
    ),
}

_PROVENANCE = ("http://purl.org/dc/terms/", "provenance")
"""Where C2PA notes the address of what vouches for the old pixels."""

_TURNED: dict[Name, str] = {
    ("http://www.metadataworkinggroup.com/schemas/regions/", "Regions"): REGIONS,
    ("http://ns.microsoft.com/photo/1.2/", "RegionInfo"): REGIONS,
    (_IPTC_EXT, "ImageRegion"): REGIONS,
    (_EXIF, "SubjectArea"): SILENT,
    (_EXIF, "SubjectLocation"): SILENT,
    (_EXIF, "FocalPlaneXResolution"): SILENT,
    (_EXIF, "FocalPlaneYResolution"): SILENT,
}
"""What holds coordinates of the stored pixels, and is false once these are turned."""

_SCHEMES = "file|smb|afp|nfs|cifs|dav|content|ph|assets-library"
_OWN = "home|Users|Volumes|root|mnt|storage|sdcard|cygdrive|Network"
_SYSTEM = (
    "tmp|media|private|var|srv|opt|usr|data|run|scratch|work|gpfs|lustre|nfs|net|nix|etc|app|snap|"
    "Applications|Library|System|workspace"
)
# Behind a slash no name of a file begins with a space, but a title may go on: "C:/ minor".
_PATH = re.compile(
    rf"(?:(?:{_SCHEMES}):[\\/](?!\s)|[A-Za-z]:[\\/](?!\s)|\\\\[^\\\s]|~[\w.-]*[\\/](?!\s)"
    rf"|%[A-Za-z_][\w()]*%[\\/]|\$(?:env:)?\{{?[A-Za-z_]\w*\}}?[\\/]|/(?:{_OWN})/(?!\s))[^\r\n]*"
    rf"|/(?:{_SYSTEM})/\S*"
    r"|/(?:[^/\s][^/\r\n]*/)+[^/\s][^/\r\n]*\.[A-Za-z]\w{0,4}",
    re.IGNORECASE,
)
_QUOTES = "\"'<>\0 \t\r\n"


def names_local_path(value: str) -> bool:
    """Whether a value is, as a whole, the name of a file on somebody's machine, also in quotes."""
    # No system takes longer names.
    return len(value) <= 4096 and _PATH.fullmatch(value.strip(_QUOTES)) is not None


def dropped_namespace(space: str) -> bool:
    """Whether nothing in a namespace is kept."""
    return (
        space in _WHOLE
        or space.startswith(tuple(_VENDORS))
        or (space.startswith(_GOOGLE) and space != _PANORAMA)
    )


def _is_vendors(space: str) -> bool:
    return space.startswith(_VENDORS) and space != _FACES


def why_dropped(name: Name, *, turned: bool) -> str | None:
    """Why a property is dropped: words for a note, or `SILENT`; None for one that is kept.

    Parameters
    ----------
    name
        Namespace and local name of an element or attribute, at any depth.
    turned
        Whether the pixels are turned or mirrored against those of the file.
    """
    space, local = name
    if space in _WHOLE:
        return _WHOLE[space]
    if _is_vendors(space):
        motion = local.startswith(("Motion", "MicroVideo", "Video", "OLivePhoto"))
        depth = "depth" in (space + local).lower()
        return MOTION if motion else DEPTH_MAP if depth else VENDORS
    if space.startswith(_GOOGLE) and space != _PANORAMA:
        if local.startswith(("Motion", "MicroVideo")):
            return MOTION
        if "depth" in space or "/dd/" in space or space.endswith("/image/"):
            return DEPTH
        return SILENT
    if space in _KEPT and local not in _KEPT[space]:
        return SILENT
    if local in _DROPPED.get(space, ()):
        return SILENT
    if name == _PROVENANCE:
        return CREDENTIALS
    if turned:
        if space == _PANORAMA:
            return PANORAMA
        return REGIONS if space == _ACDSEE_REGIONS else _TURNED.get(name)
    return None
