"""Make the pictures of docs/recipes.md: `python docs/recipes.py`, in six to eight minutes.

Every line of the page that begins with `dreamlayer` and has `-o` is run in docs/recipes, in the
order of the page, and what it wrote is stored smaller. The times are printed as a table.
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
MOST_BYTES = 60 * 1024


@dataclass(frozen=True)
class Timing:
    """How long a command took.

    Attributes
    ----------
    command : str
        As the page has it, without the output.
    width, height : int
        Size of the picture in pixels.
    seconds : float
        With loading the network, without starting Python.
    """

    command: str
    width: int
    height: int
    seconds: float


def main(only: list[str]) -> None:
    """Make the pictures named, all where none is, and print the table."""
    FOLDER.mkdir(exist_ok=True)
    with contextlib.chdir(FOLDER):
        shrink_before()
        rows = [run(words) for words in commands(PAGE.read_text("utf-8")) if wanted(words, only)]
    print("| command | size | seconds |\n|---|---|---|")
    for row in rows:
        print(f"| `{row.command}` | {row.width} × {row.height} | {row.seconds:.1f} |")


def commands(page: str) -> list[list[str]]:
    """The words of each command on the page that writes a picture."""
    lines = (line.split("#")[0].strip() for line in page.splitlines())
    return [shlex.split(one) for one in lines if one.startswith("dreamlayer ") and " -o " in one]


def wanted(words: list[str], only: list[str]) -> bool:
    """True where the command's picture is named, or none is."""
    return not only or Path(target(words)).stem in only


def target(words: list[str]) -> str:
    """The picture that a command writes."""
    return words[words.index("-o") + 1]


def shrink_before() -> None:
    """Write the photo that all share, from that of the tests."""
    with Image.open(ROOT / "tests" / "data" / BEFORE) as photo:
        size = SIDE, round(SIDE * photo.height / photo.width)
        store(photo.convert("RGB").resize(size, Image.Resampling.LANCZOS), BEFORE)


def run(words: list[str]) -> Timing:
    """Run one command, and store its picture smaller."""
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
    """Write a JPEG of the best quality that keeps within `MOST_BYTES`, without metadata."""
    for quality in QUALITIES:
        buffer = io.BytesIO()
        picture.save(buffer, "jpeg", quality=quality, optimize=True)
        if buffer.tell() <= MOST_BYTES:
            break
    Path(name).write_bytes(buffer.getvalue())


if __name__ == "__main__":
    main(sys.argv[1:])
