"""Make the pictures of docs/recipes.md: `python docs/recipes.py`, in six to eight minutes.

Every line of the page that begins with `dreamlayer` and has `-o` is run in docs/recipes, in the
order of the page, and its picture is stored in a smaller file. A table of the times is printed.
"""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from dreamlayer.core.cli.program import main as dreamlayer  # noqa: E402 - the checkout's own package

PAGE = ROOT / "docs" / "recipes.md"
FOLDER = ROOT / "docs" / "recipes"
BEFORE, SIDE = "coffee.jpg", 400
QUALITIES = (88, 82, 76, 70, 64, 58)
MAX_BYTES = 60 * 1024


@dataclass(frozen=True)
class Timing:
    """How long a command took.

    Attributes
    ----------
    command : str
        As on the page, without the output.
    width, height : int
        Size of the picture in pixels.
    seconds : float
        Loading the network included, starting Python not.
    """

    command: str
    width: int
    height: int
    seconds: float


def main(only: list[str]) -> None:
    """Make the named pictures, or all without names, and print the table."""
    FOLDER.mkdir(exist_ok=True)
    with contextlib.chdir(FOLDER):
        shrink_before()
        rows = [run(words) for words in commands(PAGE.read_text("utf-8")) if wanted(words, only)]
    print("| command | size | seconds |\n|---|---|---|")
    for row in rows:
        print(f"| `{row.command}` | {row.width} × {row.height} | {row.seconds:.1f} |")


def commands(page: str) -> list[list[str]]:
    """Return the words of each command on the page that writes a picture."""
    lines = (line.split("#")[0].strip() for line in page.splitlines())
    return [shlex.split(one) for one in lines if one.startswith("dreamlayer ") and " -o " in one]


def wanted(words: list[str], only: list[str]) -> bool:
    """Whether the command's picture is to be made."""
    return not only or Path(target(words)).stem in only


def target(words: list[str]) -> str:
    """Return the picture that a command writes."""
    return words[words.index("-o") + 1]


def shrink_before() -> None:
    """Write the photo that all commands start from, a smaller copy of that of the tests."""
    with Image.open(ROOT / "tests" / "data" / BEFORE) as photo:
        size = SIDE, round(SIDE * photo.height / photo.width)
        store(photo.convert("RGB").resize(size, Image.Resampling.LANCZOS), BEFORE)


def run(words: list[str]) -> Timing:
    """Run one command, and store its picture in a smaller file."""
    name = target(words)
    began = time.perf_counter()
    code = dreamlayer([*words[1:], "--quiet"])
    seconds = time.perf_counter() - began
    if code:
        raise SystemExit(f"{shlex.join(words)} ended with {code}")
    with Image.open(name) as picture:
        picture.load()
        store(picture.convert("RGB"), name)
    return Timing(shlex.join(words[: words.index("-o")]), *picture.size, seconds)


def store(picture: Image.Image, name: str) -> None:
    """Write a JPEG of the best quality that fits in `MAX_BYTES`, without metadata."""
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "jpeg", quality=quality, optimize=True)
        if buffer.tell() <= MAX_BYTES:
            break
    Path(name).write_bytes(buffer.getvalue())


if __name__ == "__main__":
    main(sys.argv[1:])
