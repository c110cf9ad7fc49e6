"""A patched file reads as the file with some bytes replaced, however it is read."""

from __future__ import annotations

import io

from dreamlayer.core.images.decoders.patched import Patched


def test_every_piece_is_patched() -> None:
    """Patches at the ends, across reads, and beyond the end."""
    data = bytes(range(20))
    view = Patched(io.BytesIO(data))
    assert view.read() == data
    view.patches = {0: b"ab", 9: b"cde", 19: b"fgh"}
    expected = b"ab" + data[2:9] + b"cde" + data[12:19] + b"f"
    for size in 1, 2, 3, 7, 20, -1:
        view.seek(0)
        found = b""
        while piece := view.read(size):
            found += piece
        assert found == expected
    assert view.seek(-1, 2) == view.tell() == 19
