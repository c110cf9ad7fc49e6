"""`dreamlayer worker`: dream for another program, over standard input and output."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from typing import BinaryIO

from dreamlayer.core.cli.cancelling import release_signals
from dreamlayer.core.cli.standard_streams import is_closed
from dreamlayer.core.errors import OutputError, RequestError
from dreamlayer.core.version import VERSION
from dreamlayer.core.worker.protocol import FIRST, PROTOCOL
from dreamlayer.core.worker.writer import ReplyWriter


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options: but for the protocol, every request brings its own."""
    parser.add_argument(
        "--protocol",
        type=int,
        choices=(FIRST, PROTOCOL),
        default=FIRST,
        help=f"version of the protocol (default: {FIRST})",
    )
    parser.epilog = "The protocol is told in docs/worker.md."


def run(options: argparse.Namespace) -> int:
    """Work until the input closes; does not return unless it cannot begin."""
    if is_closed("stdin") or is_closed("stdout"):
        raise OutputError("the worker needs an open standard input and output")
    if sys.stdin.isatty():
        raise RequestError(
            "the worker is for programs that speak its protocol; dream with `dreamlayer dream`"
        )
    requests, answers = claim_streams()
    release_signals()
    if threading.current_thread() is threading.main_thread():
        # Ctrl-C in a terminal is meant for the program that started us, whose end will be ours.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # There is nothing to tidy up, and Python would wait for the network to come back.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    replies = ReplyWriter(answers)
    replies.send({"type": "ready", "protocol": options.protocol, "version": VERSION})

    from dreamlayer.core.worker.server import Worker

    Worker(requests, replies, options.protocol).run()


def claim_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take standard input and output for the protocol alone.

    What libraries print goes to standard error, and children read nothing.

    Returns
    -------
    (binary stream, binary stream)
        Standard input and output as they were.
    """
    sys.stdout.flush()
    requests, replies = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere if sys.stderr is None else 2, 1)
    os.close(nowhere)
    if sys.stderr is not None:
        sys.stdout = sys.stderr
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (requests, replies):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return os.fdopen(requests, "rb"), os.fdopen(replies, "wb")
