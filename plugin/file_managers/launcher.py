"""The program that all menu entries start: a small script that knows the Python and the preset.

It lies in a folder of its own among the user's data, beside a file that says what it was made of.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from dreamlayer.core.version import VERSION
from dreamlayer.plugin.file_managers.own_files import read, remove_empty, write
from dreamlayer.plugin.file_managers.words import TITLE
from dreamlayer.plugin.machine import InstallError, Machine

MODULE = "dreamlayer.plugin.file_managers"
"""What the script starts in the chosen Python."""

_SETTINGS = "settings.json"

_SH = """#!/bin/sh
# Made by `dreamlayer-plugin install --file-managers`, which overwrites it.
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV
{environment}
{command} "$@"
code=$?
# Everything else was told by the program itself.
case $code in 1 | 126 | 127) ;; *) exit $code ;; esac
title={title}
text={text}
{{
  notify-send --urgency=critical "$title" "$text" ||
    kdialog --title "$title" --error "$text" ||
    zenity --error --no-markup --title="$title" --text="$text" ||
    yad --error --title="$title" --text="$text" ||
    xmessage "$text" ||
    osascript -e 'on run words' -e 'display alert (item 1 of words) message (item 2 of words)' \\
      -e 'end run' "$title" "$text"
}} 2>/dev/null
exit 2
"""

_PYW = """# Made by `dreamlayer-plugin install --file-managers`, which overwrites it.
import ctypes
import os
import runpy
import sys

os.environ.update({environment!r})
sys.path[:0] = {folders!r}
sys.argv[1:1] = {arguments!r}
try:
    runpy.run_module({module!r}, run_name="__main__", alter_sys=True)
except ImportError:
    ctypes.windll.user32.MessageBoxW(None, {text!r}, {title!r}, 0x10)
"""


@dataclass(frozen=True)
class Setup:
    """What the menu entries work with.

    Attributes
    ----------
    interpreter : str
        The Python that the dreams run in.
    environment : mapping
        The variables that it needs, such as the path of a checkout.
    preset : str
        The preset that is used.
    version : str
        The version of dreamlayer that wrote it down.
    """

    interpreter: str
    environment: Mapping[str, str] = field(default_factory=dict)
    preset: str = "default"
    version: str = VERSION


def folder(machine: Machine) -> Path:
    """Where the script lies."""
    return machine.own_folder("data", "dreamlayer") / "file-managers"


def script(machine: Machine) -> Path:
    """The script."""
    return folder(machine) / ("deep-dream.pyw" if machine.windows else "deep-dream")


def files(machine: Machine, setup: Setup) -> dict[Path, bytes]:
    """What is written for a setup."""
    settings = json.dumps(asdict(setup), indent=2, sort_keys=True) + "\n"
    return {
        folder(machine) / _SETTINGS: settings.encode(),
        script(machine): os.fsencode((_windows if machine.windows else _posix)(setup)),
    }


def write_setup(machine: Machine, setup: Setup) -> None:
    """Write the script, and what it was made of.

    Raises
    ------
    InstallError
        The system refuses.
    """
    for path, content in files(machine, setup).items():
        write(path, content, executable=path == script(machine))


def read_setup(machine: Machine) -> Setup | None:
    """What the entries work with; None where nothing is installed.

    Raises
    ------
    InstallError
        It cannot be read, or is not what this program writes.
    """
    path = folder(machine) / _SETTINGS
    content = read(path)
    if content is None:
        return None
    try:
        setup = Setup(**json.loads(content))
        kinds = {"interpreter": str, "environment": dict, "preset": str, "version": str}
        if all(isinstance(getattr(setup, name), kind) for name, kind in kinds.items()):
            return setup
    except (TypeError, ValueError):
        pass
    raise InstallError(f"{path} is damaged")


def remove_setup(machine: Machine) -> bool:
    """Remove the script and its folder; whether there was any of it.

    Raises
    ------
    InstallError
        The system refuses.
    """
    there = folder(machine)
    found = [path for path in (script(machine), there / _SETTINGS) if path.exists()]
    try:
        for path in found:
            path.unlink()
    except OSError as error:
        raise InstallError(f"{there} cannot be removed: {error.strerror or error}") from error
    remove_empty(there, there.parents[1])
    return bool(found)


def _arguments(setup: Setup) -> list[str]:
    """What comes before the names of the files."""
    return ["--preset", setup.preset, "--"]


def _broken(setup: Setup) -> str:
    """What is said where the chosen Python cannot start the program."""
    return (
        f"Deep Dream does not start: its Python, {setup.interpreter}, was removed or lacks "
        "dreamlayer. Run in a terminal: dreamlayer-plugin doctor"
    )


def _posix(setup: Setup) -> str:
    named = {**setup.environment, "PYTHONUTF8": "1"}
    words = [setup.interpreter, "-P", "-m", MODULE, *_arguments(setup)]
    return _SH.format(
        environment="\n".join(f"export {name}={shlex.quote(v)}" for name, v in named.items()),
        command=shlex.join(words),
        title=shlex.quote(TITLE),
        text=shlex.quote(_broken(setup)),
    )


def _windows(setup: Setup) -> str:
    source = setup.environment.get("PYTHONPATH")
    return _PYW.format(
        environment=dict(setup.environment),
        folders=[source] if source else [],
        arguments=_arguments(setup),
        module=MODULE,
        text=_broken(setup),
        title=TITLE,
    )
