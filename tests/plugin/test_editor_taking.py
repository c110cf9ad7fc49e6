"""How the dialogs wait for the worker of Apply; workers and toolkit are stand-ins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import stand_in_screen
from plugin_modules import module

PATIENCE = 60.0


class Worker:
    """Notes how it ends."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def kill(self) -> None:
        pass

    def close(self) -> None:
        self.ended.set()


class Workers:
    """Gives a worker once it may, from whatever thread asks."""

    def __init__(self, worker: Any) -> None:
        self.maker, self._worker = self, worker
        self.begun, self.may, self.abandoned = threading.Event(), threading.Event(), False
        self.thread = threading.main_thread()
        self.wanted: list[bool] = []

    def take(self, wanted: Callable[[], bool]) -> Any:
        self.thread = threading.current_thread()
        self.begun.set()
        self.may.wait(PATIENCE)
        self.wanted.append(wanted())
        if isinstance(self._worker, Exception):
            raise self._worker
        return self._worker

    def abandon(self) -> None:
        self.abandoned = True


def _taking(worker: Any) -> tuple[Any, Workers]:
    stand_in_screen.forget_all()
    workers = Workers(worker)
    return module("editor.dialog.taking").Taking(workers, stand_in_screen), workers


def test_windows_live_while_a_worker_is_awaited() -> None:
    """What they have to do is done before the worker is there."""
    worker = Worker()
    taking, workers = _taking(worker)
    stand_in_screen.call_soon(workers.may.set)
    assert taking.run() is worker
    assert workers.thread is not threading.main_thread()
    assert workers.wanted == [True]
    assert not worker.ended.is_set()


def test_failure_is_raised() -> None:
    """Of whatever kind."""
    taking, workers = _taking(MemoryError())
    workers.may.set()
    with pytest.raises(MemoryError):
        taking.run()


def test_stop_does_not_wait_for_the_worker() -> None:
    """It ends at once, and so does the worker, also one that comes later."""
    worker = Worker()
    taking, workers = _taking(worker)
    stand_in_screen.call_soon(taking.cancel)
    assert taking.run() is None
    assert workers.abandoned
    assert not worker.ended.is_set()
    workers.may.set()
    assert worker.ended.wait(PATIENCE)
    assert workers.wanted == [False]


def test_stop_as_the_worker_comes() -> None:
    """One that has come, but was not given away yet, ends too."""
    worker = Worker()
    taking, workers = _taking(worker)

    def cancel() -> None:
        workers.may.set()
        workers.begun.wait(PATIENCE)
        workers.thread.join(PATIENCE)
        taking.cancel()

    stand_in_screen.call_soon(cancel)
    assert taking.run() is None
    assert worker.ended.is_set()
