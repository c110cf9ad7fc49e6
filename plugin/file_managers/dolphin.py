"""Dolphin and other file managers of KDE: a service menu, shown for pictures.

In the user's own folder a service menu must be executable, or KDE does not trust it.
"""

from __future__ import annotations

import os
from pathlib import Path

from dreamlayer.plugin.file_managers.entry import FileEntry, data_home
from dreamlayer.plugin.file_managers.words import MIME_TYPES, TITLE, desktop_program


def _content(script: Path) -> bytes:
    return os.fsencode(
        f"""[Desktop Entry]
Type=Service
Name={TITLE}
X-KDE-ServiceTypes=KonqPopupMenu/Plugin
MimeType={";".join(MIME_TYPES)};
Actions=deepDream;
X-KDE-Priority=TopLevel

[Desktop Action deepDream]
Name={TITLE}
Icon=applications-graphics
Exec={desktop_program(str(script))} %F
"""
    )


DOLPHIN = FileEntry(
    manager="Dolphin",
    hint=f"{TITLE} in its menu",
    program="dolphin",
    place=lambda machine: data_home(machine) / "kio" / "servicemenus" / "dreamlayer.desktop",
    content=_content,
    executable=True,
)
