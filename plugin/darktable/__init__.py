"""`python -m plugin darktable`: make Deep Dream a target of darktable's export, or remove it."""

from __future__ import annotations

import argparse
import json
import os
import re
from pathlib import Path

from dreamlayer.core.errors import DreamlayerError
from dreamlayer.core.files import replace_file
from dreamlayer.plugin.file_managers.own_files import remove_empty
from dreamlayer.plugin.interpreter import find_python, python_path
from dreamlayer.plugin.machine import InstallError, Machine
from dreamlayer.plugin.report import Outcome

_SCRIPT = Path(__file__).with_name("dreamlayer.lua")

_PLACEHOLDER = 'local COMMAND = { "dreamlayer" }'

_LINE = 'require "dreamlayer"'

_LOADING = re.compile(
    rb"""\s*require\s*(?P<open>\(\s*)?(?P<quote>["'])dreamlayer(?P=quote)(?(open)\s*\))\s*;?"""
    rb"""\s*(--.*)?\s*"""
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        help="darktable's folder of settings (default: the one of this user)",
    )
    parser.add_argument(
        "--python", metavar="PATH", help="the Python that dreams (default: this one)"
    )
    parser.add_argument("--remove", action="store_true", help="remove it again")


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Install or remove; returns the exit code."""
    folder = options.to or settings_folder(machine)
    if options.remove:
        found = remove(folder)
        print(f"Deep Dream is removed from {folder}" if found else f"Deep Dream is not in {folder}")
        return 0
    if options.to is None and not folder.is_dir() and machine.which("darktable") is None:
        raise InstallError(
            f"there is no darktable: no {folder}, and no program darktable on the PATH; start "
            "darktable once, or name its folder of settings with --to"
        )
    probe = find_python(machine, python_path(machine, options.python))
    if probe.environment:
        raise InstallError(
            f"dreamlayer runs from a checkout that is not installed in {probe.path}; run: "
            f"{machine.shown([probe.path, '-m', 'pip', 'install', '--editable', '.'])}"
        )
    print(f"Deep Dream is in {add(folder, [probe.path, '-P', '-m', 'dreamlayer'])}")
    print("Restart darktable; it is a target storage of the export module")
    return 0


def settings_folder(machine: Machine) -> Path:
    """Where darktable keeps a user's settings; it follows XDG on macOS, too."""
    if machine.windows:
        local = machine.variable("LOCALAPPDATA") or machine.home / "AppData" / "Local"
        return local / "darktable"
    return machine.desktop_folder("config") / "darktable"


def add(folder: Path, command: list[str]) -> Path:
    """Put the script into darktable's settings, and have darktable load it.

    Parameters
    ----------
    folder : Path
        The settings; made where missing.
    command : list of str
        How dreamlayer is started.

    Returns
    -------
    Path
        The script.

    Raises
    ------
    InstallError
        The system refuses, or a link leads nowhere.
    OutputError
        A file cannot be written.
    """
    words = ", ".join(map(_lua_string, command))
    text = _SCRIPT.read_text("utf-8").replace(_PLACEHOLDER, f"local COMMAND = {{ {words} }}")
    script = folder / "lua" / "dreamlayer.lua"
    try:
        script.parent.mkdir(parents=True, exist_ok=True)
        lines = _lines(folder / "luarc")
    except OSError as error:
        raise InstallError(
            f"{folder} cannot be used: {error.strerror or error}; check its permissions"
        ) from error
    replace_file(script, text.encode("utf-8", "surrogateescape"))
    # The line comes last: without the script, darktable would report an error.
    if not any(_loads(line) for line in lines):
        if lines and not lines[-1].endswith(b"\n"):
            lines[-1] += b"\n"
        replace_file(folder / "luarc", b"".join([*lines, _LINE.encode(), b"\n"]))
    return script


def remove(folder: Path) -> bool:
    """Remove the script, and the line that loads it; False where there was neither.

    Raises
    ------
    InstallError
        The system refuses.
    OutputError
        darktable's list of scripts cannot be written.
    """
    script, luarc = folder / "lua" / "dreamlayer.lua", folder / "luarc"
    try:
        lines = _lines(luarc)
        kept = [line for line in lines if not _loads(line)]
        if kept == lines and not os.path.lexists(script):
            return False
        if kept != lines:
            # A link to the list is the user's, and stays with an empty one.
            if kept or luarc.is_symlink():
                replace_file(luarc, b"".join(kept))
            else:
                luarc.unlink()
        script.unlink(missing_ok=True)
        remove_empty(script.parent, folder)
    except OSError as error:
        raise InstallError(
            f"{folder} cannot be changed: {error.strerror or error}; check its permissions"
        ) from error
    return True


def take_out(machine: Machine) -> list[Outcome]:
    """Remove it from the user's darktable; what was done, or nothing where it is not there."""
    folder = settings_folder(machine)
    script = str(folder / "lua" / "dreamlayer.lua")
    try:
        return [Outcome("darktable", True, f"removed {script}", script)] if remove(folder) else []
    except DreamlayerError as error:
        return [Outcome("darktable", False, f"not removed: {error}", script)]


def _lines(luarc: Path) -> list[bytes]:
    """darktable's list of scripts, byte for byte, as a user has written it."""
    try:
        return luarc.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []


def _loads(line: bytes) -> bool:
    """Whether a line loads our script, in any of the forms that Lua knows for that."""
    return _LOADING.fullmatch(line) is not None


def _lua_string(text: str) -> str:
    """A string as Lua reads it: UTF-8 as it is, and the escapes that it shares with JSON."""
    return json.dumps(text, ensure_ascii=False)
