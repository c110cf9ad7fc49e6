"""What comes through a pipe is held within bounds, and becomes a file like any other."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import command, refused, run
from image_samples import COFFEE, noise, png

from dreamlayer.core import images
from dreamlayer.core.errors import PictureError
from dreamlayer.core.images import pipes

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such terminals")


class Endless(io.RawIOBase):
    """A stream that begins with some bytes and never ends; it knows `read` alone."""

    def __init__(self, head: bytes) -> None:
        self.head, self.given = head, 0

    def read(self, size: int = -1) -> bytes:
        block = self.head[self.given : self.given + size].ljust(size, b"\0")
        self.given += size
        return block


def test_a_picture_is_held_in_memory() -> None:
    """Whole, and at its start."""
    data = png(noise(20, 30, 3))
    with pipes.received(io.BytesIO(data), "a pipe", 500) as file:
        assert isinstance(file, io.BytesIO)
        assert file.read() == data


def test_a_long_picture_lies_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a byte lost where memory ends."""
    monkeypatch.setattr(pipes, "_IN_MEMORY", 1000)
    monkeypatch.setattr(pipes, "_BLOCK", 700)
    data = png(noise(40, 60, 3))
    with pipes.received(io.BytesIO(data), "a pipe", 500) as file:
        assert file.fileno() > 2
        assert file.read() == data
        file.seek(0)
        picture = images.read(file)
    assert (picture.height, picture.width) == (40, 60)


def test_without_a_limit_of_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller in Python may allow as many as there are."""
    monkeypatch.setattr(pipes, "_IN_MEMORY", 1000)
    data = png(noise(40, 60, 3))
    with pipes.received(io.BytesIO(data), "a pipe", float("inf")) as file:
        assert file.read() == data


def test_what_is_no_picture_is_not_read_on() -> None:
    """The other program may send it for ever."""
    stream = Endless(b"just text")
    with pipes.received(stream, "a pipe", 500) as file:
        assert file.read(9) == b"just text"
    assert stream.given <= 1 << 20


def test_what_is_longer_than_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused once it is longer than so many pixels can be, with the limit."""
    monkeypatch.setattr(pipes, "_IN_MEMORY", 1 << 20)
    monkeypatch.setattr(pipes, "_BESIDE_PIXELS", 1 << 20)
    stream = Endless(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(PictureError, match=r"a pipe does not end after 4 MB.*0\.1 megapixels"):
        pipes.received(stream, "a pipe", 0.1)
    assert stream.given < 8 << 20


@POSIX
def test_standard_input_that_never_ends() -> None:
    """A command whose input is no picture ends with a sentence, whatever else comes."""
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as endless:
        result = subprocess.run(
            command("dream", "-", "--quiet"),
            stdin=endless.stdout,
            capture_output=True,
            timeout=60,
            check=False,
        )
        endless.kill()
    refused(result, "standard input is not a picture")


@POSIX
def test_no_picture_is_written_to_a_terminal(tmp_path: Path) -> None:
    """Nor waited for from one; both are said before the work."""
    import pty

    leader, follower = pty.openpty()
    try:
        for arguments, sentence in (
            ((COFFEE, "-o", "-"), b"standard output is a terminal"),
            (("-", "-o", tmp_path / "o.png"), b"standard input is a terminal"),
        ):
            result = subprocess.run(
                command("dream", *arguments, "--quiet"),
                stdin=follower,
                stdout=follower,
                stderr=subprocess.PIPE,
                timeout=60,
                check=False,
            )
            assert result.returncode == 2
            assert sentence in result.stderr
            assert len(result.stderr.splitlines()) == 1
        os.set_blocking(leader, False)
        with pytest.raises(BlockingIOError):
            os.read(leader, 1)
    finally:
        os.close(leader)
        os.close(follower)


def test_events_of_a_pipe() -> None:
    """`source` and `target` are `-`, the picture alone is on standard output, with its recipe."""
    data = png(noise(40, 56, 3))
    result = run("dream", "-", "--json", "--steps", 0, stdin=data)
    assert result.returncode == 0, result.stderr
    events = result.stderr.decode()
    assert '"event": "start", "source": "-"' in events
    assert '"event": "done", "target": "-"' in events
    picture = images.read(io.BytesIO(result.stdout))
    assert picture.format == "png"
    assert '"steps": 0' in str(picture.recipe)
