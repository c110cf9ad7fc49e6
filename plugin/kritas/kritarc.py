"""The line in Krita's settings that enables the plug-in: set, found and taken out, and with it the
group in which the plug-in itself keeps what was set last.

`kritarc` is a file of KDE's kind: groups in brackets, `key=value`, comments with `#`; a group may
occur more than once, and the last value of a key counts. All that is not ours stays, byte by byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dreamlayer.core.errors import OutputError
from dreamlayer.core.files import replace_file
from dreamlayer.plugin.folder import NAME
from dreamlayer.plugin.machine import InstallError

_GROUP = re.compile(rb"\s*\[python\](\[\$\w+\])?\s*")
_OWN_GROUP = re.compile(rb"\s*\[%s\](\[.*)?\s*" % NAME.encode())
_KEY = re.compile(rb"(?P<key>\s*enable_%s(\[\$\w+\])?\s*=[ \t]*)(?P<value>.*?)\s*" % NAME.encode())
_TRUE = (b"true", b"on", b"yes", b"1")


def enabled(rc: Path) -> bool:
    """Whether the plug-in is enabled.

    Raises
    ------
    InstallError
        The file cannot be read.
    """
    return is_enabled(_read(rc))


def enable(rc: Path) -> None:
    """Enable the plug-in; a file that is missing is made.

    Raises
    ------
    InstallError
        The file cannot be read or written.
    """
    old = _read(rc)
    if not is_enabled(old):
        try:
            rc.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InstallError(f"{rc.parent} cannot be made: {error.strerror or error}") from error
        _write(rc, with_line(old))


def disable(rc: Path) -> None:
    """Take out all that is ours; a file that held nothing else goes with it.

    Raises
    ------
    InstallError
        The file cannot be read or written.
    """
    old = _read(rc)
    new = without_ours(old)
    if new == old:
        return
    if new.strip() or rc.is_symlink():
        _write(rc, new)
        return
    try:
        rc.unlink(missing_ok=True)
    except OSError as error:
        raise InstallError(f"{rc} cannot be removed: {error.strerror or error}") from error


def is_enabled(text: bytes) -> bool:
    """Whether settings enable the plug-in."""
    lines = text.splitlines(keepends=True)
    values = [match["value"].lower() for _, match in _ours(lines)]
    return bool(values) and values[-1] in _TRUE


def with_line(text: bytes) -> bytes:
    """Settings that enable the plug-in.

    Examples
    --------
    >>> with_line(b"[python]\\nenable_scripter=true")
    b'[python]\\nenable_scripter=true\\nenable_dreamlayer=true\\n'
    """
    lines = text.splitlines(keepends=True)
    end = b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"
    ours = list(_ours(lines))
    if ours:
        number, match = ours[-1]
        lines[number] = match["key"] + b"true" + end
        return b"".join(lines)
    line = b"enable_%s=true%s" % (NAME.encode(), end)
    if lines and not lines[-1].endswith((b"\n", b"\r")):
        lines[-1] += end
    groups = [number for number, one in enumerate(lines) if _GROUP.fullmatch(one)]
    if not groups:
        return b"".join([*lines, *([end] * bool(lines)), b"[python]", end, line])
    after = 1 + max(n for n in _group(lines, groups[-1]) if lines[n].strip())
    return b"".join([*lines[:after], line, *lines[after:]])


def without_ours(text: bytes) -> bytes:
    """Settings that say nothing of the plug-in, nor have a group that is empty without that.

    Examples
    --------
    >>> without_ours(b"[ui]\\na=1\\n\\n[python]\\nenable_dreamlayer=true\\n")
    b'[ui]\\na=1\\n'
    """
    lines = text.splitlines(keepends=True)
    ours = {number for number, _ in _ours(lines)}
    gone = set(ours)
    for number, line in enumerate(lines):
        if _OWN_GROUP.fullmatch(line):
            gone |= set(_group(lines, number))
        elif _GROUP.fullmatch(line):
            group = set(_group(lines, number))
            if group & ours and not any(lines[n].strip() for n in group - ours - {number}):
                gone |= group
    kept = [number for number in range(len(lines)) if number not in gone]
    # The line that set the last group apart from one that is gone.
    while kept and kept[-1] + 1 in gone - ours and not lines[kept[-1]].strip():
        kept.pop()
    return b"".join(lines[number] for number in kept)


def _ours(lines: list[bytes]) -> Iterator[tuple[int, re.Match[bytes]]]:
    """The numbers of the lines that enable or disable the plug-in, with what they say."""
    inside = False
    for number, line in enumerate(lines):
        if line.lstrip().startswith(b"["):
            inside = bool(_GROUP.fullmatch(line))
        elif inside and (match := _KEY.fullmatch(line)):
            yield number, match


def _group(lines: list[bytes], start: int) -> range:
    """The numbers of the lines of the group whose name is in a line."""
    end = start + 1
    while end < len(lines) and not lines[end].lstrip().startswith(b"["):
        end += 1
    return range(start, end)


def _read(rc: Path) -> bytes:
    try:
        return rc.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise InstallError(f"{rc} cannot be read: {error.strerror or error}") from error


def _write(rc: Path, text: bytes) -> None:
    try:
        replace_file(rc, text)
    except OutputError as error:
        raise InstallError(f"Krita's settings cannot be changed: {error}") from error
