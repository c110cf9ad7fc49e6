"""Talk to a real worker as an editor does: a process of its own, a deadline on every wait."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from types import TracebackType
from typing import Any

import numpy as np
from command_line import ROOT, command

from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.recipe import Recipe

Message = dict[str, Any]
RGBA = np.random.default_rng(0).random((40, 56, 4)).astype(np.float32)
"""A picture, 56 × 40 pixels."""

SMALL = RGBA[:2, :3]
"""A smaller one, 3 × 2 pixels."""

PATIENCE = 120
"""Seconds after which a worker that says nothing counts as hanging; none comes near it."""


class Client:
    """A worker with its three streams; `with` ends it."""

    def __init__(self, program: list[str] | None = None) -> None:
        self.process = subprocess.Popen(
            program or command("worker"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert self.process.stdin is not None
        self._stdin = self.process.stdin
        self._messages: queue.Queue[tuple[Message, bytes] | None] = queue.Queue()
        self._errors = b""
        self.broken: bytes | None = None
        self._readers = [threading.Thread(target=f) for f in (self._read, self._read_errors)]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            try:
                header = json.loads(line, parse_constant=float)
                json.dumps(header, allow_nan=False)
                size = header.get("bytes", 0)
            except (ValueError, AttributeError):
                self.broken = line
                break
            self._messages.put((header, self.process.stdout.read(size)))
        self._messages.put(None)

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        self._errors = self.process.stderr.read()

    def write(self, data: bytes) -> None:
        """Send bytes as they are; a worker that has ended takes none."""
        try:
            self._stdin.write(data)
            self._stdin.flush()
        except (BrokenPipeError, OSError):
            return

    def send(self, payload: bytes = b"", **header: Any) -> None:
        """Send one message, with `bytes` as it must be."""
        if payload:
            header = {**header, "bytes": len(payload)}
        self.write(json.dumps(header).encode() + b"\n" + payload)

    def dream(
        self,
        rgba: np.ndarray,
        mask: np.ndarray | None = None,
        recipe: Recipe | dict[str, Any] | None = None,
        **header: Any,
    ) -> None:
        """Ask for a dream on [height, width, 4]; what is not float32 says so in `pixels`."""
        if recipe is not None:
            header["recipe"] = recipe.to_dict() if isinstance(recipe, Recipe) else recipe
        if rgba.dtype != np.float32:
            header["pixels"] = rgba.dtype.name
        payload = rgba.astype(_travelling(rgba.dtype)).tobytes()
        if mask is not None:
            payload += mask.astype(_travelling(rgba.dtype)).tobytes()
            header["mask"] = True
        height, width = rgba.shape[:2]
        self.send(payload, type="dream", width=width, height=height, **header)

    def receive(self, patience: float = PATIENCE) -> tuple[Message, bytes] | None:
        """The next message with what follows it; None once the output has ended."""
        message = self._messages.get(timeout=patience)
        assert self.broken is None, self.broken
        return message

    def answer(self) -> tuple[Message, bytes]:
        """The next result, description or error; what comes before it is passed over."""
        return self.until("result", "description", "error")[-1]

    def until(self, *types: str) -> list[tuple[Message, bytes]]:
        """All messages up to the next of these types, that one included."""
        found = []
        while not found or found[-1][0]["type"] not in types:
            message = self.receive()
            assert message is not None, f"the worker ended: {self.finish()}"
            found.append(message)
        return found

    def pixels(self) -> np.ndarray:
        """The pixels of the next answer, [height, width, 4] in the type that it names."""
        header, payload = self.answer()
        assert header["type"] == "result", header
        kind = np.dtype(header["pixels"])
        values = np.frombuffer(payload, _travelling(kind)).astype(kind)
        return values.reshape(header["height"], header["width"], 4)

    def close_input(self) -> None:
        """End its input."""
        try:
            self._stdin.close()
        except (BrokenPipeError, OSError):
            return

    def finish(self) -> tuple[int, str]:
        """End its input, and wait for exit code and standard error."""
        self.close_input()
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join(PATIENCE)
        return code, self._errors.decode(errors="replace")

    def __enter__(self) -> Client:
        ready = self.receive()
        assert ready is not None, self.finish()
        self.ready = ready[0]
        assert self.ready["type"] == "ready", ready
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.close_input()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.finish()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


def _travelling(kind: np.dtype[Any]) -> np.dtype[Any]:
    return kind.newbyteorder("<")


def error_of(message: tuple[Message, bytes]) -> tuple[object, str]:
    """Id and kind of a message that must be an error."""
    assert message[0]["type"] == "error", message
    return message[0]["id"], message[0]["kind"]


def in_library(rgba: np.ndarray, recipe: Recipe, mask: np.ndarray | None = None) -> np.ndarray:
    """What the library makes of RGBA: the colors after the dream, float32 [height, width, 3].

    Pixels and mask of whole numbers are taken as the worker takes them: divided by the largest.
    """
    alpha = rgba[:, :, 3]
    pixels, given = (None if a is None else _as_floats(a) for a in (rgba[:, :, :3], mask))
    assert pixels is not None
    return Dreamer(network_of(recipe)).dream(pixels, recipe, mask=given, alpha=alpha)


def _as_floats(values: np.ndarray) -> np.ndarray:
    if values.dtype == np.float32:
        return values
    return values.astype(np.float32) / np.float32(np.iinfo(values.dtype).max)
