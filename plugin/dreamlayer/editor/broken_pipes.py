# -*- coding: utf-8 -*-
"""Writing to a process that may have ended, for Python 2.7 and 3."""

from __future__ import unicode_literals

import contextlib
import signal


@contextlib.contextmanager
def as_errors():
    """Let a write to a broken pipe be an error, whatever the program around Python is.

    Python ignores the signal for that where it is the program itself. Within an editor it does not,
    and the signal would end the editor. It is kept from this thread alone, and only meanwhile:
    what the editor does about signals is its own.
    """
    if not hasattr(signal, "pthread_sigmask"):
        # Windows has no such signal, and GIMP's Python 2 is a program.
        yield
        return
    of_pipes = {signal.SIGPIPE}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, of_pipes)
    try:
        yield
    finally:
        if signal.SIGPIPE not in before and signal.SIGPIPE in signal.sigpending():
            signal.sigwait(of_pipes)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
