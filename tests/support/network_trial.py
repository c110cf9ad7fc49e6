"""Give hostile networks to every command that opens one, and to workers, and judge what comes."""

from __future__ import annotations

import contextlib
import queue
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
from forked_program import SECONDS, Ended, ForkedProgram
from mutation_trial import prepare
from network_bases import LAYER
from network_mutation import Hostile, hostile
from outcomes import faults, left_over
from worker_process import SMALL, Client, Message

_OTHER, _SOUND = "other.png", "small.onnx"
_SHARE = 8.0
"""Among how many programs the processor may be divided; what a command takes of it counts."""

PATIENCE = _SHARE * SECONDS
_IDLE_SECONDS = 0.5
"""Of processor time; a worker that takes less while it is waited for waits itself."""

_IDLE = ["--steps", "1", "--octaves", "1", "--quiet"]


@dataclass(frozen=True)
class NetworkTrial:
    """What came of one network.

    Attributes
    ----------
    number : int
        The network's.
    network : Hostile
        The network.
    outcomes : dict
        By command: `done`, or what was said.
    faults : list of str
        What is wrong with that.
    seconds : float
        What the slowest command took.
    """

    number: int
    network: Hostile
    outcomes: dict[str, str]
    faults: list[str]
    seconds: float

    @property
    def used(self) -> bool:
        """Whether any command could use it."""
        return "done" in self.outcomes.values()

    def __str__(self) -> str:
        lines = [f"  {command}: {said}" for command, said in self.outcomes.items()]
        head = f"{self.network.name} ({self.network.how}): {'; '.join(self.faults)}"
        return "\n".join([head, *lines])


def commands(name: str) -> dict[str, list[str]]:
    """The commands that get a network, by what they are called here."""
    layer = ["--layer", LAYER]
    return {
        "layers": ["layers", "--network", name],
        "dream": ["dream", _OTHER, "--network", name, *layer, *_IDLE, "-o", "out.png"],
        "adopt": ["export", "adopt", name, "-o", "adopted.onnx"],
        "gradient": ["export", "gradient", name, *layer, "-o", "gradient.onnx"],
        "adopted": ["dream", _OTHER, "--network", "adopted.onnx", *layer, *_IDLE, "-o", "o.png"],
    }


def network_trials(count: int, seed: int, workers: int = 2) -> Iterator[NetworkTrial]:
    """Try so many, in several processes."""

    made: queue.Queue[NetworkTrial | None] = queue.Queue()

    def share(first: int) -> None:
        try:
            with ForkedProgram() as program, tempfile.TemporaryDirectory() as folder:
                numbers = range(first, count, workers)
                for trial in tried(program, Path(folder), {n: hostile(seed, n) for n in numbers}):
                    made.put(trial)
        finally:
            made.put(None)

    with ThreadPoolExecutor(workers) as pool:
        shares = [pool.submit(share, first) for first in range(workers)]
        for _ in range(workers):
            while (trial := made.get()) is not None:
                yield trial
        for one in shares:
            one.result()


def tried(
    program: ForkedProgram, folder: Path, networks: dict[int, Hostile]
) -> Iterator[NetworkTrial]:
    """Try some networks in a folder, all with one worker as long as it lives."""
    prepare(folder)
    client: Client | None = None
    try:
        for number, network in networks.items():
            if client is None:
                client = Client([sys.executable, "-m", "dreamlayer", "worker"])
                client.__enter__()
            trial = _one(program, client, folder, number, network)
            yield trial
            if any(fault.startswith("worker") for fault in trial.faults):
                client.process.kill()
                client.__exit__(None, None, None)
                client = None
    finally:
        if client is not None:
            client.__exit__(None, None, None)


def _one(
    program: ForkedProgram, client: Client, folder: Path, number: int, network: Hostile
) -> NetworkTrial:
    put(network, folder)
    found: list[str] = []
    outcomes: dict[str, str] = {}
    slowest = 0.0
    for name, words in commands(network.name).items():
        if name == "adopted" and not (folder / "adopted.onnx").exists():
            continue
        ended = program.run(*words, cwd=folder, seconds=PATIENCE)
        slowest = max(slowest, ended.seconds)
        said = ended.errors.decode(errors="replace").strip()
        outcomes[name] = "done" if ended.code == 0 else said
        found += [f"{fault} ({name})" for fault in wrong(ended)]
        target = words[words.index("-o") + 1] if "-o" in words else None
        if target is not None and (folder / target).exists() != (ended.code == 0):
            found.append(f"written: {target}, though the exit code is {ended.code} ({name})")
    outcomes["worker"], worker_faults = _by_worker(client, folder / network.name, number)
    found += worker_faults
    made = ("out.png", "o.png", "adopted.onnx", "gradient.onnx", "gradient.json")
    known = {*network.files, *network.links, *made, _OTHER, _SOUND}
    litter = left_over(folder, *known)
    if litter:
        found.append(f"litter: {', '.join(litter)}")
    for name in {*network.files, *network.links, *made, *litter}:
        (folder / name).unlink(missing_ok=True)
    return NetworkTrial(number, network, outcomes, found, slowest)


def wrong(ended: Ended) -> list[str]:
    """What is wrong with how a command ended; it must not take longer than a quiet machine has."""
    late = ended.processor > SECONDS and not ended.hung
    slow = [f"hang: {ended.processor:.0f} s of processor time"] if late else []
    return faults(ended) + slow


def put(network: Hostile, folder: Path) -> None:
    """Write a network's files and links."""
    for name, content in network.files.items():
        with (folder / name).open("wb") as file:
            if isinstance(content, int):
                file.truncate(content)
            else:
                file.write(content)
    for name, target in network.links.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)


def _received(client: Client) -> tuple[Message, bytes] | None:
    """A worker's next message; raises `queue.Empty` where it hangs.

    As for commands, what counts is the processor time of its processes: on a machine that others
    use as well, an answer that takes ten seconds of that may take minutes.
    """
    begun = spent = _processor(client)
    while True:
        try:
            return client.receive(PATIENCE)
        except queue.Empty:
            before, spent = spent, _processor(client)
            if spent - begun > SECONDS:
                raise queue.Empty(f"{spent - begun:.0f} s of processor time") from None
            if spent - before < _IDLE_SECONDS:
                raise queue.Empty(f"{PATIENCE:.0f} s, in which it did nothing") from None


def _processor(client: Client) -> float:
    """Seconds of processor time of a worker and all processes that it has started; 0 once gone."""
    total = 0.0
    with contextlib.suppress(psutil.Error):
        worker = psutil.Process(client.process.pid)
        total = sum(worker.cpu_times()[:4])
        for child in worker.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                total += sum(child.cpu_times()[:4])
    return total


def _by_worker(client: Client, path: Path, number: int) -> tuple[str, list[str]]:
    """What a worker answers, and whether it answers to what follows."""
    recipe = {"network": str(path), "layers": [LAYER], "octaves": 1, "steps": 1}
    client.send(type="describe", id=f"describe {number}", network=str(path))
    client.dream(SMALL, recipe=recipe, id=f"dream {number}")
    client.send(type="describe", id=f"after {number}")
    answers: list[Message] = []
    while not answers or answers[-1].get("id") != f"after {number}":
        try:
            message = _received(client)
        except queue.Empty as late:
            return "nothing", [f"worker-hang: no answer within {late}"]
        if message is None:
            code = client.process.wait()
            return "nothing", [f"worker-signal {-code}" if code < 0 else f"worker-exit {code}"]
        answers.append(message[0])
    found = []
    for one in answers:
        said = str(one.get("error", ""))
        if one.get("kind") == "InternalError" or not said.isprintable() or len(said) > 2100:
            found.append(f"traceback: of the worker: {said[:200]}")
    said = next((str(one["error"]) for one in answers if one["type"] == "error"), "done")
    return said, found
