"""Pictures in and out: `open` or `read` a file, `check_target` early, `write` at the end."""

from dreamlayer.core.images.picture import FORMATS, Picture
from dreamlayer.core.images.reading import MAX_MEGAPIXELS, Source, open, read
from dreamlayer.core.images.writing import check_target, write

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
