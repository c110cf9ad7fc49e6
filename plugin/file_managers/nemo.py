"""Nemo: an action file, shown for pictures.

Nemo puts the names of the files between the quotes that are asked for, and escapes these in them.
"""

from __future__ import annotations

import os
from pathlib import Path

from dreamlayer.plugin.file_managers.entry import FileEntry, data_home
from dreamlayer.plugin.file_managers.words import (
    MIME_TYPES,
    TITLE,
    desktop_comments,
    desktop_program,
)


def _content(script: Path) -> bytes:
    return os.fsencode(
        f"""[Nemo Action]
Name={TITLE}
{desktop_comments()}
Exec={desktop_program(str(script))} %F
Icon-Name=applications-graphics
Selection=notnone
Mimetypes={";".join(MIME_TYPES)};
Quote=double
"""
    )


NEMO = FileEntry(
    manager="Nemo",
    hint=f"{TITLE} in its menu",
    program="nemo",
    place=lambda machine: data_home(machine) / "nemo" / "actions" / "dreamlayer.nemo_action",
    content=_content,
)
