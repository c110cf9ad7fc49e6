"""The worker keeps its protocol whatever comes: garbage, half frames, wrong keys."""

from __future__ import annotations

import json
import queue
import random
import re
import sys
from typing import Any

import numpy as np
import pytest
from command_line import run
from worker_process import RGBA, SMALL, Client, Message, error_of

from dreamlayer import Recipe
from dreamlayer.core.worker.protocol import MAX_LINE_BYTES


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"type": "describe"',
        b'{"type": "dream", "width": 3, "height": 2, "bytes": 96}\n' + bytes(95),
        b'{"type": "dream", "width": 3, "height": 2, "bytes": 120, "mask": true}\n' + bytes(100),
        b'{"type": "dream", "width": 3, "height": 2, "bytes": 24, "pixels": "uint8"}\n' + bytes(23),
        b'{"type": "nonsense", "bytes": 1000000}\n' + bytes(10),
    ],
)
def test_frame_cut_off_by_the_end_of_the_input(data: bytes) -> None:
    """Exit code 0, and no answer to what was never asked."""
    done = run("worker", stdin=data)
    assert (done.returncode, done.stderr) == (0, b"")
    kinds = [json.loads(line)["type"] for line in done.stdout.splitlines()]
    assert kinds == (["ready", "error"] if b"nonsense" in data else ["ready"])


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"garbage",
        bytes(range(128, 256)),
        b"\x00\x01\x02",
        b"[1, 2]",
        b"null",
        b'{"type": "dream"',
        '{"id": "ü'.encode()[:-1],
        b'{"a": ' + b"[" * 100_000,
        b'{"width": 1' + b"0" * 10_000 + b"}",
    ],
)
def test_line_that_is_no_message_gets_an_error_and_reading_goes_on(
    line: bytes, client: Client
) -> None:
    """Its id is null; the next line is worked off."""
    client.write(line + b"\n")
    assert error_of(client.answer()) == (None, "RequestError")
    client.dream(SMALL, id=1, recipe={"steps": 0})
    assert client.answer()[0]["type"] == "result"


@pytest.mark.parametrize(
    "data",
    [
        b"x" * 2 * MAX_LINE_BYTES,
        b'{"type": "dream", "id": 7, "bytes": -1}\n',
        b'{"type": "dream", "id": 7, "bytes": 1.0}\n',
        b'{"type": "dream", "id": 7, "bytes": true}\n',
        b'{"type": "dream", "id": 7, "bytes": NaN}\n',
        b'{"type": "dream", "id": 7, "bytes": 1' + b"0" * 300 + b"}\n",
    ],
)
def test_unclear_end_of_a_message_ends_the_worker(data: bytes) -> None:
    """It says so, with the id where there is one, and ends with exit code 2."""
    with Client() as client:
        client.write(data)
        id_, kind = error_of(client.answer())
        assert kind == "FramingError"
        assert id_ == (7 if b"id" in data else None)
        assert client.receive() is None
        assert client.finish() == (2, "")


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ({"type": "draem"}, "RequestError"),
        ({"type": None}, "RequestError"),
        ({"widht": 3}, "RequestError"),
        ({"width": -3}, "RequestError"),
        ({"width": float("nan")}, "RequestError"),
        ({"height": 2**40}, "RequestError"),
        ({"mask": True}, "RequestError"),
        ({"mask": 1}, "RequestError"),
        ({"pixels": "uint8"}, "RequestError"),
        ({"pixels": "uint16", "mask": True}, "RequestError"),
        ({"pixels": "float64"}, "RequestError"),
        ({"pixels": None}, "RequestError"),
        ({"pixels": ["uint8"]}, "RequestError"),
        ({"threads": "2"}, "RequestError"),
        ({"preview": -1}, "RequestError"),
        ({"recipe": []}, "RequestError"),
        ({"recipe": {"network": "nowhere"}}, "NetworkError"),
        ({"recipe": {"layers": "mixed99"}}, "LayerError"),
        ({"recipe": {"layers": "mixed3:1:999"}}, "LayerError"),
        ({"recipe": {"steps": float("inf")}}, "RecipeError"),
        ({"recipe": {"octaves": "many"}}, "RecipeError"),
        ({"preset": "nothing"}, "RecipeError"),
        ({"provider": "nowhere"}, "ProviderError"),
        ({"threads": 100_000}, "ProviderError"),
    ],
)
def test_bad_request_is_answered_and_its_pixels_are_passed_over(
    keys: dict[str, Any], kind: str, client: Client
) -> None:
    """One sentence with the request's id; the next request is read from its own first byte."""
    whole = {"type": "dream", "id": 9, "width": 3, "height": 2}
    client.send(SMALL.tobytes(), **{**whole, **keys})
    header, _ = client.answer()
    assert error_of((header, b"")) == (9, kind)
    assert "\n" not in header["error"]
    client.dream(SMALL, id=10, recipe={"steps": 0})
    assert client.answer()[0]["id"] == 10


def test_pixels_that_are_no_numbers_are_refused(client: Client, recipe: Recipe) -> None:
    """With a sentence; a mask beyond 1 too."""
    for value in (np.nan, np.inf, -np.inf):
        image = RGBA.copy()
        image[3, 4, 1] = value
        client.dream(image, recipe=recipe)
        assert error_of(client.answer()) == (None, "ImageError")
        client.dream(RGBA, image[:, :, 1], recipe=recipe)
        assert error_of(client.answer()) == (None, "ImageError")


def test_picture_that_memory_cannot_hold_is_refused_before_it_comes(client: Client) -> None:
    """The sentence is there before a single pixel was sent."""
    client.send(type="dream", id=1, width=2**24, height=2**20, bytes=2**48)
    header, _ = client.answer()
    assert error_of((header, b"")) == (1, "MemoryLimitError")
    assert "of memory" in header["error"]
    assert client.finish() == (0, "")


@pytest.mark.parametrize(
    ("raised", "kind", "sentence"),
    [
        ("KeyError('x')", "InternalError", "something went wrong inside dreamlayer .KeyError"),
        ("MemoryError()", "MemoryError", "memory ran out"),
        ("RecursionError('deep')", "InternalError", "RecursionError: deep"),
    ],
)
def test_mistake_of_our_own_is_answered_and_the_worker_lives_on(
    raised: str, kind: str, sentence: str
) -> None:
    """The traceback goes to standard error, and the request gets its one answer."""
    code = (
        "import dreamlayer.core.worker.handlers\n"
        f"def broken(self, request): raise {raised}\n"
        "dreamlayer.core.worker.handlers.Handlers._describe = broken\n"
        "from dreamlayer.core.cli.program import main; main(['worker'])"
    )
    with Client([sys.executable, "-c", code]) as client:
        client.send(type="describe", id=1)
        header, _ = client.answer()
        assert error_of((header, b"")) == (1, kind)
        assert re.search(sentence, header["error"])
        client.dream(SMALL, id=2, recipe={"steps": 0})
        assert client.answer()[0]["type"] == "result"
        code_, errors = client.finish()
    assert code_ == 0
    assert ("Traceback" in errors) == (kind == "InternalError")


MUTANTS: list[Any] = [None, True, -1, 0, 7, 1.5, 1e308, 10**30, "", "x", "ü\0", [], {}, [[1]]]


def mutated(rng: random.Random, header: dict[str, Any], payload: bytes) -> bytes:
    """A message with one key set to nonsense or missing, or with a few of its bytes changed."""
    header = json.loads(json.dumps(header))
    place = header["recipe"] if "recipe" in header and rng.random() < 0.4 else header
    name = rng.choice([*place, "unknown"])
    choice = rng.random()
    if choice < 0.4:
        place[name] = rng.choice(MUTANTS)
    elif choice < 0.5:
        place.pop(name, None)
    line = bytearray(json.dumps(header).encode() + b"\n")
    if choice >= 0.5:
        for _ in range(rng.randint(1, 4)):
            position = rng.randrange(len(line))
            kind = rng.random()
            if kind < 0.5:
                line[position] = rng.randrange(256)
            elif kind < 0.75:
                del line[position]
            else:
                line.insert(position, rng.randrange(256))
    return bytes(line) + payload


def test_worker_answers_or_ends_whatever_comes(recipe: Recipe) -> None:
    """200 mutated messages: each is answered, or swallows what follows until the input ends.

    Nothing but messages comes out, no mistake is called one of our own, and no worker stays.
    """
    rng = random.Random(0)
    payload = SMALL.tobytes()
    whole = {"type": "dream", "id": 1, "width": 3, "height": 2, "bytes": len(payload)}
    whole |= {
        "recipe": recipe.to_dict(),
        "provider": "cpu",
        "threads": 0,
        "preview": 2,
        "mask": False,
    }
    seeds: list[tuple[dict[str, Any], bytes]] = [
        (whole, payload),
        ({**whole, "preset": "eyes", "recipe": {"steps": 0, "seed": 3}}, payload),
        ({**whole, "pixels": "uint8", "mask": True, "bytes": 30}, payload[:30]),
        ({**whole, "pixels": "uint16", "bytes": 48}, payload[:48]),
        ({"type": "describe", "id": 2, "network": recipe.network}, b""),
        ({"type": "cancel", "id": 3}, b""),
    ]
    client: Client | None = None
    answered = 0
    for number in range(200):
        if client is None:
            client = Client().__enter__()
            client.send(type="describe")
            client.answer()
        client.write(mutated(rng, *rng.choice(seeds)) + b"\n")
        client.send(type="describe", id=f"probe {number}")
        said, alive = probed(client, f"probe {number}")
        assert not any(h.get("kind") == "InternalError" for h in said), said
        answered += alive
        if not alive:
            code, errors = client.finish()
            assert code in (0, 2), errors
            assert "Traceback" not in errors
            client.__exit__(None, None, None)
            client = None
    assert answered > 150
    if client is not None:
        client.__exit__(None, None, None)


def probed(client: Client, id_: str) -> tuple[list[Message], bool]:
    """What a worker says until it answers the probe, and whether it does before long."""
    said: list[Message] = []
    while True:
        try:
            message = client.receive(patience=0.5)
        except queue.Empty:
            return said, False
        if message is None:
            return said, False
        said.append(message[0])
        if message[0].get("id") == id_:
            return said, True
