"""Pictures in and out: `open` or `read` a file, `check_target` early, `write` at the end."""

from core.images.picture import FORMATS, Picture
from core.images.reading import MAX_MEGAPIXELS, Source, open, read
from core.images.writing import check_target, write

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
