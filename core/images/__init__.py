"""Pictures in and out: `open` or `read` a file, `check_target` early, `write` at the end."""

from dreamlayer.core.images.formats import FORMATS as FORMATS
from dreamlayer.core.images.formats import READ as READ
from dreamlayer.core.images.picture import Picture as Picture
from dreamlayer.core.images.reading import MAX_MEGAPIXELS as MAX_MEGAPIXELS
from dreamlayer.core.images.reading import open as open
from dreamlayer.core.images.reading import read as read
from dreamlayer.core.images.source import Source as Source
from dreamlayer.core.images.writing import check_target as check_target
from dreamlayer.core.images.writing import encoder_bytes as encoder_bytes
from dreamlayer.core.images.writing import write as write
