"""The queue of requests: order, room and cancellation."""

from __future__ import annotations

import threading

import pytest

from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.worker.queue import Job, RequestQueue
from dreamlayer.core.worker.requests import CancelRequest, DescribeRequest, DreamRequest, Id


def dream(id_: Id) -> Job:
    """A dream without pixels."""
    return Job(DreamRequest(id_, 1, 1, Recipe(), "auto", 0, False, 0, "float32"))


def never() -> bool:
    """The input is open."""
    return False


def test_first_come_first_served() -> None:
    """Jobs come out as they came in."""
    queue, jobs = RequestQueue(), [dream(i) for i in range(3)]
    for job in jobs:
        queue.put(job)
    assert [queue.take() for _ in jobs] == jobs


def test_cancel_takes_out_what_waits_and_tells_what_runs() -> None:
    """By id, or all; a description is no dream and stays."""
    queue = RequestQueue()
    described = Job(DescribeRequest(1, None))
    jobs = [dream(1), dream(2), described, dream(1), dream("1")]
    for job in jobs:
        queue.put(job)
    running = queue.take()
    assert queue.cancel(CancelRequest(2)) == [jobs[1]]
    assert not running.cancelled.is_set()
    assert queue.cancel(CancelRequest(1)) == [jobs[3]]
    assert running.cancelled.is_set()
    assert queue.cancel(CancelRequest(None)) == [jobs[4]]
    assert queue.take() is described


def test_cancel_of_what_is_done_does_nothing() -> None:
    """An answered request cannot be cancelled any more."""
    queue, job = RequestQueue(), dream(1)
    queue.put(job)
    queue.take()
    queue.finish()
    assert queue.cancel(CancelRequest(1)) == []
    assert not job.cancelled.is_set()


def test_only_one_dream_waits() -> None:
    """A second one has room once the first is taken; descriptions have room meanwhile."""
    queue, entered = RequestQueue(), threading.Event()
    queue.put(dream(1))
    queue.wait_for_room(pixels=False, gone=never)

    def enter() -> None:
        queue.wait_for_room(pixels=True, gone=never)
        entered.set()

    thread = threading.Thread(target=enter)
    thread.start()
    assert not entered.wait(0.3)
    queue.take()
    assert entered.wait(30)
    thread.join(30)


def test_who_waits_for_room_notices_that_nobody_is_there() -> None:
    """The end of the input is not missed behind a request that cannot come in yet."""
    queue = RequestQueue()
    queue.put(dream(1))
    with pytest.raises(EOFError):
        queue.wait_for_room(pixels=True, gone=lambda: True)
