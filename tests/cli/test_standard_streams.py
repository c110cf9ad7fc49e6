"""Closed streams, readers that go away, full devices and code pages cost no picture."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from command_line import ROOT, command, run
from PIL import Image

from dreamlayer.core.cli import standard_streams
from dreamlayer.core.cli.standard_streams import as_json, is_unicode, note

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="streams of this kind are POSIX's")
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")

NAME = "g→é😀.png"
"""Letters of Latin-1, of the basic plane, and beyond."""


def shell(redirection: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Run the command with its streams as a shell redirects them."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", *command(*arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )


def without_reader(which: str, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Run the command with one stream going into a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, which: writer}
    try:
        return subprocess.run(
            command(*arguments),
            stdin=subprocess.DEVNULL,
            cwd=ROOT,
            timeout=120,
            check=False,
            stdout=streams["stdout"],
            stderr=streams["stderr"],
        )
    finally:
        os.close(writer)


@POSIX
@pytest.mark.parametrize(
    "redirection",
    [
        *("<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-"),
        pytest.param("2>/dev/full", marks=FULL),
        pytest.param(">/dev/full", marks=FULL),
        "2</dev/null",
    ],
)
def test_a_picture_needs_no_standard_streams(
    redirection: str, photo: Path, quick: list[str]
) -> None:
    """It is made, whole, with the true code; nothing that was meant for a stream is in it."""
    broken = photo.with_name("broken.png")
    broken.write_text("junk")
    result = shell(redirection, "dream", photo, broken, "-o", photo.with_name("out"), *quick)
    assert result.returncode == 2
    with Image.open(photo.with_name("out") / "photo.png") as picture:
        picture.load()
        assert picture.size == (56, 40)
    assert b"Traceback" not in result.stderr


@POSIX
@pytest.mark.parametrize("how", [[], ["--json"]], ids=str)
def test_the_reader_of_notes_goes_away(how: list[str], photo: Path, quick: list[str]) -> None:
    """The work goes on, in a batch too, and the code is that of the work."""
    other = photo.with_name("other.png")
    other.write_bytes(photo.read_bytes())
    out = photo.with_name("out")
    result = without_reader("stderr", "dream", photo, other, "-o", out, *quick, *how)
    assert result.returncode == 0
    assert sorted(one.name for one in out.iterdir()) == ["other.png", "photo.png"]
    assert without_reader("stderr", "dream", "none.png", *how).returncode == 2
    assert without_reader("stderr", "dream", "--steps", "x", *how).returncode == 2


@POSIX
def test_a_reader_that_is_too_slow(photo: Path, quick: list[str]) -> None:
    """Where the pipe does not wait, notes are lost, and nothing else."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    result = subprocess.run(
        command("dream", photo, *quick, "--json"), stderr=writer, cwd=ROOT, timeout=120, check=False
    )
    os.close(reader)
    os.close(writer)
    assert result.returncode == 0
    assert photo.with_name("photo-dream.png").exists()


@POSIX
def test_a_picture_for_a_closed_output(photo: Path, quick: list[str]) -> None:
    """Or for one whose reader is gone, is an error in one sentence."""
    closed = shell(">&-", "dream", photo, "-o", "-", *quick)
    assert (closed.returncode, closed.stdout) == (2, b"")
    assert closed.stderr.decode().endswith("standard output is closed; give a file with -o\n")
    gone = without_reader("stdout", "dream", photo, "-o", "-", "--quiet", *quick)
    assert gone.returncode == 2
    assert len(gone.stderr.decode().splitlines()) == 1
    assert b"cannot write to standard output" in gone.stderr


@POSIX
def test_a_picture_from_a_closed_input(quick: list[str], tmp_path: Path) -> None:
    """There is none."""
    result = shell("<&-", "dream", "-", "-o", tmp_path / "o.png", *quick)
    assert result.returncode == 2
    assert b"standard input is empty" in result.stderr


@POSIX
@pytest.mark.parametrize("arguments", [["presets"], ["recipe"], ["--help"], ["layers", "--json"]])
def test_who_reads_a_list_may_stop(arguments: list[str]) -> None:
    """As `head` does."""
    result = without_reader("stdout", *arguments)
    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["toml", "json"])
def test_a_printed_recipe_can_be_read_back(encoding: str, form: list[str], tmp_path: Path) -> None:
    """By whatever code page it was printed."""
    options = ("--preset", "like-guided", "--guide", NAME)
    printed = run("recipe", *form, *options, PYTHONIOENCODING=encoding)
    assert printed.returncode == 0, printed.stderr
    saved = tmp_path / ("r.json" if form else "r.toml")
    saved.write_bytes(printed.stdout)
    again = run("recipe", "--json", "--recipe", saved)
    assert json.loads(again.stdout)["guide"] == NAME


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_json_stays_json_on_a_code_page(encoding: str, photo: Path, quick: list[str]) -> None:
    """Names come back as they were."""
    odd = photo.with_name(NAME)
    photo.rename(odd)
    result = run("dream", odd, *quick, "--json", PYTHONIOENCODING=encoding)
    events = [json.loads(line) for line in result.stderr.decode(encoding).splitlines()]
    assert events[0]["source"] == str(odd)
    assert json.loads(run("presets", "--json", PYTHONIOENCODING=encoding).stdout)
    plain = run("dream", odd, *quick, PYTHONIOENCODING=encoding)
    assert plain.returncode == 0, plain.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text are Linux's")
def test_a_name_that_is_no_text(photo: Path, quick: list[str]) -> None:
    """Is escaped for people, and comes back whole for programs."""
    odd = os.fsencode(photo.parent) + b"/\xff\x1b[31m\n.png"
    photo.rename(os.fsdecode(odd))
    plain = run("dream", photo.parent, *quick)
    assert plain.returncode == 0, plain.stderr
    assert b"\x1b" not in plain.stderr
    assert len(plain.stderr.decode().splitlines()) == 2
    for line in run("dream", os.fsdecode(odd), *quick, "--json").stderr.decode().splitlines():
        event = json.loads(line)
        if event["event"] == "start":
            assert os.fsencode(event["source"]) == odd


class Broken(io.StringIO):
    """A stream that cannot be written."""

    def write(self, _text: str) -> int:
        raise OSError("broken")


def test_notes_are_dropped_where_they_cannot_be_written() -> None:
    """By streams that have no descriptor too, and by closed ones."""
    note("text", Broken())
    closed = io.StringIO()
    closed.close()
    note("text", closed)


def test_what_counts_as_unicode() -> None:
    """Streams without an encoding are of Python's own text."""
    encoded = [io.TextIOWrapper(io.BytesIO(), encoding=one) for one in ("utf-8", "cp1252", "utf8")]
    assert [is_unicode(one) for one in encoded] == [True, False, True]
    assert is_unicode(io.StringIO())
    assert as_json(["é"], encoded[0]) == '["é"]'
    assert as_json(["é"], encoded[1]) == '["\\u00e9"]'
    assert as_json(["\udcff"], encoded[0]) == '["\\udcff"]'
    odd = {"loss": float("nan"), "all": (1.5, float("-inf"), "é")}
    assert as_json(odd, encoded[0]) == '{"loss": null, "all": [1.5, null, "é"]}'


def test_toml_is_escaped_where_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    """With TOML's own escapes."""
    page = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", page)
    standard_streams.print_toml(f'guide = "{NAME}"')
    page.seek(0)
    printed = page.read()
    assert printed.isascii()
    assert tomllib.loads(printed) == {"guide": NAME}
