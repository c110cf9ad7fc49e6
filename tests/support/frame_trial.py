"""Give mutated messages to real workers, and judge what they answer."""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forked_program import SECONDS
from frame_mutation import Frame, frame
from worker_process import Client, Message

MEMORY = 1_500_000_000
_PADDING = 2**16
_KINDS = ("ready", "progress", "preview", "result", "description", "error")


@dataclass(frozen=True)
class FrameTrial:
    """What came of one message.

    Attributes
    ----------
    number : int
        The message's.
    frame : Frame
        The message.
    answers : list of str
        Types of the replies, errors by their sentences.
    faults : list of str
        What is wrong; nothing where all is well.
    restarted : bool
        Whether the worker had to end, since nobody could tell where the next message begins.
    """

    number: int
    frame: Frame
    answers: list[str]
    faults: list[str]
    restarted: bool

    def __str__(self) -> str:
        line = self.frame.line[:300]
        return f"frame {self.number}: {'; '.join(self.faults)}\n  {line!r}\n  {self.answers}"


def frame_trials(count: int, seed: int) -> Iterator[FrameTrial]:
    """Send so many messages, to a new worker wherever one has ended as it must."""
    number = 0
    while number < count:
        client = Client([sys.executable, "-m", "dreamlayer", "worker"])
        with client:
            while number < count:
                trial = _one(client, seed, number)
                number += 1
                yield trial
                if trial.restarted:
                    break
            else:
                trial = None
            code, errors = client.finish()
        if errors:
            yield FrameTrial(
                number - 1, frame(seed, number - 1), [errors], ["words: on stderr"], True
            )
        if code not in (0, 2):
            yield FrameTrial(number - 1, frame(seed, number - 1), [], [f"exit code {code}"], True)


def _one(client: Client, seed: int, number: int) -> FrameTrial:
    sent = frame(seed, number)
    answers: list[Message] = []
    found: list[str] = []
    missing = max(sent.told, 0) - len(sent.payload)
    client.write(sent.line + sent.payload)
    ends = not sent.line.endswith(b"\n") or missing > _PADDING
    if ends:
        # It waits for what will never come; the end of its input is the only way out.
        client.close_input()
    else:
        client.write(b"\0" * max(missing, 0))
        if missing < 0:
            # What is too much is a line of its own, and the next must be understood again.
            client.write(b"\n")
        client.send(type="describe", id=f"after {number}")
    while True:
        try:
            message = client.receive(SECONDS)
        except queue.Empty:
            found.append(f"hang: no answer within {SECONDS:.0f} s")
            client.process.kill()
            break
        except AssertionError:
            found.append(f"framing: the reply is no message: {client.broken!r}")
            break
        if message is None:
            ends = True
            break
        answers.append(message[0])
        if message[0].get("id") == f"after {number}":
            break
    return FrameTrial(
        number,
        sent,
        [_said(one) for one in answers],
        found + _faults(client, answers),
        ends or bool(found),
    )


def _said(message: Message) -> str:
    return str(message.get("error", message["type"]))


def _faults(client: Client, answers: list[Message]) -> list[str]:
    found = []
    for one in answers:
        if one.get("type") not in _KINDS:
            found.append(f"type: {one.get('type')!r}")
        if one.get("kind") == "InternalError" or "something went wrong" in _said(one):
            found.append("traceback: in the reply")
        if not _said(one).isprintable():
            found.append("words: control characters")
        if len(_said(one)) > 2100:
            found.append("words: a sentence of more than 2100 characters")
    if client.process.poll() is None and _held(client.process.pid) > MEMORY:
        found.append(f"memory: {_held(client.process.pid) >> 20} MiB")
    elif (code := client.process.poll()) is not None and code < 0:
        found.append(f"signal: {-code}")
    return found


def _held(pid: int) -> int:
    """The most memory that a process has held; 0 where nobody tells."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return int(found[0]) * 1024 if found else 0
