"""What a command does, told on standard error as it does it: a line a step, and how long it took.

Standard output holds the result alone. The lines are the same with and without a terminal.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from dreamlayer.core.cli.standard_streams import note

Result = Callable[[str], None]
"""Called with what a step came to, in place of `done`."""


class Steps:
    """The steps of one command.

    Parameters
    ----------
    quiet : bool
        Tell of none.
    every : float
        Seconds after which a step that still runs says so, again and again.
    """

    def __init__(self, *, quiet: bool = False, every: float = 5.0) -> None:
        self._quiet, self._every = quiet, every

    @contextlib.contextmanager
    def step(self, work: str) -> Iterator[Result]:
        """Tell of one step while it is done: what it is first, and at its end what came of it.

        Parameters
        ----------
        work : str
            What is done, such as ``Looking for GIMP``.
        """
        results = ["done"]
        if self._quiet:
            yield results.append
            return
        begun, over = time.monotonic(), threading.Event()

        def tell() -> None:
            while not over.wait(self._every):
                note(f"{time.monotonic() - begun:.0f} s ... ")

        note(f"{work} ... ")
        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        try:
            yield results.append
        except BaseException:
            results.append("not done")
            raise
        finally:
            over.set()
            teller.join()
            seconds = round(time.monotonic() - begun)
            note(f"{results[-1]}{f' ({seconds} s)' * bool(seconds)}\n")
