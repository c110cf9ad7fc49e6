"""Values of TIFF fields mean what their types say, and fit into classic files or are dropped."""

from __future__ import annotations

import io
import struct

import pytest
from metadata_samples import big_exif

from dreamlayer.core.images.containers.tiff_directories import read_directory, read_header
from dreamlayer.core.images.containers.tiff_values import Value, long, to_classic


def test_64_bit_numbers() -> None:
    """They become 32-bit ones where they fit, and are dropped where not."""
    file = io.BytesIO(big_exif("<", (1, 16, 1, 7), (2, 16, 1, 2**32), (3, 17, 1, 2**64 - 2)))
    found = read_directory(file, *read_header(file)).fields
    assert to_classic(found) == {1: long(7), 3: Value(9, 1, b"\xfe\xff\xff\xff")}


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (Value(3, 2, b"\1\0\0\1"), (1, 256)),
        (Value(8, 1, b"\xff\xff"), (-1,)),
        (Value(5, 2, struct.pack("<4I", 1, 4, 1, 0)), (0.25, 0.0)),
        (Value(10, 1, struct.pack("<2i", -1, 2)), (-0.5,)),
        (Value(17, 1, struct.pack("<q", -(2**40))), (-(2**40),)),
        (Value(2, 2, b"1\0"), ()),
    ],
)
def test_quantities(value: Value, meant: tuple[float, ...]) -> None:
    """Numbers of every type are what they mean; text is none."""
    assert value.quantities() == meant
