"""Refusals of networks that would end this process or never let it go on, kept for a day.

What ended the process that looked at a file, or took all of its processor time, does so again for
the same file, machine, libraries, limits and code. A lack of memory may be the machine's, and
standing still the disk's: those are tried again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dreamlayer.core.errors import NetworkError, shown
from dreamlayer.core.isolation.budget import Budget, StoppedError
from dreamlayer.core.network.files import content_of
from dreamlayer.core.network.limits.file_size import size_of
from dreamlayer.core.runtime import cache, openvino_session
from dreamlayer.core.runtime.facts import finite_number, string, truth

_SECONDS = 24 * 3600.0
_KIND = "refusal"
_CODE = ("isolation/*.py", "network/refusals.py")
"""The files of `core` that determine what is refused, beside those of every key of the cache."""


def refused(path: Path, stopped: StoppedError, *, before: bool = False) -> NetworkError:
    """The error for a network file that ended the process that looked at it, now or `before`."""
    when = ", as was found within the last day" if before else ""
    return NetworkError(f"network {shown(path)} {stopped.reason}{when}; {stopped.advice}")


def remembered(work: Callable[[], Any], path: Path, digest: str | None, *what: object) -> Any:
    """What some work on a network file gives, unless it was refused within the last day.

    With other limits it is tried again.

    Parameters
    ----------
    work : callable
        Works on the file in a process of its own; raises what `refused` makes, from what ended it.
    path : Path
        The file, for the message.
    digest : str or None
        The SHA-256 of its content. Nothing is remembered where it is None, or is not the file's, or
        where the versions of the libraries cannot be told.
    what : objects
        What is done with the file.

    Raises
    ------
    NetworkError
        As `work`, now or before.
    """
    libraries = _libraries()
    if digest is None or libraries is None:
        return work()
    key = (
        _KIND,
        Budget.for_file(size_of(path)),
        libraries,
        cache.machine(),
        cache.digest_of_code(*_CODE),
        digest,
        *what,
    )
    known = _known(key)
    if known is not None:
        raise refused(path, known, before=True)
    try:
        return work()
    except NetworkError as error:
        stopped = error.__cause__
        # That process read the file after us.
        if isinstance(stopped, StoppedError) and stopped.repeats and _is_still(path, digest):
            told = {"at": time.time(), "reason": stopped.reason, "limited": stopped.limited}
            cache.store_blob(json.dumps(told).encode(), *key)
        raise


def _libraries() -> str | None:
    """The versions of the libraries that a network is tried with; None where one is not noted."""
    others = [openvino_session.NAME] if openvino_session.is_installed() else []
    noted = [cache.noted_versions(package) for package in ("onnxruntime", *others)]
    return " ".join(noted) if all(noted) else None


def _is_still(path: Path, digest: str) -> bool:
    """Whether a file has a digest, as long as it is there."""
    with contextlib.suppress(NetworkError):
        return hashlib.sha256(content_of(path)).hexdigest() == digest
    return False


def _known(key: tuple[object, ...]) -> StoppedError | None:
    stored = cache.load_blob(*key)
    if stored is None:
        return None
    try:
        told = json.loads(stored)
        age = time.time() - finite_number(told["at"])
        found = StoppedError(string(told["reason"]), limited=truth(told["limited"]))
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return found if 0 <= age < _SECONDS else None
