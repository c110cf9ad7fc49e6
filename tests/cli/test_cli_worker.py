"""`dreamlayer worker` as a process: its streams, its signals, its first word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from command_line import ROOT, command, refused
from worker_process import PATIENCE, RGBA, Client, error_of

from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.version import VERSION


def test_worker_says_that_it_is_ready_before_it_loads_anything() -> None:
    """And ends with its input, with nothing more to say."""
    code = (
        "import sys; import dreamlayer.core.worker.writer\n"
        "from dreamlayer.core.cli.program import main\n"
        "send = dreamlayer.core.worker.writer.ReplyWriter.send\n"
        "def told(self, header, *rest, **more):\n"
        "    heavy = {'numpy', 'onnx', 'onnxruntime', 'PIL', 'scipy'} & set(sys.modules)\n"
        "    send(self, {**header, 'heavy': sorted(heavy)}, *rest, **more)\n"
        "dreamlayer.core.worker.writer.ReplyWriter.send = told\n"
        "main(['worker'])"
    )
    with Client([sys.executable, "-c", code]) as client:
        assert client.ready == {
            "type": "ready",
            "protocol": 1,
            "version": VERSION,
            "heavy": [],
        }
        assert client.finish() == (0, "")


def test_what_libraries_print_does_not_get_among_the_replies() -> None:
    """From Python, from below it, and from a child; none of them can eat requests either."""
    code = (
        "import os, subprocess, sys\n"
        "from dreamlayer.core.cli.worker import claim_streams\n"
        "requests, replies = claim_streams()\n"
        "print('printed', flush=True)\n"
        "os.write(1, b'written')\n"
        "child = 'import sys; print(repr(sys.stdin.read()))'\n"
        "subprocess.run([sys.executable, '-c', child], check=True)\n"
        "replies.write(requests.read()); replies.flush()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=b"a\r\nb\x1a\x00",
        capture_output=True,
        cwd=ROOT,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout == b"a\r\nb\x1a\x00"
    assert b"".join(done.stderr.split()) == b"printedwritten''"


def test_reader_that_went_away_ends_the_worker_quietly() -> None:
    """A reply that nobody takes is the end, without a word."""
    with subprocess.Popen(
        command("worker"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        process.stdout.close()
        process.stdin.write(b"nonsense\n")
        process.stdin.flush()
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are POSIX's")
def test_signals(endless: Recipe) -> None:
    """Ctrl-C belongs to the program that started the worker; a polite kill ends it at once."""
    with Client() as client:
        client.dream(RGBA, recipe=endless)
        while client.until("progress")[-1][0]["stage"] != "dreaming":
            pass
        client.process.send_signal(signal.SIGINT)
        client.send(type="cancel")
        assert error_of(client.answer()) == (None, "CancelledError")
        client.dream(RGBA, recipe=endless)
        client.process.send_signal(signal.SIGTERM)
        assert client.process.wait(PATIENCE) == -signal.SIGTERM
        assert client.finish()[1] == ""


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of this kind is POSIX's")
def test_worker_on_a_terminal_says_that_it_is_for_programs() -> None:
    """Who starts it by hand is not left before a line of JSON."""
    import pty

    leader, follower = pty.openpty()
    done = subprocess.run(
        command("worker"),
        stdin=follower,
        capture_output=True,
        cwd=ROOT,
        timeout=PATIENCE,
        check=False,
    )
    os.close(leader)
    os.close(follower)
    refused(done, "for programs")
    assert done.stdout == b""


@pytest.mark.skipif(sys.platform == "win32", reason="a closed stream of this kind is POSIX's")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_worker_without_streams_ends(closed: str) -> None:
    """There is nobody to work for."""
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *command("worker")],
        input=b"",
        capture_output=True,
        cwd=ROOT,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
