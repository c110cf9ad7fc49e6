"""What XMP may say of a new picture: what told of the old file, container or pixels is dropped."""

from __future__ import annotations

import re

from dreamlayer.core.images.metadata.xmp_packet import Name

GAIN_MAP = "its gain map for HDR displays"
MOTION = "its motion photo"
DEPTH_MAP = "its depth map"
DEPTH = "its depth map and embedded pictures"
EXTENDED = "its extended XMP"
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
}

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

_PATH = re.compile(
    r"(?:file:/|[A-Za-z]:[\\/]|\\\\[^\\]|~/|/(?:home|Users|root|tmp|mnt|media|Volumes|private|var|"
    r"srv|opt|usr|data|run|storage|sdcard)/)[^\r\n]*",
    re.IGNORECASE,
)


def names_local_path(value: str) -> bool:
    """Whether a value is, as a whole, the name of a file on somebody's machine."""
    return len(value) <= 4096 and _PATH.fullmatch(value.strip()) is not None


def dropped_namespace(space: str) -> bool:
    """Whether nothing in a namespace is kept."""
    return space in _WHOLE or (space.startswith(_GOOGLE) and space != _PANORAMA)


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
    if turned:
        if space == _PANORAMA:
            return PANORAMA
        return _TURNED.get(name)
    return None
