"""The worker of Apply in the dialogs; the toolkit is a stand-in that only runs what is idle."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import stand_in_screen
from plugin_modules import module

client = module("editor.worker_client")


@pytest.fixture
def apply() -> Any:
    """The module."""
    stand_in_screen.forget_all()
    return module("editor.dialog.patient_worker")


class Told:
    """A worker that replies what it is told to; errors are raised."""

    def __init__(self, *replies: Any) -> None:
        self._replies = list(replies)
        self.asked: list[dict[str, Any]] = []

    def ask(self, request: dict[str, Any], _payload: Any) -> None:
        self.asked.append(request)

    def receive(self) -> Any:
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def read(self, count: int) -> bytes:
        return bytes(count)

    def skip(self, _header: Any) -> None:
        pass

    def describe(self) -> dict[str, Any]:
        return {"type": "description"}


def _patient(apply: Any, *replies: Any) -> tuple[Any, list[Any]]:
    shown: list[Any] = []
    given = Told(*replies), lambda _: None, lambda *news: shown.append(news)
    worker = apply.PatientWorker(*given, stand_in_screen)
    return worker, shown


PREVIEW = {"type": "preview", "width": 2, "height": 1, "bytes": 6}
RESULT = {"type": "result", "bytes": 8}


def test_idle_once_all_is_read(apply: Any) -> None:
    """A worker whose result was read to its end can preview again; before, it cannot."""
    worker, shown = _patient(apply, PREVIEW, RESULT)
    assert worker.is_idle()
    assert worker.dream({}, (), lambda _: None) == RESULT
    assert shown == [(2, 1, bytes(6))]
    assert not worker.is_idle()
    worker.read(4)
    assert not worker.is_idle()
    worker.read(4)
    assert worker.is_idle()


def test_frames_are_taken_on_the_main_thread(apply: Any) -> None:
    """Each is read before the next reply, where GIMP may be spoken to; then the worker is idle."""
    frame = {"type": "frame", "bytes": 8}
    done = {"type": "done", "count": 2}
    worker, shown = _patient(apply, PREVIEW, frame, PREVIEW, frame, done)
    taken: list[Any] = []

    def take(header: Any, read: Any) -> None:
        assert threading.current_thread() is threading.main_thread()
        taken.append((read(header["bytes"]), len(shown)))

    assert worker.animate({"frames": 2}, (), lambda _: None, take) == done
    assert taken == [(bytes(8), 1), (bytes(8), 2)]
    assert worker.is_idle()
    asked = worker.worker.asked[0]
    assert (asked["type"], asked["frames"], asked["id"]) == ("animate", 2, 1)


def test_a_frame_that_cannot_be_taken_ends_the_animation(apply: Any) -> None:
    """What goes wrong with it is raised."""
    worker, _ = _patient(apply, {"type": "frame", "bytes": 8})

    def fail(_header: Any, _read: Any) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        worker.animate({}, (), lambda _: None, fail)
    assert not worker.is_idle()


def test_a_request_keeps_its_type(apply: Any) -> None:
    """A dream and a style are sent as what they are; previews are wanted of the first only."""
    worker, _ = _patient(apply, RESULT, RESULT)
    worker.finish({"type": "style"}, (), lambda _: None)
    worker.dream({}, (), lambda _: None)
    sent = [(one["type"], one["id"], one["preview"]) for one in worker.worker.asked]
    assert sent == [("style", 1, apply.PREVIEW_SIDE), ("dream", 2, 0)]


def test_nothing_is_asked_after_cancel(apply: Any) -> None:
    """Of several layers, those that follow are not begun, and the worker stays idle."""
    worker, _ = _patient(apply)
    worker.cancel()
    with pytest.raises(client.WorkerError, match="cancelled") as caught:
        worker.finish({"type": "style"}, (), lambda _: None)
    assert caught.value.kind == "CancelledError"
    assert worker.is_idle()
    assert not worker.worker.asked


@pytest.mark.parametrize(("number", "idle"), [(1, True), (None, False)])
def test_an_error_of_the_request_leaves_it_idle(apply: Any, number: Any, idle: bool) -> None:
    """A worker that refused goes on; one that ended, or whose replies are lost, does not."""
    worker, _ = _patient(apply, client.WorkerError("no", "RecipeError", number))
    with pytest.raises(client.WorkerError, match="no"):
        worker.dream({}, (), lambda _: None)
    assert worker.is_idle() is idle
    assert worker.worker.asked[0]["id"] == 1


@pytest.mark.parametrize("fault", [KeyError("bytes"), MemoryError(), OSError("gone")])
def test_any_fault_of_the_reader_ends_the_dream(apply: Any, fault: Exception) -> None:
    """Whatever goes wrong while replies are read is raised; the dialog is not busy for ever."""
    worker, _ = _patient(apply, PREVIEW, fault)
    with pytest.raises(type(fault)):
        worker.dream({}, (), lambda _: None)
    assert not worker.is_idle()


def test_answers_questions(apply: Any) -> None:
    """The work may ask the worker what this machine has, as it may without a dialog."""
    worker, _ = _patient(apply)
    assert worker.describe() == {"type": "description"}
    assert worker.is_idle()
