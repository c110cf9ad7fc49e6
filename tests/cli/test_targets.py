"""Names and identities of files, and folders that are made when they are needed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dreamlayer.core.cli import standard_streams
from dreamlayer.core.cli.targets import (
    check_output,
    claimed,
    clash,
    looks_like_file,
    make_folder_of,
    same_file,
)
from dreamlayer.core.errors import OutputError


def test_one_file_by_many_names(tmp_path: Path) -> None:
    """Links and detours lead to it; a stream is no file."""
    (tmp_path / "a").touch()
    (tmp_path / "sub").mkdir()
    detour = str(tmp_path / "sub" / ".." / "a")
    assert same_file(detour, str(tmp_path / "a"))
    assert same_file(str(tmp_path / "x"), str(tmp_path / "sub" / ".." / "x"))
    assert not same_file("-", "-")
    assert clash("-", ["-", detour]) is None
    os.link(tmp_path / "a", tmp_path / "b")
    assert clash(detour, ["-", str(tmp_path / "b")]) == str(tmp_path / "b")


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    """Checked first without a trace."""
    target = str(tmp_path / "new" / "deep" / "a.png")
    with pytest.raises(OutputError, match="does not exist"):
        check_output(target)
    check_output(target, may_make=True)
    assert not list(tmp_path.iterdir())
    make_folder_of(target)
    check_output(target)
    make_folder_of(target)
    make_folder_of("-")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Is found before the work, and is one sentence if it happens later."""
    (tmp_path / "file").touch()
    target = str(tmp_path / "file" / "sub" / "a.png")
    with pytest.raises(OutputError, match="is not a folder"):
        check_output(target, may_make=True)
    with pytest.raises(OutputError, match="cannot be made"):
        make_folder_of(target)


@pytest.mark.skipif(sys.platform == "win32", reason="/proc is Linux's")
def test_a_folder_where_nothing_can_be_made() -> None:
    """Not even by root."""
    if not Path("/proc/self").exists():
        pytest.skip("this system has no /proc")
    with pytest.raises(OutputError, match="cannot be made"):
        make_folder_of("/proc/dreams/a.png")


def test_closed_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture for it is refused before the work."""
    monkeypatch.setattr(standard_streams, "_closed", {"stdout"})
    with pytest.raises(OutputError, match="standard output is closed"):
        check_output("-")


def test_names_of_files(tmp_path: Path) -> None:
    """A name that ends like a picture is no folder to be made, unless it is one."""
    assert looks_like_file("dreams.PNG")
    assert not looks_like_file("dreams")
    assert not looks_like_file("dreams.png/")
    (tmp_path / "d.png").mkdir()
    assert not looks_like_file(str(tmp_path / "d.png"))


def test_a_free_name_is_held(tmp_path: Path) -> None:
    """Who comes while a result is written gets the next name; a failure leaves nothing."""
    target = tmp_path / "a-dream.png"
    with claimed(str(target)) as first, claimed(str(target)) as second:
        assert [first, second] == [str(target), str(tmp_path / "a-dream-2.png")]
    assert target.exists()
    with (
        pytest.raises(OSError, match=r"3\.png is not written"),
        claimed(str(target)) as third,
    ):
        raise OSError(f"{third} is not written")
    assert not (tmp_path / "a-dream-3.png").exists()
    with pytest.raises(OutputError, match="cannot be written"), claimed(str(tmp_path / "no/a.png")):
        pass


def _interrupted(target: Path) -> None:
    with claimed(str(target)) as name:
        Path(name).write_bytes(b"pixels")
        raise KeyboardInterrupt


def test_a_result_that_was_written_stays(tmp_path: Path) -> None:
    """Interrupted after the result is there, it is not taken for the name that was held."""
    with pytest.raises(KeyboardInterrupt):
        _interrupted(tmp_path / "dream.png")
    assert (tmp_path / "dream.png").read_bytes() == b"pixels"
