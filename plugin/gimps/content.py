"""What is installed in GIMP: all that it shares with other editors, and its own two sides."""

from __future__ import annotations

from pathlib import Path

from dreamlayer.plugin.folder import NAME, SOURCE, source_files, thumbnails
from dreamlayer.plugin.machine import InstallError

ENTRY = f"{NAME}.py"
"""What GIMP starts."""

PROCEDURE = "plug-in-deep-dream"
"""What the filter registers as."""

_PYTHON_3 = b"#!/usr/bin/env python3"
_PYTHON_2 = b"#!/usr/bin/env python"
_OTHERS = ("pykrita/",)


def plugin_files(
    version: str, source: Path = SOURCE, pictures: Path | None = None
) -> dict[str, bytes]:
    """What is installed for a GIMP of this version: names under the folder, with contents.

    The first line of the entry names the Python: GIMP 2.10 knows its Python 2.7 as `python` only
    (see its file `pygimp.interp`), GIMP 3 as `python3`.

    Parameters
    ----------
    version : str
        GIMP's version.
    source : Path
        The plug-in's files in this copy of dreamlayer.
    pictures : Path, optional
        Where pictures of the presets are; those of this copy of dreamlayer by default.

    Raises
    ------
    InstallError
        This copy of dreamlayer lacks the plug-in's files.
    """
    found = source_files(lambda name: not name.startswith(_OTHERS), source)
    if ENTRY not in found:
        raise InstallError(f"{source} lacks {ENTRY}; reinstall dreamlayer")
    found |= thumbnails() if pictures is None else thumbnails(pictures)
    if version == "2.10":
        found[ENTRY] = found[ENTRY].replace(_PYTHON_3, _PYTHON_2, 1)
    return found
