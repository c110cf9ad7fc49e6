"""Run the command line often: one process imports it once, and each run is a fork of that.

A run has its own memory, streams, signals and exit code, as if it had been started from a shell,
but starts in 20 ms. Where a system has no fork, each run is a program of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

ROOT = Path(__file__).parents[2]
SECONDS = 20.0
"""A run that takes longer counts as hanging; the slowest takes three."""

_CAN_FORK = hasattr(os, "fork")
_PROGRAM = "python -m dreamlayer"
_EXPORT = "export"
"""The first word of a command of the exporter, which is a program of its own."""

_IMPORTS = (
    *("numpy", "numpy.random", "pyvips", "PIL.Image", "xml.dom.minidom"),
    *("dreamlayer.core.api", "dreamlayer.core.cli.dream", "dreamlayer.core.cli.recipe"),
)


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes
    ----------
    code : int
        Its exit code, or minus the signal that ended it.
    output, errors : bytes
        What it wrote.
    seconds : float
        How long it took.
    peak : int
        The most memory that it held, in bytes; 0 where that is unknown.
    hung : bool
        Whether it was ended for taking too long.
    processor : float
        Seconds of processor time; 0 where that is unknown.
    """

    code: int
    output: bytes
    errors: bytes
    seconds: float
    peak: int
    hung: bool
    processor: float = 0.0


class ForkedProgram:
    """`python -m dreamlayer`, imported once; `with` ends the process that forks."""

    def __enter__(self) -> ForkedProgram:
        self._scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._server: subprocess.Popen[bytes] | None = None
        if _CAN_FORK:
            self._server = subprocess.Popen(
                [sys.executable, __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_environment(),
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.communicate()
        self._scratch.cleanup()

    def run(
        self,
        *arguments: object,
        cwd: Path,
        stdin: bytes = b"",
        seconds: float = SECONDS,
        alone: bool = False,
    ) -> Ended:
        """Run one command to its end in the folder `cwd`; `alone` is as a program of its own."""
        words = [os.fspath(a) if isinstance(a, os.PathLike) else str(a) for a in arguments]
        if self._server is None or alone:
            return _run_alone(words, cwd, stdin, seconds)
        paths = {name: Path(self._scratch.name) / name for name in ("in", "out", "err")}
        paths["in"].write_bytes(stdin)
        job = {"words": words, "cwd": str(cwd), "seconds": seconds}
        job |= {name: str(path) for name, path in paths.items()}
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(job).encode() + b"\n")
        self._server.stdin.flush()
        ended: dict[str, Any] = json.loads(self._server.stdout.readline())
        return Ended(output=paths["out"].read_bytes(), errors=paths["err"].read_bytes(), **ended)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


def _run_alone(words: list[str], cwd: Path, stdin: bytes, seconds: float) -> Ended:
    begun = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-m", *_module(words)],
            input=stdin,
            capture_output=True,
            cwd=cwd,
            env=_environment(),
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return Ended(-9, late.stdout or b"", late.stderr or b"", seconds, 0, True)
    taken = time.monotonic() - begun
    return Ended(done.returncode, done.stdout, done.stderr, taken, 0, False)


def _module(words: list[str]) -> list[str]:
    """The module to run, and its arguments."""
    if words[:1] == [_EXPORT]:
        return ["dreamlayer.export", *words[1:]]
    return ["dreamlayer", *words]


def _serve() -> None:
    """Fork for each line of standard input, and say how the fork ended."""
    import importlib

    from dreamlayer.core.runtime.installed import runtime

    for name in _IMPORTS:
        importlib.import_module(name)
    runtime()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        job = json.loads(line)
        pid = os.fork()
        if not pid:
            _become(job)
        replies.write(json.dumps(_watch(pid, job["seconds"])).encode() + b"\n")
        replies.flush()


def _become(job: dict[str, Any]) -> NoReturn:
    """Be the program, with streams and folder of its own."""
    code: Any = 1
    try:
        os.setsid()
        writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        for number, name, flags in (
            (0, "in", os.O_RDONLY),
            (1, "out", writing),
            (2, "err", writing),
        ):
            made = os.open(job[name], flags, 0o600)
            os.dup2(made, number)
            os.close(made)
        os.chdir(job["cwd"])
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            for number, mode in ((0, "r"), (1, "w"), (2, "w"))
        )
        sys.argv = _module(job["words"])
        if job["words"][:1] == [_EXPORT]:
            from dreamlayer.export.cli import main

            code = main(program=f"{_PROGRAM}.export")
        else:
            from dreamlayer.core.cli.program import main

            code = main(program=_PROGRAM)
    except SystemExit as leaving:
        code = leaving.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code or 0)


def _watch(pid: int, seconds: float) -> dict[str, Any]:
    begun, hung = time.monotonic(), False
    while True:
        ended, status, used = os.wait4(pid, os.WNOHANG)
        if ended:
            break
        if not hung and time.monotonic() - begun > seconds:
            hung = True
            os.killpg(pid, signal.SIGKILL)
        time.sleep(0.004)
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": time.monotonic() - begun,
        "peak": used.ru_maxrss * unit,
        "hung": hung,
        "processor": used.ru_utime + used.ru_stime,
    }


if __name__ == "__main__":
    _serve()
