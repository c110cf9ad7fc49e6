"""Name what a file is that no reader takes, by its content, so that a message can say it."""

from __future__ import annotations

from typing import BinaryIO

HEAD_BYTES = 512
"""So many first bytes are looked at."""

_ENDING_BYTES = 18

_MARKS = (
    (0, b"%PDF", "a PDF document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript document"),
    (0, b"8BPS\0\1", "a Photoshop document (PSD)"),
    (0, b"8BPS\0\2", "a large Photoshop document (PSB)"),
    (0, b"gimp xcf", "a GIMP document (XCF)"),
    (30, b"mimetypeimage/openraster", "an OpenRaster document"),
    (30, b"mimetypeapplication/x-krita", "a Krita document"),
    (0, b"PK\3\4", "a ZIP archive or an office document"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (0, b"\0\0\0\x0cJXS \r\n\x87\n", "a JPEG XS picture"),
    (0, b"II\xbc", "a JPEG XR picture"),
    (0, b"v/1\x01", "an OpenEXR picture"),
    (0, b"#?RADIANCE", "a Radiance HDR picture"),
    (0, b"#?RGBE", "a Radiance HDR picture"),
    (0, b"qoif", "a QOI picture"),
    (0, b"icns", "an icon of macOS (ICNS)"),
    (0, b"DDS ", "a DirectDraw texture (DDS)"),
    (0, b"\xabKTX ", "a KTX texture"),
    (0, b"FLIF", "a FLIF picture"),
    (0, b"farbfeld", "a farbfeld picture"),
    (0, b"BPG\xfb", "a BPG picture"),
    (0, b"\x8aMNG\r\n\x1a\n", "an MNG animation"),
    (0, b"\x8bJNG\r\n\x1a\n", "a JNG picture"),
    (0, b"SIMPLE  =", "a FITS picture"),
    (0, b"SDPX", "a DPX picture"),
    (0, b"XPDS", "a DPX picture"),
    (0, b"AT&TFORM", "a DjVu document"),
    (0, b"P7\n", "a PAM picture"),
    (0, b"/* XPM", "an XPM picture"),
    (0, b"\xd7\xcd\xc6\x9a", "a Windows metafile (WMF)"),
    (40, b" EMF", "a Windows metafile (EMF)"),
    (128, b"DICM", "a DICOM picture"),
    (0, b"\x59\xa6\x6a\x95", "a Sun raster picture"),
    (0, b"\x01\xda", "an SGI picture"),
    (0, b"FUJIFILMCCD-RAW", "a camera raw file (RAF)"),
    (0, b"IIRO", "a camera raw file (ORF)"),
    (0, b"IIRS", "a camera raw file (ORF)"),
    (0, b"MMOR", "a camera raw file (ORF)"),
    (0, b"IIU\0", "a camera raw file (RW2)"),
    (0, b"FOVb", "a camera raw file (X3F)"),
    (0, b"\0MRM", "a camera raw file (MRW)"),
    (6, b"HEAPCCDR", "a camera raw file (CRW)"),
    (0, b"\x1a\x45\xdf\xa3", "a video (Matroska or WebM)"),
    (8, b"AVI ", "a video (AVI)"),
    (8, b"WAVE", "a sound file (WAV)"),
    (0, b"\0\0\1\xba", "a video (MPEG)"),
    (0, b"\0\0\1\xb3", "a video (MPEG)"),
    (0, b"FLV\1", "a video (FLV)"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a video (WMV)"),
    (4, b"moov", "a video (QuickTime)"),
    (4, b"mdat", "a video (QuickTime)"),
    (4, b"wide", "a video (QuickTime)"),
    (0, b"ID3", "a sound file (MP3)"),
    (0, b"OggS", "a sound or video file (Ogg)"),
    (0, b"fLaC", "a sound file (FLAC)"),
    (0, b"\x1f\x8b", "a compressed file (gzip)"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"version https://git-lfs", "a Git LFS pointer in place of the file"),
)
_PORTABLE = ("PBM", "PGM", "PPM")
_TEXT_MARKS = (
    (b"<svg", "an SVG drawing"),
    (b"<!doctype html", "a web page (HTML)"),
    (b"<html", "a web page (HTML)"),
)


def name_of(file: BinaryIO) -> str | None:
    """Name the format of a file in words, such as "a PDF document"; None if it is unknown.

    Parameters
    ----------
    file
        A seekable binary file; its position is changed.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    for at, mark, words in _MARKS:
        if head[at:].startswith(mark):
            return words
    # TGA files may begin with the same four bytes, but not with a number of pictures.
    if head[:4] in (b"\0\0\1\0", b"\0\0\2\0") and any(head[4:6]):
        return "an icon (ICO)" if head[2] == 1 else "a Windows cursor (CUR)"
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    # A digit and white space: a portable bitmap. Letters of a text may begin so too, hence both.
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in (b" ", b"\n", b"\r", b"\t"):
        return f"a PNM picture ({_PORTABLE[(head[1] - ord('1')) % 3]})"
    if head[:2] in (b"PF", b"Pf") and head[2:3] == b"\n":
        return "a PFM picture"
    if head[:1] == b"\x0a" and head[1:2] in b"\0\2\3\4\5" and head[2:3] == b"\1":
        return "a PCX picture"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<"):
        for mark, words in _TEXT_MARKS:
            if mark in text:
                return words
    return "a TGA picture" if _ends_as_targa(file, head) else None


def _iso_media(head: bytes) -> str:
    """What a file of the ISO base media format is that holds no still picture that we read."""
    brand = head[8:12]
    if brand == b"crx ":
        return "a camera raw file (CR3)"
    if brand in (b"M4A ", b"M4B "):
        return "a sound file (M4A)"
    return "a video (QuickTime)" if brand == b"qt  " else "a video (MP4 or the like)"


def _ends_as_targa(file: BinaryIO, head: bytes) -> bool:
    """TGA has no mark at its start: version 2 has one at the end, version 1 only typical values."""
    end = file.seek(0, 2)
    if end >= _ENDING_BYTES:
        file.seek(end - _ENDING_BYTES)
        if file.read(16) == b"TRUEVISION-XFILE":
            return True
    if len(head) < _ENDING_BYTES or head[1] > 1:
        return False
    typical = head[2] in (1, 2, 3, 9, 10, 11) and head[16] in (8, 15, 16, 24, 32)
    mapped = head[1] == 1 and head[7] in (15, 16, 24, 32)
    plain = head[1] == 0 and head[3:8] == bytes(5)
    width, height = (int.from_bytes(head[at : at + 2], "little") for at in (12, 14))
    return typical and (mapped or plain) and width > 0 and height > 0 and end > _ENDING_BYTES
