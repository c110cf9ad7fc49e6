"""Whatever the limit of memory, there is a picture or one sentence, never a signal or a hang."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import ROOT
from image_samples import noise
from PIL import Image

pytestmark = pytest.mark.skipif(shutil.which("prlimit") is None, reason="prlimit is not installed")

MEGABYTE = 1_000_000
SHORT = (250, 450, 700, 1000, 2000)
LONG = range(200, 3001, 100)


def limited(folder: Path, megabytes: int, *words: object) -> tuple[int, str]:
    """Exit code and standard error under a limit of the address space."""
    ran = subprocess.run(
        ["prlimit", f"--as={megabytes * MEGABYTE}", sys.executable, "-m", *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, ran.stderr.decode(errors="replace")


@pytest.mark.parametrize("size", [(20, 14), (3000, 2000)])
def test_a_picture_or_one_sentence(folder: Path, size: tuple[int, int], long: bool) -> None:
    """By `ulimit -v` in steps, for a small and a large picture, with the default recipe."""
    smooth = np.asarray(Image.fromarray(noise(14, 20, 3)).resize(size))
    Image.fromarray(smooth).save(folder / "a.jpg")
    codes = []
    for megabytes in LONG if long else SHORT:
        words = ["dream", "a.jpg", "--octaves", "1", "--steps", "0", "-o", "out.png", "--quiet"]
        if size[0] < 100:
            words[5] = "1"
        code, text = limited(folder, megabytes, "dreamlayer", *words)
        codes.append(code)
        assert code in (0, 2), (megabytes, code, text)
        assert "Traceback" not in text, (megabytes, text)
        assert len(text.strip().splitlines()) == (code == 2), (megabytes, text)
        (folder / "out.png").unlink(missing_ok=True)
        assert {path.name for path in folder.iterdir()} <= {"a.jpg", "other.png", "small.onnx"}
    # Both ends are reached: too little for anything, and enough.
    assert codes[-1] == 0


@pytest.mark.parametrize("words", [["doctor"], ["presets"], ["layers"], ["recipe"]])
def test_other_commands_under_a_limit(folder: Path, words: list[str]) -> None:
    """They work, or say that memory ran out."""
    for megabytes in (250, 700):
        code, text = limited(folder, megabytes, "dreamlayer", *words)
        assert code in (0, 2), (megabytes, code, text)
        assert "Traceback" not in text, (megabytes, text)
