"""Fixtures that several test files share."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image
from small_network import small_model
from worker_process import Client

from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.installed import runtime

# Its first import decides on telemetry, and some tests import it themselves.
runtime()

# Texts of the GIMP filter are compared in English, whatever the system's language.
os.environ["LANGUAGE"] = "en"

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell starts what runs in its background so; commands that tests interrupt would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)

COFFEE = Path(__file__).parent / "data" / "coffee.jpg"


@pytest.fixture(scope="session", autouse=True)
def kept() -> Iterator[None]:
    """What is kept on disk goes into a folder of this run, in the tests' own programs too."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # The user's own presets are none of the tests'.
        wanted = {
            "DREAMLAYER_CACHE": folder,
            "DREAMLAYER_PRESETS": str(Path(folder) / "presets"),
        }
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update(wanted)
        yield
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@pytest.fixture(scope="session")
def small_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network file that meets the contract and runs in no time; layers `first` and `deep`."""
    path = tmp_path_factory.mktemp("networks") / "small.onnx"
    onnx.save(small_model(), path)
    return path


@pytest.fixture(scope="session")
def coffee() -> Path:
    """A photo, 600 × 400."""
    return COFFEE


@pytest.fixture
def quick(small_network: Path) -> list[str]:
    """Options that make a dream take no time."""
    return ["--network", str(small_network), "--layer", "deep", "--octaves", "2", "--steps", "2"]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small picture in a folder whose name has a space and a letter beyond ASCII."""
    folder = tmp_path / "my phötos"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (40, 56, 3), np.uint8)
    Image.fromarray(noise).save(folder / "photo.png")
    return folder / "photo.png"


@pytest.fixture
def client() -> Iterator[Client]:
    """A worker that has said that it is ready."""
    with Client() as started:
        yield started


@pytest.fixture
def recipe(small_network: Path) -> Recipe:
    """Two octaves on the small network."""
    return Recipe(network=str(small_network), layers=(Term("deep"),), octaves=2, steps=2)


@pytest.fixture
def endless(recipe: Recipe) -> Recipe:
    """More steps than anybody waits for."""
    return recipe.replace(steps=100_000)
