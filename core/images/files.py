"""Picture files as the operating system sees them: what format one is, and safe replacement."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from core.errors import OutputError, PictureError
from core.images.picture import FORMATS
from core.images.png_chunks import is_animated

ALLOWED = "PNG, JPEG, TIFF and WebP"

_MARKS = (
    ("png", b"\x89PNG\r\n\x1a\n"),
    ("jpeg", b"\xff\xd8\xff"),
    ("tiff", b"II*\0"),
    ("tiff", b"MM\0*"),
    ("tiff", b"II+\0"),
    ("tiff", b"MM\0+"),
)
_STRANGERS = (
    (0, b"GIF8", "a GIF animation"),
    (0, b"%PDF", "a PDF document"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"gimp xcf", "a GIMP document"),
    (0, b"BM", "a BMP picture"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (4, b"JXL ", "a JPEG XL picture"),
    (4, b"jP  ", "a JPEG 2000 picture"),
    (4, b"ftyp", "a HEIC, AVIF or video file"),
    (0, b"v/1\x01", "an OpenEXR picture"),
)


def sniff(file: BinaryIO, name: str) -> str:
    """Return the format of a picture from its first bytes, whatever its name says.

    Parameters
    ----------
    file
        A seekable binary file; it is left at its start.
    name
        What messages call it.

    Returns
    -------
    str
        A key of `core.images.picture.FORMATS`.

    Raises
    ------
    PictureError
        The file is empty, no picture, of another format, or an animated PNG.
    """
    file.seek(0)
    head = file.read(512)
    if not head:
        raise PictureError(f"{name} is empty; give a picture file with something in it")
    found = next((kind for kind, mark in _MARKS if head.startswith(mark)), None)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        found = "webp"
    if found is None:
        text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        what = next((w for at, mark, w in _STRANGERS if head[at:].startswith(mark)), None)
        if what is None and (text.startswith(b"<svg") or b"<svg" in text):
            what = "an SVG drawing"
        raise PictureError(
            f"{name} is {what or 'not a picture'}; {ALLOWED} can be read: export it as one of "
            "them first"
        )
    if found == "png" and is_animated(file):
        raise many_pages(name, "an animation")
    file.seek(0)
    return found


def many_pages(name: str, what: str) -> PictureError:
    """Return the error for a file that holds more than one picture."""
    return PictureError(
        f"{name} is {what}, and only single pictures can be read; save the page you want as a "
        "file of its own"
    )


def output_format(target: str | os.PathLike[str], format: str | None) -> str:
    """Return the format to write: `format` if given, else by the name's ending, '-' is PNG.

    Raises
    ------
    OutputError
        `format` or the ending is none of those known.
    """
    if format is not None:
        chosen = format.lower()
        for known, endings in FORMATS.items():
            if chosen == known or f".{chosen}" in endings:
                return known
        raise OutputError(f"the format {format!r} is not known; use {', '.join(FORMATS)}")
    if target == "-":
        return "png"
    ending = Path(target).suffix.lower()
    for known, endings in FORMATS.items():
        if ending in endings:
            return known
    came = f"the ending {ending!r} is not known" if ending else "the name has no ending"
    raise OutputError(
        f"cannot tell the format of {os.fspath(target)!r}: {came}; use .png, .jpg, .tif or .webp, "
        "or name the format"
    )


def check_writable(target: str | os.PathLike[str]) -> None:
    """Raise unless a file can be put at `target`, without touching anything.

    Raises
    ------
    OutputError
        The target is a folder or a device, its folder is missing, or writing is not permitted.
    """
    path = Path(os.path.realpath(target))
    name = repr(os.fspath(target))
    try:
        state: os.stat_result | None = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        state = None
    except (OSError, ValueError) as failure:
        raise _output_error(target, failure) from failure
    if not os.fspath(target):
        raise OutputError("the output has no name; give a file name such as dream.png")
    if state is not None and stat.S_ISDIR(state.st_mode):
        raise OutputError(f"{name} is a folder; give the name of a file in it")
    if state is not None and not stat.S_ISREG(state.st_mode):
        raise OutputError(
            f"{name} is not an ordinary file; give a file name, or '-' for standard output"
        )
    if not path.parent.is_dir():
        raise OutputError(
            f"the folder {str(path.parent)!r} does not exist; create it or give another output"
        )
    if state is not None and not os.access(path, os.W_OK):
        raise OutputError(f"{name} is write-protected; allow writing or give another output")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise OutputError(
            f"writing into the folder {str(path.parent)!r} is not permitted; give another output"
        )


@contextlib.contextmanager
def replacing(target: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Give a new file beside `target` that takes its place if the block ends well.

    Whatever ends the block early, the target stays as it was and the new file is removed. An
    existing target keeps its permission bits, a link keeps pointing where it points, and a new
    file gets the permissions that the user's umask grants.

    Parameters
    ----------
    target
        The file to replace or create.

    Yields
    ------
    BinaryIO
        An empty file, readable and seekable.

    Raises
    ------
    OutputError
        The operating system refused: disk full, no permission, folder gone.
    """
    path = Path(os.path.realpath(target))
    # A short name of our own, because the target's name may already be as long as names can be.
    fresh = path.with_name(f".dreamlayer-{secrets.token_hex(8)}.part")
    try:
        # Not tempfile, whose files only their owner can read.
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(fresh, flags, 0o666), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileNotFoundError):
            fresh.chmod(stat.S_IMODE(path.stat().st_mode))
        fresh.replace(path)
    except OSError as failure:
        raise _output_error(target, failure) from failure
    finally:
        fresh.unlink(missing_ok=True)
    if os.name != "nt":
        _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself survive a power cut, on file systems that can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _output_error(target: str | os.PathLike[str], failure: OSError | ValueError) -> OutputError:
    name = repr(os.fspath(target))
    number = getattr(failure, "errno", None)
    if number in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        reason = "the disk is full; free some space or give an output on another disk"
    elif isinstance(failure, PermissionError):
        reason = "writing there is not permitted; give another output"
    else:
        reason = f"{getattr(failure, 'strerror', None) or failure}; give another output"
    return OutputError(f"cannot write {name}: {reason}")
