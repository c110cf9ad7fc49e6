"""Thunar: one of the custom actions in the file that holds all of the user's.

Thunar writes that file itself. What is not ours in it stays byte for byte; of ours only the command
is renewed, so that a name, an icon or a place in the menu that the user chose stays too.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from dreamlayer.plugin.file_managers.own_files import read, remove_empty, write
from dreamlayer.plugin.file_managers.words import COMMENT, COMMENTS, TITLE
from dreamlayer.plugin.machine import InstallError, Machine

_ID = "dreamlayer-deep-dream"
_DECLARATION = re.compile(rb"\A\s*<\?xml[^>]*\?>")
"""Thunar names the encoding before the version, which no reader of XML takes but its own."""

_EMPTY = b'<?xml version="1.0" encoding="UTF-8"?>\n<actions>\n</actions>\n'

_INSIDE = rb"(?:(?!</?action>).)*"
_ACTION = re.compile(
    rb"[ \t]*<action>"
    + _INSIDE
    + rb"<unique-id>\s*"
    + _ID.encode()
    + rb"\s*</unique-id>"
    + _INSIDE
    + rb"</action>[ \t]*(?:\r?\n)?",
    re.DOTALL,
)
_COMMAND = re.compile(rb"<command>.*?</command>", re.DOTALL)
_END = re.compile(rb"(^[ \t]*)?</actions>(?=\s*\Z)|<actions\s*/>(?=\s*\Z)", re.MULTILINE)


class Thunar:
    """See `entry.Entry`."""

    manager = "Thunar"
    hint = f"{TITLE} in its menu, once it is started again: thunar -q"

    def is_wanted(self, machine: Machine) -> bool:
        """Whether it is on the PATH."""
        return machine.which("thunar") is not None

    def path(self, machine: Machine) -> Path:
        """The file with the user's custom actions."""
        return machine.desktop_folder("config") / "Thunar" / "uca.xml"

    def problem(self, machine: Machine, script: Path) -> str | None:
        """Whether there is our action with the script as its command."""
        path = self.path(machine)
        there = read(path)
        if there is None:
            return f"{path} is missing"
        actions = [one for one in _parsed(path, there) if one.findtext("unique-id") == _ID]
        if not actions:
            return f"the action {TITLE} is missing in {path}"
        if actions[0].findtext("command") != _command(script):
            return f"the command of the action {TITLE} in {path} is not as this version writes it"
        return None

    def write(self, machine: Machine, script: Path) -> None:
        """Add the action, or renew its command."""
        path = self.path(machine)
        there = read(path)
        # With a file of the user's, Thunar no longer reads the actions that it comes with.
        old = there or read(_shipped(machine)) or _EMPTY
        _parsed(path, old)
        new = _renewed(old, script)
        if len(_parsed(path, new)) - len(_parsed(path, old)) != (not _ACTION.search(old)):
            raise InstallError(
                f"{path} is not as Thunar writes it, and was left as it is; save it from Thunar "
                "(Edit > Configure custom actions), then install again"
            )
        if new != there:
            write(path, new)

    def remove(self, machine: Machine) -> bool:
        """Remove the action, and the file where nothing of the user's is left in it."""
        path = self.path(machine)
        there = read(path)
        if there is None or not _ACTION.search(there):
            return False
        left = _ACTION.sub(b"", there)
        if left in (_EMPTY, read(_shipped(machine))):
            try:
                path.unlink()
            except OSError as error:
                raise InstallError(f"{path} cannot be removed: {error.strerror}") from error
            remove_empty(path.parent, machine.desktop_folder("config"))
        else:
            write(path, left)
        return True


def _shipped(machine: Machine) -> Path:
    """The actions that Thunar shows a user who has none of their own."""
    named = machine.environment.get("XDG_CONFIG_DIRS", "").split(":")
    folders = [Path(one) for one in named if one.startswith("/")] or [machine.root / "etc" / "xdg"]
    found = [one / "Thunar" / "uca.xml" for one in folders]
    return next((path for path in found if path.is_file()), found[-1])


def _parsed(path: Path, content: bytes) -> list[ElementTree.Element]:
    """The actions of a file."""
    try:
        # Without it, UTF-8 is read, as Thunar does whatever it says.
        root = ElementTree.fromstring(_DECLARATION.sub(b"", content))
    except (ElementTree.ParseError, ValueError) as error:
        raise InstallError(
            f"{path} cannot be read as XML ({error}), and was left as it is; repair it, or move it "
            "away"
        ) from error
    return root.findall("action")


def _renewed(old: bytes, script: Path) -> bytes:
    """The file with our action in it, its last one where it is new."""
    command = b"<command>" + _xml(_command(script)) + b"</command>"
    ours = _ACTION.search(old)
    if ours:
        action = _COMMAND.sub(lambda _: command, ours[0], count=1)
        return old[: ours.start()] + action + old[ours.end() :]
    described = [
        f'<description xml:lang="{language}">'.encode() + _xml(text) + b"</description>"
        for language, text in COMMENTS.items()
    ]
    lines = [
        b"<icon>applications-graphics</icon>",
        b"<name>" + _xml(TITLE) + b"</name>",
        b"<unique-id>" + _ID.encode() + b"</unique-id>",
        command,
        b"<description>" + _xml(COMMENT) + b"</description>",
        *described,
        b"<patterns>*</patterns>",
        b"<image-files/>",
    ]
    action = b"<action>\n" + b"".join(b"\t" + line + b"\n" for line in lines) + b"</action>\n"

    def with_action(end: re.Match[bytes]) -> bytes:
        return action + end[0] if b"</" in end[0] else b"<actions>\n" + action + b"</actions>"

    return _END.sub(with_action, old, count=1)


def _command(script: Path) -> str:
    """What Thunar runs: words as in a shell, with `%F` for the files."""
    return f"{shlex.quote(str(script)).replace('%', '%%')} %F"


def _xml(text: str) -> bytes:
    """A text within an element, in characters that every encoding of the file has."""
    return escape(os.fsencode(text).decode("utf-8", "replace")).encode("ascii", "xmlcharrefreplace")


THUNAR = Thunar()
