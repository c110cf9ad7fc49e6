"""Pictures that a recipe used and that are no file, such as a layer of an editor.

Recipes name them by a digest of their pixels, so that an editor can find them again.
"""

from __future__ import annotations

import re

_NAME = re.compile("picture-[0-9a-f]{64}")


def name_of(digest: str) -> str:
    """What recipes call a picture whose pixels have this SHA-256, in hexadecimal."""
    return f"picture-{digest}"


def is_given(name: str) -> bool:
    """Whether a name in a recipe is that of a picture that is no file."""
    return _NAME.fullmatch(name) is not None
