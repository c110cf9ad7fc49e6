"""Krita's settings get one line and lose it again; all else in them stays, byte by byte."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from dreamlayer.plugin.kritas.kritarc import (
    disable,
    enable,
    enabled,
    is_enabled,
    with_line,
    without_ours,
)
from dreamlayer.plugin.machine import InstallError

LINE = b"enable_dreamlayer=true\n"
OTHERS = "# Jörgs Einstellungen\nundoStackLimit=200\n\n[theme]\nTheme=Krita dark\n".encode()


@pytest.mark.parametrize(
    ("before", "after", "back"),
    [
        (b"", b"[python]\n" + LINE, b""),
        (OTHERS, OTHERS + b"\n[python]\n" + LINE, OTHERS),
        (OTHERS[:-1], OTHERS + b"\n[python]\n" + LINE, OTHERS),
        (
            b"[python]\nenable_scripter=true\n\n[ui]\na=1\n",
            b"[python]\nenable_scripter=true\n" + LINE + b"\n[ui]\na=1\n",
            b"[python]\nenable_scripter=true\n\n[ui]\na=1\n",
        ),
        (b"[python]\n\n[ui]\n", b"[python]\n" + LINE + b"\n[ui]\n", b"[ui]\n"),
        (
            b"[a]\r\nb=1\r\n",
            b"[a]\r\nb=1\r\n\r\n[python]\r\nenable_dreamlayer=true\r\n",
            b"[a]\r\nb=1\r\n",
        ),
        *(
            (other, other + b"\n[python]\n" + LINE, other)
            for other in (
                b"[a]\n\xff\xfe=\x80\n",
                b"[python][x]\nenable_dreamlayer=true\n",
                b"enable_dreamlayer=true\n",
            )
        ),
        (
            b"[python]\n#enable_dreamlayer=true\n",
            b"[python]\n#enable_dreamlayer=true\n" + LINE,
            b"[python]\n#enable_dreamlayer=true\n",
        ),
    ],
)
def test_a_line_more(before: bytes, after: bytes, back: bytes) -> None:
    """It is put at the end of its group, or of the file; the way back leaves what was there."""
    assert not is_enabled(before)
    assert with_line(before) == after
    assert is_enabled(after)
    assert without_ours(after) == back


@pytest.mark.parametrize(
    ("text", "on"),
    [
        (b"[python]\nenable_dreamlayer=true", True),
        (b" [python] \n enable_dreamlayer = TRUE \n", True),
        (b"[python]\nenable_dreamlayer[$e]=1\n", True),
        (b"[python]\nenable_dreamlayer=false\n", False),
        (b"[python]\nenable_dreamlayer=true\n[a]\n[python]\nenable_dreamlayer=false\n", False),
        (b"[python]\nenable_dreamlayer2=true\n", False),
        (b"[python]\nenable_dreamlayer=\n", False),
    ],
)
def test_what_counts(text: bytes, on: bool) -> None:
    """It is read as Krita reads it; what is off is set on where it stands, once."""
    assert is_enabled(text) == on
    made = with_line(text)
    assert is_enabled(made)
    if b"enable_dreamlayer=" in text or on:
        assert len(made.splitlines()) == len(text.splitlines())
    assert b"enable_dreamlayer=" not in without_ours(made)
    assert b"enable_dreamlayer2=true" not in text or b"enable_dreamlayer2=true" in made


def test_a_group_with_a_comment_stays() -> None:
    """The group that we made goes with the line; one that anybody wrote anything in does not."""
    text = b"[a]\n\n[python]\n# mine\n"
    assert without_ours(text + LINE) == text
    assert without_ours(b"[python]\n" + LINE + b"\n[b]\nc=1\n") == b"[b]\nc=1\n"


def test_what_the_plug_in_keeps_goes_too() -> None:
    """Its own group, wherever it is; not one whose name only begins so."""
    own = b"[dreamlayer]\ndream={}\n\n[dreamlayer][a]\nb=1\n\n"
    other = b"[dreamlayer2]\na=1\n"
    assert without_ours(b"[a]\nb=1\n\n" + own + other) == b"[a]\nb=1\n\n" + other
    assert without_ours(b"[a]\nb=1\n\n" + own + b"[python]\n" + LINE) == b"[a]\nb=1\n"
    assert without_ours(own) == b""


def test_files(tmp_path: Path) -> None:
    """A missing file is made and goes again; nothing is written where nothing changes."""
    rc = tmp_path / ".config" / "kritarc"
    assert not enabled(rc)
    disable(rc)
    assert not rc.parent.exists()
    enable(rc)
    assert enabled(rc)
    before = rc.stat().st_mtime_ns, rc.stat().st_ino
    enable(rc)
    assert (rc.stat().st_mtime_ns, rc.stat().st_ino) == before
    disable(rc)
    assert list(rc.parent.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="links and permission bits")
def test_links_and_rights_stay(tmp_path: Path) -> None:
    """Who keeps the settings elsewhere, or from others, finds them so afterwards."""
    real, rc = tmp_path / "dotfiles" / "kritarc", tmp_path / "kritarc"
    real.parent.mkdir()
    real.write_bytes(OTHERS)
    real.chmod(0o600)
    rc.symlink_to(real)
    enable(rc)
    assert rc.is_symlink()
    assert is_enabled(real.read_bytes())
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    disable(rc)
    assert real.read_bytes() == OTHERS
    real.write_bytes(b"")
    enable(rc)
    disable(rc)
    assert rc.is_symlink()
    assert real.read_bytes() == b""


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """A folder in the file's place is a sentence."""
    for act in (enable, disable, enabled):
        with pytest.raises(InstallError, match="cannot be read"):
            act(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InstallError, match="cannot be"):
        enable(tmp_path / "file" / "kritarc")


def test_what_cannot_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is ours alone and stays is a sentence, such as one that Krita holds open."""
    rc = tmp_path / "kritarc"
    enable(rc)

    def refuse(*_: object, **_options: bool) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(InstallError, match="kritarc cannot be removed: Permission denied"):
        disable(rc)
