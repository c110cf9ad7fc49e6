"""Let libvips read and write Python file objects.

So system errors arrive as Python exceptions, and any file name that the system allows works.
"""

from __future__ import annotations

import errno
import functools
import sys
from typing import Any, BinaryIO

from dreamlayer.core.errors import PictureError, bare
from dreamlayer.core.interruption import requested


@functools.cache
def library() -> Any:
    """Import and set up pyvips on first use, so that importing `core.images` stays fast.

    Its cache of operations, which would hold up to 100 MB of decoded pictures, belongs to the whole
    process: a host that has imported pyvips before keeps its own setting.
    """
    hosts = "pyvips" in sys.modules
    try:
        import pyvips
    except OSError as error:
        reason = str(error).partition("  ")[0].strip().rstrip(".")
        raise PictureError(
            f"libvips does not load ({bare(reason)}); close other programs, or run: python -m pip "
            "install --force-reinstall pyvips-binary"
        ) from error
    if not hosts:
        pyvips.cache_set_max(0)
    return pyvips


class Stream:
    """A binary file object as libvips can use it.

    libvips calls it from its own threads through C, where an exception would be printed and
    lost. So the first exception is stored in `failure` and libvips is told that the call failed;
    the caller raises `failure` when libvips reports an error. Signal handlers must not raise while
    libvips works (`core.interruption.deferred`); the next call looks whether a signal came.
    """

    failure: BaseException | None = None

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def as_source(self) -> Any:
        """Return a `pyvips.Source`; keep it, and this stream, as long as the image is used."""
        source = library().SourceCustom()
        source.on_read(self._read)
        source.on_seek(self._seek)
        return source

    def as_target(self) -> Any:
        """Return a `pyvips.Target`; the file must be readable and seekable too, for TIFF."""
        target = library().TargetCustom()
        target.on_write(self._write)
        target.on_read(self._read)
        target.on_seek(self._seek)
        return target

    def _has_failed(self) -> bool:
        """Whether a call failed, or the program was asked to stop."""
        if self.failure is None and requested():
            self.failure = KeyboardInterrupt()
        return self.failure is not None

    def _read(self, count: int) -> bytes | None:
        if self._has_failed():
            return None
        try:
            return self._file.read(count)
        except BaseException as failure:
            self.failure = failure
            return None

    def _write(self, data: Any) -> int:
        if self._has_failed():
            return -1
        try:
            self._file.write(data)
        except BaseException as failure:
            self.failure = failure
            return -1
        return len(data)

    def _seek(self, offset: int, whence: int) -> int:
        if self._has_failed():
            return -1
        try:
            return self._file.seek(offset, whence)
        except BaseException as failure:
            # A damaged file can make libvips seek before its start; libvips reports that itself.
            if (
                not isinstance(failure, ValueError)
                and getattr(failure, "errno", None) != errno.EINVAL
            ):
                self.failure = failure
            return -1
