"""Output files: checked before the work, written atomically, and what killed processes left."""

from dreamlayer.core.files.replacement import replace_file, replacing
from dreamlayer.core.files.writable import check_writable

__all__ = ["check_writable", "replace_file", "replacing"]
