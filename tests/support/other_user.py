"""Tests that must not run as root, which may write everywhere."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_NOBODY = 65534


@contextlib.contextmanager
def as_nobody() -> Iterator[Path]:
    """An empty folder of a user without rights, which this process is within the block.

    Where it is not root's, it has few enough rights already.
    """
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    try:
        if root:
            os.chown(folder, _NOBODY, _NOBODY)
            folder.chmod(0o755)
            groups = os.getgroups()
            os.setgroups([])
            os.setresgid(_NOBODY, _NOBODY, 0)
            os.setresuid(_NOBODY, _NOBODY, 0)
        try:
            yield folder
        finally:
            if root:
                os.setresuid(0, 0, 0)
                os.setresgid(0, 0, 0)
                os.setgroups(groups)
    finally:
        for path in [folder, *folder.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
