"""The pictures of layers in GIMP 3's dialog, with real workers and without GIMP."""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from plugin_modules import FOLDER, module

client = module("editor.worker_client")
galleries = module("editor.dialog.galleries")

PATIENCE = 60.0


class Desk:
    """A gallery, the workers that it started, and the news that it told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.workers: list[Any] = []
        self.news: queue.Queue[tuple[str, dict[str, Any], Any]] = queue.Queue()
        self.gallery = galleries.GalleryMaker(self._start, lambda *news: self.news.put(news))

    def _start(self) -> Any:
        worker = client.Worker(str(self._folder))
        self.workers.append(worker)
        return worker

    def until_done(self, request: dict[str, Any]) -> list[tuple[str, int | None]]:
        """The layers and channels whose pictures came for a request, which must succeed."""
        found = []
        while True:
            kind, about, news = self.news.get(timeout=PATIENCE)
            if about != request:
                continue
            if kind == "done":
                return found
            assert kind == "thumbnail", news
            header, rgb = news
            assert len(rgb) == header["width"] * header["height"] * 3
            assert header["width"] == galleries.SIDE
            found.append((header["layer"], header["channel"]))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A gallery; its worker is ended afterwards."""
    settings = {
        "command": [sys.executable, "-P", "-m", "dreamlayer", "worker"],
        "environment": {"PYTHONPATH": str(FOLDER.parents[1])},
    }
    (tmp_path / "worker.json").write_text(json.dumps(settings), encoding="utf-8")
    desk = Desk(tmp_path)
    yield desk
    desk.gallery.end()


def test_layers_and_channels(desk: Desk, small_network: Path) -> None:
    """Pictures of the main layers, of a layer, and of its channels; all from one worker."""
    network = {"network": str(small_network)}
    requests = [
        network,
        {**network, "layer": "deep"},
        {**network, "layer": "deep", "channels": [2]},
    ]
    desk.gallery.want(requests)
    assert "deep" in [layer for layer, _ in desk.until_done(requests[0])]
    assert desk.until_done(requests[1]) == [("deep", None)]
    assert desk.until_done(requests[2]) == [("deep", 2)]
    assert len(desk.workers) == 1


def test_no_worker_before_it_is_wanted(desk: Desk) -> None:
    """A dialog whose layers are never looked at starts no further worker."""
    desk.gallery.want([])
    assert desk.workers == []
    assert desk.gallery._thread is None


def test_unknown_layer_is_told_and_others_follow(desk: Desk, small_network: Path) -> None:
    """An error belongs to its request; the worker goes on."""
    wrong = {"network": str(small_network), "layer": "nonsense"}
    right = {"network": str(small_network), "layer": "deep"}
    desk.gallery.want([wrong, right])
    kind, about, error = desk.news.get(timeout=PATIENCE)
    assert (kind, about) == ("error", wrong)
    assert "nonsense" in error.sentence
    assert desk.until_done(right) == [("deep", None)]
    assert len(desk.workers) == 1


def test_worker_that_died_is_replaced(desk: Desk, small_network: Path) -> None:
    """The next request starts another worker."""
    first = {"network": str(small_network), "layer": "deep"}
    desk.gallery.want([first])
    desk.until_done(first)
    desk.workers[0].kill()
    desk.gallery.want([{**first, "layer": "first"}])
    kind, _, error = desk.news.get(timeout=PATIENCE)
    assert kind == "error"
    assert "ended" in error.sentence
    desk.gallery.want([{**first, "channels": [1]}])
    assert desk.until_done({**first, "channels": [1]}) == [("deep", 1)]
    assert len(desk.workers) == 2


class Waiting:
    """A worker whose galleries end when the test says so, or when they are cancelled."""

    pid = -1

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.cancelled: list[int] = []
        self.go_on: queue.Queue[str] = queue.Queue()
        self.began: queue.Queue[int] = queue.Queue()
        self.closed = threading.Event()

    def gallery(self, request: dict[str, Any], _thumbnail: Any) -> None:
        self.asked.append(request)
        self.began.put(request["id"])
        if self.go_on.get(timeout=PATIENCE) != "done":
            raise client.WorkerError("it was cancelled", "CancelledError", request["id"])

    def send(self, header: dict[str, Any]) -> None:
        assert header["type"] == "cancel"
        self.cancelled.append(header["id"])
        self.go_on.put("cancelled")

    def kill(self) -> None:
        self.go_on.put("killed")

    def close(self) -> None:
        self.closed.set()


class Holding(Waiting):
    """A worker that takes its time to cancel."""

    def send(self, header: dict[str, Any]) -> None:
        self.cancelled.append(header["id"])


def test_what_is_wanted_last_counts() -> None:
    """What scrolled away before it began is not dreamt; what runs goes on."""
    worker, told = Waiting(), queue.Queue[Any]()
    gallery = galleries.GalleryMaker(lambda: worker, lambda *news: told.put(news[:2]))
    one, two, three = ({"network": "n", "layer": layer} for layer in "abc")
    gallery.want([one, two])
    worker.began.get(timeout=PATIENCE)
    gallery.want([one, three])
    worker.go_on.put("done")
    worker.began.get(timeout=PATIENCE)
    worker.go_on.put("done")
    assert told.get(timeout=PATIENCE) == ("done", one)
    assert told.get(timeout=PATIENCE) == ("done", three)
    assert worker.cancelled == []
    assert all(request["threads"] == 1 for request in worker.asked)
    gallery.end()
    assert worker.closed.is_set()


def test_another_network_cancels() -> None:
    """Pictures of the network before are given up at once, without a word."""
    worker, told = Waiting(), queue.Queue[Any]()
    gallery = galleries.GalleryMaker(lambda: worker, lambda *news: told.put(news[:2]))
    gallery.want([{"network": "one"}])
    number = worker.began.get(timeout=PATIENCE)
    gallery.want([{"network": "two"}])
    worker.began.get(timeout=PATIENCE)
    assert worker.cancelled == [number]
    worker.go_on.put("done")
    assert told.get(timeout=PATIENCE) == ("done", {"network": "two"})
    gallery.end()


def test_back_to_the_network_before() -> None:
    """Pictures that were cancelled are made after all where their network is wanted again."""
    worker, told = Holding(), queue.Queue[Any]()
    gallery = galleries.GalleryMaker(lambda: worker, lambda *news: told.put(news[:2]))
    gallery.want([{"network": "one"}])
    number = worker.began.get(timeout=PATIENCE)
    gallery.want([{"network": "two"}])
    assert worker.cancelled == [number]
    gallery.want([{"network": "one"}])
    worker.go_on.put("cancelled")
    worker.began.get(timeout=PATIENCE)
    worker.go_on.put("done")
    assert told.get(timeout=PATIENCE) == ("done", {"network": "one"})
    gallery.end()


def test_end_kills_in_the_middle() -> None:
    """A dialog that is closed waits for no picture, and hears of none."""
    worker, told = Waiting(), queue.Queue[Any]()
    gallery = galleries.GalleryMaker(lambda: worker, lambda *news: told.put(news))
    gallery.want([{"network": "one"}])
    worker.began.get(timeout=PATIENCE)
    gallery.end()
    assert worker.closed.is_set()
    assert told.empty()
    gallery.want([{"network": "two"}])
    assert len(worker.asked) == 1
