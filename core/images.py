"""Pictures in and out: `open` or `read` a file, `check_target` early, `write` at the end."""

from core.image_reading import MAX_MEGAPIXELS, Source, open, read
from core.image_writing import check_target, write
from core.picture import FORMATS, Picture

__all__ = [
    "FORMATS",
    "MAX_MEGAPIXELS",
    "Picture",
    "Source",
    "check_target",
    "open",
    "read",
    "write",
]
