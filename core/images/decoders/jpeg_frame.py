"""Read the header of a JPEG's frame: its size, and the process that it was encoded by."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from dreamlayer.core.images.containers.jpeg_markers import segment_heads

_LS, _START_OF_SCAN = 0xF7, b"\xff\xda"
_FRAMES = {*range(0xC0, 0xD0), _LS} - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class Frame:
    """Header of a frame.

    Parameters
    ----------
    process
        The low byte of its marker (ITU-T T.81 table B.1; T.87 for JPEG-LS).
    bits
        Bits per channel.
    width, height
        Size in pixels.
    channels
        Number of channels.
    """

    process: int
    bits: int
    width: int
    height: int
    channels: int

    @property
    def unsupported(self) -> str | None:
        """What of it decoders of ordinary JPEG lack, with an article; None if nothing."""
        if self.process == _LS:
            return "a JPEG-LS"
        kind = self.process & 3
        if kind == 3:
            return "a lossless JPEG"
        if self.process & 4:
            return "a hierarchical JPEG"
        if self.bits != 8:
            return f"a JPEG of {self.bits} bits per channel"
        if self.channels not in (1, 3, 4):
            return f"a JPEG of {self.channels} channels"
        return None

    @property
    def is_arithmetic(self) -> bool:
        """Whether its coefficients are coded arithmetically, which some builds cannot read."""
        return bool(self.process & 8) and self.process != _LS


def read_frame(file: BinaryIO) -> Frame | None:
    """Return the header of the first frame of a JPEG file; None if none is found.

    Parameters
    ----------
    file
        A seekable JPEG file; its position is changed.
    """
    for marker, _ in segment_heads(file):
        if marker in _FRAMES:
            body = file.read(6)
            if len(body) < 6:
                return None
            bits, height, width, channels = struct.unpack(">BHHB", body)
            return Frame(marker & 0xF if marker != _LS else _LS, bits, width, height, channels)
    return None


def held_samples(file: BinaryIO) -> float:
    """How many samples per pixel a decoder holds until it has read all of a JPEG file.

    Those of all channels, some of which may be subsampled, where they come in several scans, as in
    progressive files; 0 where one scan has all, whose rows are done as they come.

    Parameters
    ----------
    file
        A seekable JPEG file; its position is changed.
    """
    end, process, body = 2, 0, b""
    for marker, length in segment_heads(file):
        end = file.tell() + max(length, 0)
        if marker in _FRAMES and not body:
            process, body = marker & 0xF, file.read(max(length, 0))
    file.seek(end)
    _, _, scan = file.read(64).partition(_START_OF_SCAN)
    count = body[5] if len(body) > 5 else 0
    if len(body) < 6 + 3 * count or not count:
        return 0.0
    if process & 3 != 2 and (len(scan) < 3 or scan[2] >= count):
        return 0.0
    factors = body[7 : 6 + 3 * count : 3]
    across, down = max(one >> 4 for one in factors), max(one & 15 for one in factors)
    return sum((one >> 4) * (one & 15) for one in factors) / ((across * down) or 1)
