"""Of the files that were selected in a file manager, those to dream on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dreamlayer.core.cli.targets import reads
from dreamlayer.core.errors import PictureError


@dataclass(frozen=True)
class Selection:
    """Selected files.

    Attributes
    ----------
    pictures : sequence of str
        The full paths of pictures, each once.
    others : sequence of str
        What else was selected: other files, folders, and GIFs, beside which no GIF can be put.
    """

    pictures: Sequence[str]
    others: Sequence[str]


def select(names: Sequence[str]) -> Selection:
    """Tell pictures from other files.

    As for folders on the command line, endings tell, and the content where there is none. What
    cannot be read counts as a picture, and fails with the reason.
    """
    pictures, others = dict[str, None](), dict[str, None]()
    for name in names:
        path = os.path.abspath(name)  # noqa: PTH100 - links stay
        found = pictures if _is_picture(Path(path)) else others
        found[path] = None
    return Selection(list(pictures), list(others))


def _is_picture(path: Path) -> bool:
    if path.is_dir() or path.suffix.lower() == ".gif":
        return False
    return reads(path.name) or (not path.suffix and _begins_like_picture(path))


def _begins_like_picture(path: Path) -> bool:
    from dreamlayer.core.images.decoders.sniffing import sniff

    try:
        with path.open("rb") as file:
            return sniff(file, str(path)) != "gif"
    except (OSError, PictureError):
        return False
