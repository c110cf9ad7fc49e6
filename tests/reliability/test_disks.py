"""Disks that are full or write-protected, and caches of others, cost no older file and no sense."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import ROOT
from forked_program import ForkedProgram
from image_samples import noise, png
from outcomes import done, left_over, sentence
from PIL import Image
from small_disk import fill, small_disk, write_protect

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts as Linux has them")

QUICK = ["--network", "small.onnx", "--layer", "deep", "--octaves", "1", "--steps", "1", "--quiet"]
OLD = png(noise(9, 9, 3))


@pytest.fixture
def disk(folder: Path) -> Iterator[Path]:
    """An empty disk of 400 kB at `disk`, beside a picture that needs more: `large.png`."""
    Image.fromarray(noise(300, 500, 3)).save(folder / "large.png", compress_level=1)
    with small_disk(folder / "disk", 400) as made:
        yield made


def alone(folder: Path, *words: object, **env: str) -> tuple[int, str]:
    """Exit code and standard error of a program of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    command = [sys.executable, "-m", *map(str, words)]
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, timeout=60, check=False
    )
    return ran.returncode, ran.stderr.decode()


@pytest.mark.parametrize("ending", ["png", "tif", "jpg", "webp"])
@pytest.mark.parametrize("spare", [0, 4096, 40_000])
def test_a_full_disk_keeps_the_older_picture(
    program: ForkedProgram, folder: Path, disk: Path, ending: str, spare: int
) -> None:
    """One sentence that says so, the older file as it was, and nothing left over."""
    (disk / f"out.{ending}").write_bytes(OLD)
    fill(disk, spare)
    target = f"disk/out.{ending}"
    said = sentence(program.run("dream", "large.png", *QUICK, "-o", target, cwd=folder))
    assert "full" in said
    assert (disk / f"out.{ending}").read_bytes() == OLD
    assert left_over(disk, f"out.{ending}", "filler") == []


def test_a_full_disk_ends_a_batch_with_the_truth(
    program: ForkedProgram, folder: Path, disk: Path
) -> None:
    """What fitted is there, the rest is not half there."""
    for number in range(4):
        (folder / f"{number}.png").write_bytes((folder / "large.png").read_bytes())
    (folder / "tiny.png").write_bytes(OLD)
    names = ["tiny.png", "0.png", "1.png", "2.png", "3.png"]
    ran = program.run("dream", *names, *QUICK, "-o", "disk", cwd=folder)
    text = ran.errors.decode()
    assert ran.code == 2
    assert "Traceback" not in text
    assert "full" in text
    assert [path.name for path in disk.iterdir()] == ["tiny.png"]


def test_a_full_disk_for_recipes_models_and_rounds(folder: Path, disk: Path) -> None:
    """The other commands that write say it as well."""
    (disk / "r.toml").write_text("old")
    (disk / "g.onnx").write_bytes(b"old")
    fill(disk, 0)
    styled = ["--network", "small.onnx", "--content-layer", "deep", "--style-layer", "first"]
    styled += ["--octaves", "1", "--rounds", "1", "--evaluations", "2", "--size", "64", "--quiet"]
    for words in (
        ["dreamlayer", "recipe", "-o", "disk/r.toml"],
        ["dreamlayer.export", "gradient", "small.onnx", "--layer", "deep", "-o", "disk/g.onnx"],
        ["dreamlayer", "style", "large.png", "other.png", *styled, "-o", "disk/s.png"],
        ["dreamlayer", "features", "other.png", *QUICK[:4], "--quiet", "-o", "disk/f.png"],
    ):
        code, text = alone(folder, *words)
        assert code == 2, (words, text)
        assert len(text.strip().splitlines()) == 1, text
        assert "full" in text
    assert (disk / "r.toml").read_text() == "old"
    assert (disk / "g.onnx").read_bytes() == b"old"
    assert left_over(disk, "r.toml", "g.onnx", "filler") == []


def test_a_full_cache_costs_nothing(folder: Path, disk: Path) -> None:
    """The picture is made, as it would be without a cache."""
    right = alone(folder, "dreamlayer", "dream", "other.png", *QUICK, "-o", "a.png")
    assert right == (0, "")
    for spare in (0, 5000, 30_000):
        fill(disk, spare)
        words = ("dreamlayer", "dream", "other.png", *QUICK, "-o", "b.png")
        assert alone(folder, *words, DREAMLAYER_CACHE=str(disk)) == (0, "")
        assert (folder / "a.png").read_bytes() == (folder / "b.png").read_bytes()
        assert list(disk.rglob("staging-*")) == []


def test_a_full_temporary_folder_costs_nothing(folder: Path, disk: Path) -> None:
    """Nor does a disk for temporary files that is full, for standard output as well."""
    fill(disk, 0)
    words = ("dreamlayer", "dream", "large.png", *QUICK)
    assert alone(folder, *words, "-o", "b.png", TMPDIR=str(disk)) == (0, "")
    code, text = alone(folder, *words, "-o", "-", "--format", "png", TMPDIR=str(disk))
    assert code in (0, 2)
    assert len(text.strip().splitlines()) == (code == 2), text


def test_a_limit_of_file_sizes(folder: Path) -> None:
    """`ulimit -f`: one sentence, the older file as it was."""
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit is not installed")
    Image.fromarray(noise(300, 500, 3)).save(folder / "large.png", compress_level=1)
    (folder / "out.png").write_bytes(OLD)
    words = ["-m", "dreamlayer", "dream", "large.png", *QUICK, "-o", "out.png"]
    command = ["prlimit", "--fsize=60000", sys.executable, *words]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DREAMLAYER_CACHE": "off"}
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, timeout=60, check=False)
    assert ran.returncode == 2
    assert len(ran.stderr.decode().strip().splitlines()) == 1, ran.stderr
    assert (folder / "out.png").read_bytes() == OLD
    assert left_over(folder, "large.png", "other.png", "small.onnx", "out.png") == []


def test_a_write_protected_folder_is_told_before_the_dream(
    program: ForkedProgram, folder: Path, disk: Path
) -> None:
    """Of the output; pictures may lie on such a disk."""
    (disk / "a.png").write_bytes(OLD)
    write_protect(disk)
    words = ["dream", "disk/a.png", *QUICK[:-1]]
    for target in ([], ["-o", "disk/b.png"], ["-o", "disk/new/"], ["-o", "disk/a.png"]):
        ran = program.run(*words, *target, cwd=folder)
        assert "octaves" not in sentence(ran)
    done(program.run(*words, "-o", "b.png", cwd=folder))
    assert [path.name for path in disk.iterdir()] == ["a.png"]


def test_a_write_protected_cache_is_used_as_far_as_it_goes(folder: Path, disk: Path) -> None:
    """Empty or filled before."""
    words = ("dreamlayer", "dream", "other.png", *QUICK)
    assert alone(folder, *words, "-o", "a.png", DREAMLAYER_CACHE=str(disk)) == (0, "")
    assert alone(folder, *words, "-o", "a.png", DREAMLAYER_CACHE=str(disk)) == (0, "")
    write_protect(disk)
    assert alone(folder, *words, "-o", "b.png", DREAMLAYER_CACHE=str(disk)) == (0, "")
    other = ("dreamlayer", "dream", "large.png", *QUICK)
    assert alone(folder, *other, "-o", "c.png", DREAMLAYER_CACHE=str(disk)) == (0, "")
    assert (folder / "a.png").read_bytes() == (folder / "b.png").read_bytes()


def test_a_cache_of_another_user_is_not_read(folder: Path, is_root: bool) -> None:
    """Whoever owns it could have put anything there; nothing of it is touched."""
    if not is_root:
        pytest.skip("giving files away needs root")
    cache = folder / "cache"
    words = ("dreamlayer", "dream", "other.png", *QUICK)
    assert alone(folder, *words, "-o", "a.png", DREAMLAYER_CACHE=str(cache)) == (0, "")
    for path in [cache, *cache.rglob("*")]:
        os.chown(path, 65534, 65534)
        if path.is_file():
            path.write_bytes(b"not what it was")
    assert alone(folder, *words, "-o", "b.png", DREAMLAYER_CACHE=str(cache)) == (0, "")
    assert (folder / "a.png").read_bytes() == (folder / "b.png").read_bytes()
    foreign = [path for path in cache.rglob("*") if path.stat().st_uid == 65534]
    assert all(path.is_dir() or path.read_bytes() == b"not what it was" for path in foreign)
