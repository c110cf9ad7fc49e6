"""Make one picture after another: one that fails is told and counted, and the others are made."""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from pathlib import Path

from dreamlayer.core.cli.cancelling import NOTHING, if_cancelled
from dreamlayer.core.cli.parser import FAILED
from dreamlayer.core.cli.plan import Job
from dreamlayer.core.cli.program import OUT_OF_MEMORY, sentence_of, show_traceback
from dreamlayer.core.cli.progress import Reporter
from dreamlayer.core.cli.targets import STREAM
from dreamlayer.core.errors import (
    LayerError,
    NetworkError,
    OptionError,
    ProviderError,
    RecipeError,
    UnsupportedOperatorError,
    bare,
    shown,
)
from dreamlayer.core.interruption import check

_NAMED = 5
"""Failed pictures that the sum names."""

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


class Batch:
    """Makes the pictures of a command, and counts them.

    Parameters
    ----------
    jobs : sequence of Job
        What to make, in order; those with a problem are told first.
    reporter : Reporter
        Is told of each.
    skip_existing : bool
        Whether a target that is there is left as it is.
    """

    def __init__(
        self, jobs: Sequence[Job], reporter: Reporter, *, skip_existing: bool = False
    ) -> None:
        # What is wrong is told before hours of work.
        self._jobs = sorted(jobs, key=lambda job: job.problem is None)
        self._reporter, self._skip_existing = reporter, skip_existing
        self._done = self._skipped = 0
        self._failed: list[str] = []
        self._last: Job | None = None

    def run(self, make: Callable[[Job], None]) -> int:
        """Make all pictures.

        Parameters
        ----------
        make : callable
            Makes one, and calls `finish` when it is written.

        Returns
        -------
        int
            The exit code: 2 if any failed.

        Raises
        ------
        Exception
            What `make` raises, where there is one picture only.
        """
        several = len(self._jobs) > 1
        tried = 0
        if_cancelled(NOTHING, finished=0, of=len(self._jobs))
        for number, job in enumerate(self._jobs, 1):
            tried = number
            check()
            if self._skips(job):
                continue
            self._reporter.begin(job.source, number, len(self._jobs))
            try:
                if job.problem is not None:
                    raise OptionError(job.problem)
                make(job)
            except Exception as error:
                self._reporter.clear()
                check()
                if not several:
                    raise
                show_traceback()
                self._fail(job, error)
                if self._last is not job and _ends_all(error):
                    break
            except KeyboardInterrupt:
                self._reporter.clear()
                raise
        if several:
            self._sum(len(self._jobs) - tried)
        return FAILED if self._failed else 0

    def finish(self, job: Job, target: str) -> None:
        """Count a picture that is written to `target`."""
        self._done += 1
        self._last = job
        words = f"{self._done} of {len(self._jobs)} pictures {'is' if self._done == 1 else 'are'}"
        if len(self._jobs) == 1:
            words = f"{shown(Path(target))} is"
            words = "the picture is" if target == STREAM else words
        if_cancelled(
            f"{words} finished, nothing is half-written", finished=self._done, of=len(self._jobs)
        )

    def _skips(self, job: Job) -> bool:
        """Whether a picture need not be made, which is told."""
        why = job.skipped
        if why is None and self._skip_existing and job.problem is None and job.target != STREAM:
            why = f"{shown(Path(job.target))} exists" if Path(job.target).exists() else None
        if why is None:
            return False
        self._skipped += 1
        self._reporter.note(
            "skipped", f"{job.source}: skipped, {why}", source=job.source, reason=why
        )
        return True

    def _fail(self, job: Job, error: Exception) -> None:
        self._failed.append(job.source)
        said = sentence_of(error, OUT_OF_MEMORY)
        kind = type(error).__name__
        self._reporter.error(
            "failed",
            f"{job.source or shown('')}: {said}",
            source=job.source,
            message=said,
            kind=kind,
        )

    def _sum(self, untried: int) -> None:
        """Say how many were made."""
        counts = {"done": self._done, "skipped": self._skipped, "failed": len(self._failed)}
        counts["not tried"] = untried
        told = [f"{count} {what}" for what, count in counts.items() if count or what == "done"]
        names = [bare(one) or shown(one) for one in self._failed[:_NAMED]]
        if len(self._failed) > _NAMED:
            names.append(f"and {len(self._failed) - _NAMED} more")
        sentence = ", ".join(told) + (f": {', '.join(names)}" if names else "")
        # That some were not even tried is an error of its own.
        tell = self._reporter.error if untried else self._reporter.note
        tell(
            "summary",
            sentence,
            done=self._done,
            skipped=self._skipped,
            failed=len(self._failed),
            not_tried=untried,
            failures=self._failed,
        )


_COMMON = (LayerError, NetworkError, ProviderError, RecipeError, UnsupportedOperatorError)


def _ends_all(error: BaseException | None) -> bool:
    """Whether the pictures that follow would fail for the same reason: no disk, no provider."""
    while error is not None:
        if isinstance(error, _COMMON):
            return True
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        error = error.__cause__ or error.__context__
    return False
