"""Replies are written in order, without holding up whoever sends them."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

import pytest

from dreamlayer.core.errors import RequestError
from dreamlayer.core.worker.writer import ReplyWriter


class Gate(io.BytesIO):
    """A stream that takes nothing until it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.opened = threading.Event()

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.opened.wait(60)
        return super().write(data)


def test_replies_go_out_in_order_with_what_follows() -> None:
    """Each line is followed by its own bytes."""
    stream = io.BytesIO()
    replies = ReplyWriter(stream)
    replies.send({"a": 1, "bytes": 3}, [memoryview(b"xy"), memoryview(b"z")])
    replies.send({"b": 2}, wait=True)
    assert stream.getvalue() == b'{"a": 1, "bytes": 3}\nxyz{"b": 2}\n'


def test_sender_is_not_held_up_by_a_slow_reader() -> None:
    """Small replies wait in memory; whoever asks is told that they do."""
    stream = Gate()
    replies = ReplyWriter(stream)
    for number in range(100):
        replies.send({"n": number})
    assert replies.is_busy
    replies.drain(0.01)
    assert replies.is_busy
    stream.opened.set()
    replies.drain(60)
    assert not replies.is_busy
    assert len(stream.getvalue().splitlines()) == 100


def test_payload_is_made_while_it_is_written() -> None:
    """And not before its turn, so that it takes no memory."""
    stream, asked = Gate(), threading.Event()

    def payload() -> Iterator[memoryview]:
        asked.set()
        yield memoryview(b"x")

    replies = ReplyWriter(stream)
    replies.send({"first": 1})
    replies.send({"bytes": 1}, payload())
    assert not asked.wait(0.1)
    stream.opened.set()
    replies.drain(60)
    assert asked.is_set()


def test_reply_that_is_no_message_is_refused_where_it_is_sent() -> None:
    """The one who sends it gets the error, and others can still be sent."""
    stream = io.BytesIO()
    replies = ReplyWriter(stream)
    with pytest.raises(RequestError):
        replies.send({"text": "x" * 2**20})
    replies.send({"b": 2}, wait=True)
    assert stream.getvalue() == b'{"b": 2}\n'
