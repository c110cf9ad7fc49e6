"""A batch can be left alone: what fails is told and counted, the others are made, a sum ends it."""

from __future__ import annotations

import errno
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import run
from PIL import Image

from dreamlayer.core.cli.batch import Batch
from dreamlayer.core.cli.plan import Job
from dreamlayer.core.cli.progress import Reporter
from dreamlayer.core.errors import OutputError, PictureError, ProviderError


def jobs(*names: str) -> list[Job]:
    """Jobs by the names of their sources."""
    return [Job(name, f"{name}.out") for name in names]


def told(
    given: list[Job], make: Callable[[Job], None], *, quiet: bool = False, skip: bool = False
) -> tuple[int, list[str]]:
    """The exit code of a batch, and what it says."""
    stream = io.StringIO()
    batch = Batch(given, Reporter(as_json=False, quiet=quiet, stream=stream), skip_existing=skip)

    def finish(job: Job) -> None:
        make(job)
        batch.finish(job, job.target)

    return batch.run(finish), stream.getvalue().splitlines()


def failing(**errors: Exception) -> Callable[[Job], None]:
    """Makes nothing; fails for some sources."""

    def make(job: Job) -> None:
        if job.source in errors:
            raise errors[job.source]

    return make


def full() -> OutputError:
    """What is raised where the disk is full."""
    error = OutputError("cannot write 'b': the disk is full")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    return error


def test_whatever_goes_wrong_with_one_is_one_line() -> None:
    """Of every kind of error; the sum names those that failed."""
    make = failing(
        a=PictureError("'a' is empty; use another file"),
        b=MemoryError(),
        c=ValueError("odd\n\x1b[31mvalue"),
        d=OSError(5, "Input/output error", "d"),
    )
    code, lines = told(jobs("a", "b", "c", "d", "e"), make)
    assert code == 2
    assert lines[0] == "a: 'a' is empty; use another file"
    assert lines[1] == "b: memory ran out; use a smaller --tile or picture"
    assert lines[2].startswith("c: something went wrong inside dreamlayer (ValueError: odd); ")
    assert lines[3] == "d: Input/output error (d)"
    assert lines[4:] == ["1 done, 4 failed: a, b, c, d"]


def test_the_sum_of_what_went_well() -> None:
    """Exit code 0; and nothing at all where only errors are wanted."""
    assert told(jobs("a", "b"), failing()) == (0, ["2 done"])
    assert told(jobs("a", "b"), failing(), quiet=True) == (0, [])
    code, lines = told(jobs("a", "b"), failing(a=PictureError("bad")), quiet=True)
    assert (code, lines) == (2, ["a: bad"])


def test_many_failures_are_counted() -> None:
    """The sum stays one line that can be read."""
    names = [f"p{number}" for number in range(9)]
    code, lines = told(jobs(*names), failing(**{name: PictureError("bad") for name in names}))
    assert code == 2
    assert lines[-1] == "0 done, 9 failed: p0, p1, p2, p3, p4, and 4 more"


@pytest.mark.parametrize("error", [full(), ProviderError("cuda did not load")], ids=repr)
def test_what_concerns_all_ends_the_batch(error: Exception) -> None:
    """Rather than failing ten thousand times; also where only errors are wanted."""
    for quiet in (False, True):
        code, lines = told(jobs("a", "b", "c", "d"), failing(b=error), quiet=quiet)
        assert (code, lines) == (2, [f"b: {error}", "1 done, 1 failed, 2 not tried: b"])


def test_problems_are_told_first() -> None:
    """What is known before hours of work is said before them."""
    made: list[str] = []
    given = [*jobs("a"), Job("x*", "", problem="no file matches 'x*'")]
    code, lines = told(given, lambda job: made.append(job.source))
    assert (code, made) == (2, ["a"])
    assert lines == ["x*: no file matches 'x*'", "1 done, 1 failed: x*"]


def test_what_is_there_is_skipped(tmp_path: Path) -> None:
    """If that is asked for; results of earlier runs always."""
    (tmp_path / "a.png").touch()
    given = [Job("a", str(tmp_path / "a.png")), Job("b", "", skipped="it is a dream"), *jobs("c")]
    code, lines = told(given, failing(), skip=True)
    assert code == 0
    assert lines[0].startswith("a: skipped, '")
    assert lines[1:] == ["b: skipped, it is a dream", "1 done, 2 skipped"]
    assert told(given, failing())[1][-1] == "2 done, 1 skipped"


def test_one_picture_alone_raises_its_error() -> None:
    """Which the program tells."""
    with pytest.raises(PictureError, match="bad"):
        told(jobs("a"), failing(a=PictureError("bad")))


def test_strangers_in_a_batch(photo: Path, quick: list[str]) -> None:
    """A folder in real life: each line is an event, the good ones are made."""
    folder = photo.parent
    (folder / "empty.png").touch()
    (folder / "junk.jpg").write_text("junk")
    (folder / "video.heic").write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 99)
    (folder / "cut.png").write_bytes(photo.read_bytes()[:300])
    Image.new("RGB", (3, 2)).save(folder / "tiny.png")
    (folder / "notes.txt").write_text("not looked at")
    result = run("dream", folder, "gone.png", "-o", folder / "out", "--json", *quick)
    assert result.returncode == 2
    events = [json.loads(line) for line in result.stderr.decode().splitlines()]
    failed = {Path(one["source"]).name for one in events if one["event"] == "failed"}
    assert failed >= {"empty.png", "junk.jpg", "video.heic", "cut.png", "gone.png"}
    assert events[-1]["event"] == "summary"
    assert events[-1]["failed"] == len(failed) == len(events[-1]["failures"])
    assert (folder / "out" / "photo.png").exists()
    kinds = {one["kind"] for one in events if one["event"] == "failed"}
    assert kinds <= {"PictureError", "OptionError", "OutputError", "NetworkError", "ImageError"}


def test_a_second_run_goes_on_where_the_first_ended(photo: Path, quick: list[str]) -> None:
    """Nothing is made twice, and nothing is left out."""
    other = photo.with_name("other.png")
    other.write_bytes(photo.read_bytes())
    out = photo.with_name("out")
    assert run("dream", photo, "-o", f"{out}/", *quick).returncode == 0
    before = (out / "photo.png").stat().st_mtime_ns
    result = run("dream", photo.parent, "-o", out, "--skip-existing", *quick)
    assert result.returncode == 0
    assert result.stderr.decode().splitlines()[-1] == "1 done, 1 skipped"
    assert (out / "photo.png").stat().st_mtime_ns == before
    assert sorted(one.name for one in out.iterdir()) == ["other.png", "photo.png"]


def test_the_same_glob_twice(photo: Path, quick: list[str]) -> None:
    """Its own results are not dreamt on; by the shell's glob, by ours, and by the folder."""
    result_name = photo.with_name("photo-dream.png")
    assert run("dream", photo, *quick).returncode == 0
    for again in ([result_name, photo], [photo.parent / "*.png"], [photo.parent]):
        result = run("dream", *again, *quick)
        assert result.returncode == 0, result.stderr
        assert result.stderr.decode().splitlines()[-1] == "1 done, 1 skipped"
    assert {one.name for one in photo.parent.iterdir()} == {"photo.png", "photo-dream.png"}


@pytest.fixture
def folder(photo: Path) -> Path:
    """Two pictures, a.png and b.png."""
    for name in ("a.png", "b.png"):
        (photo.parent / name).write_bytes(photo.read_bytes())
    return photo.parent


def test_a_figure_that_cannot_be_drawn_ends_no_batch(folder: Path, quick: list[str]) -> None:
    """The pictures are made, and what is missing is told for each."""
    options = ("--plot", "plots/", "--max-loss", "1e-9", "-o", "made/")
    ran = run("dream", "a.png", "b.png", *quick, *options, cwd=folder)
    assert ran.returncode == 2
    assert ran.stderr.count(b"no step was made") == 2
    assert sorted(path.name for path in (folder / "made").iterdir()) == ["a.png", "b.png"]
    assert b"2 done, 2 failed" in ran.stderr


def test_what_concerns_all_is_told_once(folder: Path, quick: list[str]) -> None:
    """A guide that is missing is no fault of the first picture."""
    options = ("--layer", "deep:1::direction", "-o", "made/")
    ran = run("dream", "a.png", "b.png", *quick, *options, cwd=folder)
    assert ran.returncode == 2
    assert len(ran.stderr.strip().splitlines()) == 1, ran.stderr
    assert b"set guide to a picture file" in ran.stderr
    assert not (folder / "made").exists()


def test_the_network_is_not_written_over(folder: Path, quick: list[str]) -> None:
    """Even where its file is called like a picture."""
    network = folder / "net.png"
    network.write_bytes(Path(quick[1]).read_bytes())
    before = network.read_bytes()
    ran = run("dream", "a.png", "--network", network, *quick[2:], "-o", network, cwd=folder)
    assert ran.returncode == 2
    assert b"is the network" in ran.stderr
    assert network.read_bytes() == before
