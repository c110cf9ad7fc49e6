"""The previewer of GIMP 3's dialog, with real workers and without GIMP, which it does not need."""

from __future__ import annotations

import importlib
import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "plugin" / "dreamlayer"
PATIENCE = 60.0
WIDTH, HEIGHT = 48, 32


@pytest.fixture(scope="module")
def modules() -> tuple[ModuleType, ModuleType]:
    """The worker client and the previewer, imported as in GIMP: from the plug-in's folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        client = importlib.import_module("editor.worker_client")
        return client, importlib.import_module("editor.dialog.previews")


class Desk:
    """A previewer, the workers that it started, and the news that it told."""

    def __init__(self, modules: tuple[ModuleType, ModuleType], folder: Path) -> None:
        self.client, preview = modules
        self.folder = folder
        self.workers: list[Any] = []
        self.news: queue.Queue[tuple[str, int, Any]] = queue.Queue()
        self._kind = preview.PreviewMaker
        self.previewer = self.maker()

    def maker(self, start: Callable[[], Any] | None = None, numbers: Any = None) -> Any:
        """A previewer whose news come here."""
        return self._kind(start or self.start, lambda *news: self.news.put(news), numbers)

    def start(self) -> Any:
        """Start a worker, and note it."""
        worker = self.client.Worker(str(self.folder))
        self.workers.append(worker)
        return worker

    def until(self, kind: str, number: int) -> Any:
        """What the news of that kind and number bring; others before it are dropped."""
        while True:
            found = self.news.get(timeout=PATIENCE)
            if found[:2] == (kind, number):
                return found[2]


@pytest.fixture
def desk(modules: tuple[ModuleType, ModuleType], tmp_path: Path) -> Iterator[Desk]:
    """Real workers of this checkout."""
    settings = {
        "command": [sys.executable, "-P", "-m", "dreamlayer", "worker"],
        "environment": {"PYTHONPATH": str(FOLDER.parents[1])},
    }
    (tmp_path / "worker.json").write_text(json.dumps(settings), encoding="utf-8")
    made = Desk(modules, tmp_path)
    yield made
    made.previewer.abandon()


@pytest.fixture
def small(small_network: Path) -> tuple[dict[str, Any], list[bytes]]:
    """A request for a small preview, and its pixels."""
    recipe = {"network": str(small_network), "layers": "deep", "octaves": 2, "steps": 2}
    pixels = np.random.default_rng(0).random((HEIGHT, WIDTH, 4), np.float32).tobytes()
    header = {"width": WIDTH, "height": HEIGHT, "bytes": len(pixels), "preview": WIDTH}
    return {**header, "recipe": recipe}, [pixels]


def test_previews_then_hands_over_a_clean_worker(
    desk: Desk, small: tuple[dict[str, Any], list[bytes]]
) -> None:
    """Each octave is shown; after the end the same worker does the work itself."""
    number = desk.previewer.preview(*small)
    header, pixels = desk.until("preview", number)
    assert len(pixels) == header["width"] * header["height"] * 3
    desk.until("done", number)
    worker = desk.previewer.finish()
    assert worker is desk.workers[0]
    request = {k: v for k, v in small[0].items() if k != "preview"}
    header = worker.dream(request, small[1], lambda _: None)
    assert len(worker.read(header["bytes"])) == WIDTH * HEIGHT * 16
    worker.close()


def test_warm_worker_is_the_one_that_dreams(
    desk: Desk, small: tuple[dict[str, Any], list[bytes]]
) -> None:
    """A worker that was started before there was anything to ask does the work, or ends unused."""
    desk.previewer.warm_up()
    end = time.monotonic() + PATIENCE
    while not desk.workers and time.monotonic() < end:
        time.sleep(0.01)
    desk.until("done", desk.previewer.preview(*small))
    assert len(desk.workers) == 1
    unused = desk.maker()
    unused.warm_up()
    unused.abandon()


def test_worker_that_is_starting_is_handed_over(
    desk: Desk, small: tuple[dict[str, Any], list[bytes]]
) -> None:
    """Where the work begins before its worker has started, that one does it."""
    begun, go_on = threading.Event(), threading.Event()

    def start() -> Any:
        begun.set()
        go_on.wait(PATIENCE)
        return desk.start()

    maker = desk.maker(start)
    maker.warm_up()
    begun.wait(PATIENCE)
    threading.Timer(0.2, go_on.set).start()
    worker = maker.finish()
    assert worker is desk.workers[-1]
    request = {k: v for k, v in small[0].items() if k != "preview"}
    header = worker.dream(request, small[1], lambda _: None)
    assert len(worker.read(header["bytes"])) == WIDTH * HEIGHT * 16
    worker.close()


def test_idle_worker_previews_again(desk: Desk, small: tuple[dict[str, Any], list[bytes]]) -> None:
    """A worker that dreamt the dream itself goes on with previews, as after Apply."""
    desk.until("done", desk.previewer.preview(*small))
    worker = desk.previewer.finish()
    again = desk.maker(lambda: worker)
    number = again.preview(*small)
    desk.until("done", number)
    assert again.finish() is worker
    assert len(desk.workers) == 1
    worker.close()


def test_no_number_comes_twice(desk: Desk, small: tuple[dict[str, Any], list[bytes]]) -> None:
    """A maker that follows another goes on counting: late news of the first are of no request."""
    described = desk.previewer.describe(small[0]["recipe"]["network"])
    desk.until("described", described)
    worker = desk.previewer.finish()
    numbers = desk.previewer.numbers
    again = desk.maker(lambda: worker, numbers)
    number = again.preview(*small)
    assert number > described
    desk.until("done", number)
    again.abandon()


def test_describes_what_needs_no_network(desk: Desk) -> None:
    """Where a network cannot be described, presets and networks can be asked for without it."""
    wrong = desk.previewer.describe("/nowhere/network.onnx")
    assert "network.onnx" in str(desk.until("error", wrong))
    told = desk.until("described", desk.previewer.describe(None))
    assert "layers" not in told
    assert told["networks"]
    assert "presets_folder" in told


def test_newest_setting_wins(desk: Desk, small: tuple[dict[str, Any], list[bytes]]) -> None:
    """An endless preview is given up for the next one, also at the end."""
    endless = {**small[0], "recipe": {**small[0]["recipe"], "steps": 100_000}}
    first = desk.previewer.preview(endless, small[1])
    desk.until("progress", first)
    second = desk.previewer.preview(*small)
    desk.until("done", second)
    third = desk.previewer.preview(endless, small[1])
    desk.until("progress", third)
    worker = desk.previewer.finish()
    assert worker is desk.workers[0]
    worker.close()


def test_stop_gives_up_the_dream(desk: Desk, small: tuple[dict[str, Any], list[bytes]]) -> None:
    """After a stop the worker is free for the next request."""
    endless = {**small[0], "recipe": {**small[0]["recipe"], "steps": 100_000}}
    desk.until("progress", desk.previewer.preview(endless, small[1]))
    desk.previewer.stop()
    described = desk.until("described", desk.previewer.describe("default"))
    assert "block_11_expand" in [layer["name"] for layer in described["layers"]]


def test_dead_worker_is_told_of_and_replaced(
    desk: Desk, small: tuple[dict[str, Any], list[bytes]]
) -> None:
    """A worker that dies in the middle gives a sentence; the next setting has another one."""
    endless = {**small[0], "recipe": {**small[0]["recipe"], "steps": 100_000}}
    number = desk.previewer.preview(endless, small[1])
    desk.until("progress", number)
    desk.workers[0].kill()
    assert "ended unexpectedly" in str(desk.until("error", number))
    again = desk.previewer.preview(*small)
    desk.until("done", again)
    assert len(desk.workers) == 2


def test_idle_dead_worker_is_told_of(desk: Desk, small: tuple[dict[str, Any], list[bytes]]) -> None:
    """A worker that died unseen gives its sentence to the next request, and a new one follows."""
    desk.until("done", desk.previewer.preview(*small))
    desk.workers[0].kill()
    assert str(desk.until("error", desk.previewer.preview(*small)))
    desk.until("done", desk.previewer.preview(*small))


def test_missing_worker_is_told_of_each_time(
    desk: Desk, small: tuple[dict[str, Any], list[bytes]]
) -> None:
    """Without the installer's settings each request gets the sentence; nothing piles up."""
    (desk.folder / "worker.json").unlink()
    for _ in range(3):
        number = desk.previewer.preview(*small)
        assert "dreamlayer-plugin install" in str(desk.until("error", number))
    assert desk.previewer.finish() is None


def test_bad_recipe_is_a_sentence_and_the_worker_lives(
    desk: Desk, small: tuple[dict[str, Any], list[bytes]]
) -> None:
    """What the worker refuses is told; the next setting works."""
    wrong = {**small[0], "recipe": {**small[0]["recipe"], "layers": "nonsense"}}
    assert "nonsense" in str(desk.until("error", desk.previewer.preview(wrong, small[1])))
    desk.until("done", desk.previewer.preview(*small))
    assert len(desk.workers) == 1
