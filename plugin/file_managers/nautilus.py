"""Nautilus (GNOME Files): an executable file in its folder of scripts, named as the menu says it.

Nautilus starts it in the folder that is shown, with the names of the selected files, and without
any where the folder is not on this machine's disks.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from dreamlayer.plugin.file_managers.entry import FileEntry, data_home
from dreamlayer.plugin.file_managers.words import TITLE

_SH = """#!/bin/sh
for name; do
  case $name in /*) ;; *) name=$PWD/$name ;; esac
  shift
  set -- "$@" "$name"
done
exec {script} "$@"
"""


def _content(script: Path) -> bytes:
    return os.fsencode(_SH.format(script=shlex.quote(str(script))))


NAUTILUS = FileEntry(
    manager="Files (Nautilus)",
    hint=f"Scripts > {TITLE} in its menu",
    program="nautilus",
    place=lambda machine: data_home(machine) / "nautilus" / "scripts" / TITLE,
    content=_content,
    executable=True,
)
