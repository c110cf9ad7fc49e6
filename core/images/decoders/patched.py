"""A file of which some bytes are read as others, to give a decoder simpler tags."""

from __future__ import annotations

from typing import BinaryIO


class Patched:
    """A readable file with some bytes replaced.

    Parameters
    ----------
    file
        A seekable binary file.

    Attributes
    ----------
    patches : dict
        What to read in place of the file's own bytes, by offset.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.patches: dict[int, bytes] = {}

    def read(self, count: int = -1) -> bytes:
        """Read as the file does."""
        if not self.patches:
            return self._file.read(count)
        start = self._file.tell()
        data = self._file.read(count)
        for at, patch in self.patches.items():
            if start < at + len(patch) and at < start + len(data):
                changed = bytearray(data)
                for i, byte in enumerate(patch):
                    if start <= at + i < start + len(data):
                        changed[at + i - start] = byte
                data = bytes(changed)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Seek as the file does."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Position, as the file has it."""
        return self._file.tell()
