"""Picture files: `open` or `read` one, `check_target` before the work, `write` the result."""

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
