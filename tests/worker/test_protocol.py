"""Lines and bytes of the worker protocol."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest

from dreamlayer.core.errors import FramingError, RequestError
from dreamlayer.core.worker import protocol
from dreamlayer.core.worker.protocol import (
    MAX_LINE_BYTES,
    encode_header,
    payload_size,
    read_header,
    read_into,
    skip,
    write_message,
)


def test_message_is_read_back_as_it_was_written() -> None:
    """Line and bytes come back, and the next message begins behind them."""
    stream = io.BytesIO()
    write_message(
        stream, encode_header({"type": "x", "bytes": 5}), [memoryview(b"ab"), memoryview(b"cde")]
    )
    write_message(stream, encode_header({"type": "ü"}), [])
    stream.seek(0)
    header = read_header(stream)
    payload = bytearray(payload_size(header))
    read_into(stream, memoryview(payload))
    assert (header["type"], payload) == ("x", b"abcde")
    assert read_header(stream) == {"type": "ü"}
    with pytest.raises(EOFError):
        read_header(stream)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"   \r\n",
        b"hello\n",
        b"\x00\xff\xfe\x80\n",
        '{"type": "ü'.encode()[:-1] + b'"}\n',
        b"\xef\xbb\xbf{}\n",
        b"[]\n",
        b"3\n",
        b"null\n",
        b'"text"\n',
        b'{"type": "cancel"\n',
        b'{"a": 1} {"b": 2}\n',
        b'{"a": 1' + b"0" * 5000 + b"}\n",
        b'{"a": ' + b"[" * 200_000 + b"\n",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n",
    ],
)
def test_line_that_is_no_message_is_told_and_passed(line: bytes) -> None:
    """One sentence, and the next line is read as if nothing had been."""
    stream = io.BytesIO(line + b'{"type": "next"}\n')
    with pytest.raises(RequestError, match="line") as caught:
        read_header(stream)
    assert not isinstance(caught.value, FramingError)
    assert read_header(stream) == {"type": "next"}


def test_longest_line_is_read_and_a_longer_one_is_the_end() -> None:
    """1 MiB is allowed; what does not end by then never may."""
    longest = b'{"a": "' + b"x" * (MAX_LINE_BYTES - 9) + b'"}'
    assert len(longest) == MAX_LINE_BYTES
    assert len(read_header(io.BytesIO(longest + b"\n"))["a"]) == MAX_LINE_BYTES - 9
    with pytest.raises(FramingError, match="1 MiB"):
        read_header(io.BytesIO(b"x" * (2 * MAX_LINE_BYTES)))


@pytest.mark.parametrize("text", ["", "{", '{"type": "cancel"}'])
def test_line_cut_off_is_the_end_of_the_input(text: str) -> None:
    """A line that its line break never reached says nothing."""
    with pytest.raises(EOFError):
        read_header(io.BytesIO(text.encode()))


@pytest.mark.parametrize(
    "value", [-1, 1.0, True, False, "5", None, [], {}, 2**53 + 1, 10**40, float("nan")]
)
def test_unusable_number_of_bytes_ends_the_reading(value: object) -> None:
    """Where the next message begins cannot be known."""
    with pytest.raises(FramingError, match="whole number"):
        payload_size({"bytes": value})
    assert payload_size({}) == 0


@pytest.mark.parametrize(
    "read", [lambda s: read_into(s, memoryview(bytearray(9))), lambda s: skip(s, 9)]
)
def test_bytes_cut_off_are_the_end_of_the_input(read: Callable[[io.BytesIO], None]) -> None:
    """What is missing is not made up."""
    with pytest.raises(EOFError):
        read(io.BytesIO(b"12345678"))


def test_skipping_stops_where_it_should() -> None:
    """Also where the waste does not fit into one piece."""
    stream = io.BytesIO(b"x" * 3_000_000 + b"{}\n")
    skip(stream, 3_000_000)
    assert read_header(stream) == {}


class Counted(io.BytesIO):
    """A stream that remembers the sizes of what was read and written, and gives less than asked."""

    def __init__(self, data: bytes = b"") -> None:
        super().__init__(data)
        self.sizes: list[int] = []

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        self.sizes.append(len(target))
        return super().readinto(target[:3])

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.sizes.append(len(data))
        return super().write(data)


def test_large_payloads_are_moved_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """No call moves more than a piece, and a call that moves less is repeated."""
    monkeypatch.setattr(protocol, "CHUNK_BYTES", 8)
    data = bytes(range(50))
    target = bytearray(50)
    source = Counted(data)
    read_into(source, memoryview(target))
    assert target == data
    assert max(source.sizes) == 8
    sink = Counted()
    write_message(sink, b"{}\n", [memoryview(data)])
    assert sink.getvalue() == b"{}\n" + data
    assert max(sink.sizes) == 8


def test_line_is_ascii_and_strict_json() -> None:
    """Half a surrogate pair can be sent, a number that is none cannot."""
    assert encode_header({"id": "\ud800 ü"}).isascii()
    assert json.loads(encode_header({"id": "\ud800 ü"})) == {"id": "\ud800 ü"}
    with pytest.raises(ValueError, match="JSON"):
        encode_header({"fraction": float("nan")})
    with pytest.raises(RequestError, match="1 MiB"):
        encode_header({"text": "x" * MAX_LINE_BYTES})
