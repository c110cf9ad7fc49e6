"""What is installed in Krita: all that it shares with other editors, and its own side."""

from __future__ import annotations

from pathlib import Path

from dreamlayer.plugin.folder import NAME, SOURCE, source_files, thumbnails
from dreamlayer.plugin.machine import InstallError

ENTRY = "__init__.py"
"""What Krita imports."""

DESKTOP = f"{NAME}.desktop"
"""What Krita finds the plug-in by, beside its folder."""

_OWN = "pykrita/"
_SHARED = ("editor/", "locale/", "description.json", _OWN)
_MOVED = {"entry.py": ENTRY, "Manual.html": "Manual.html"}
"""Where files of its own side go, since Krita looks for them there."""


def plugin_files(source: Path = SOURCE) -> dict[str, bytes]:
    """What is installed for every Krita: names under the folder, with contents.

    Raises
    ------
    InstallError
        This copy of dreamlayer lacks the plug-in's files.
    """
    found = source_files(lambda name: name.startswith(_SHARED), source)
    found.pop(_OWN + DESKTOP, None)
    for name, place in _MOVED.items():
        if _OWN + name not in found:
            raise InstallError(f"{source / _OWN / name} is missing; reinstall dreamlayer")
        found[place] = found.pop(_OWN + name)
    return {**found, **thumbnails()}


def desktop_file(source: Path = SOURCE) -> dict[str, bytes]:
    """The file beside the folder.

    Raises
    ------
    InstallError
        This copy of dreamlayer lacks it.
    """
    path = source / _OWN / DESKTOP
    try:
        return {DESKTOP: path.read_bytes()}
    except FileNotFoundError as error:
        raise InstallError(f"{path} is missing; reinstall dreamlayer") from error
