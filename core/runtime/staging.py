"""Folders in the cache in which entries are written, and those that killed processes left."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import time
from pathlib import Path

from dreamlayer.core.files import claims

PREFIX = "staging-"
_OF_VERSION_0_1 = "making-"

_CLAIM = "in-use"
"""A file that is locked while the folder's process lives."""

_DAY = 24 * 3600.0


class Staging:
    """A new folder on the cache's disk, which others leave alone while this process lives.

    Parameters
    ----------
    root : Path
        The folder of the cache's files.

    Attributes
    ----------
    path : Path
        The folder.

    Raises
    ------
    OSError
        The operating system refused.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / claims.new_name(PREFIX)
        self.path.mkdir(mode=0o700)
        try:
            self._claim = claims.create(self.path / _CLAIM, 0o600)
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            raise

    def remove(self) -> None:
        """Remove the folder with what it holds; called once."""
        if os.name == "posix":
            # Claimed until it is gone; Windows removes no open file.
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._claim)
        shutil.rmtree(self.path, ignore_errors=True)


def remove_abandoned(root: Path) -> None:
    """Remove the folders of killed processes; those of other machines after a day."""
    for prefix in (PREFIX, _OF_VERSION_0_1):
        claims.remove_abandoned(root, prefix, "", _remove_if_abandoned)


def _remove_if_abandoned(folder: Path) -> None:
    state, held = folder.lstat(), folder / _CLAIM
    if not stat.S_ISDIR(state.st_mode):
        return
    if held.exists():
        with claims.abandoned(held, owned=claims.is_own(folder.name, PREFIX)) as is_abandoned:
            if is_abandoned and os.name == "posix":
                shutil.rmtree(folder, ignore_errors=True)
        if is_abandoned and os.name != "posix":
            # Windows removes no open file, so that folders in use stay.
            held.unlink()
            shutil.rmtree(folder, ignore_errors=True)
    elif claims.is_own(folder.name, PREFIX) or time.time() - state.st_mtime > _DAY:
        # One that is killed as it makes or removes a folder leaves it without a claim. One that is
        # just making it gets an error, and caches nothing this time.
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)
