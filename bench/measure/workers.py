"""A process for each peer, with its own threads and memory; only one works at a time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.errors import BenchError, UnavailableError
from bench.measure.serving import receive, send
from bench.peers.table import Entry

OPENVINO_CACHE = "BENCH_OPENVINO_CACHE"
"""Variable with the folder for what OpenVINO by hand compiles."""

ROOT = Path(__file__).parents[2]
_LAST = 400


def environment(entry: Entry, cache: Path | None = None) -> dict[str, str]:
    """Environment of a peer's process: this checkout, and no GPU unless the row is for one.

    Parameters
    ----------
    entry : Entry
        The peer.
    cache : Path, optional
        Folder for what PyTorch, OpenVINO and we compile, instead of their own and our own, which
        may hold earlier results.
    """
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    found = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        # TensorFlow logs errors only.
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    if cache is not None:
        found["TORCHINDUCTOR_CACHE_DIR"] = str(cache / "torch")
        found["DREAMLAYER_CACHE"] = str(cache / "dreamlayer")
        found[OPENVINO_CACHE] = str(cache / "openvino")
    if entry.setting.device == "cpu":
        found["CUDA_VISIBLE_DEVICES"] = "-1"
    return found


class Worker:
    """The process of one peer, until the end of the `with` block.

    Parameters
    ----------
    entry : Entry
        The peer, and its interpreter.

    Raises
    ------
    UnavailableError
        The framework is missing.
    BenchError
        The process ends.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `close`
        try:
            self._process = subprocess.Popen(
                [entry.python or sys.executable, "-m", "bench.measure.serving"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env=environment(entry),
            )
        except OSError as error:
            self._said.close()
            raise UnavailableError(
                f"{entry.python!r} cannot be started: {error.strerror}"
            ) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        try:
            self._exchange((entry.make, entry.setting))
        except BaseException:
            self.close()
            raise

    def ask(self, request: str, *arguments: Any) -> Any:
        """Call one method of `serving.Bench` in the process, and wait for its result.

        Raises
        ------
        UnavailableError
            The peer cannot be measured on this machine: no compiler, no GPU.
        BenchError
            The peer cannot run the network, or its process ends.
        """
        return self._exchange((request, arguments))

    @property
    def ended(self) -> bool:
        """Whether the process has ended by itself."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End the process."""
        with suppress(OSError):
            self._requests.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            self._process.wait()
        self._answers.close()
        self._said.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _exchange(self, question: object) -> Any:
        try:
            send(self._requests, question)
            problem, value = receive(self._answers)
        except (EOFError, OSError) as gone:
            code = self._process.wait()
            raise BenchError(
                f"the process of {self.entry.label} ended by itself (exit code {code}; -9 means "
                f"out of memory){self._last_line()}"
            ) from gone
        if problem is not None:
            unavailable, sentence = problem
            kind = UnavailableError if unavailable else BenchError
            raise kind(f"{self.entry.label}: {sentence}")
        return value

    def _last_line(self) -> str:
        """The last line that the process printed, such as an error of Python."""
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return f": {lines[-1][:_LAST]}" if lines else ""
