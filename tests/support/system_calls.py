"""What a program asks of the system, watched by strace: files that it writes, sockets it opens."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_CALLS = (
    "openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,"
    "mknod,mknodat,unlink,unlinkat,rmdir,truncate,chmod,fchmodat,chown,fchownat,utimensat,"
    "socket,connect,bind,sendto,sendmsg,sendmmsg"
)
_LINE = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)\((.*)\) += +(-?\d+|\?)")
_PATH = re.compile(r'(?:AT_FDCWD|\d+)<([^<>]*)>, "((?:[^"\\]|\\.)*)"|"((?:[^"\\]|\\.)*)"')
_WRITES = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|TMPFILE)")

# Of the system's own: whatever it is asked for, nothing stays.
_NOTHING = re.compile(r"/(dev/(null|tty|urandom|shm/.*)|proc/.*)$")
_LOCAL = re.compile(r"AF_UNIX.*/(nscd/socket|run/systemd/userdb/.*)|AF_NETLINK")


@dataclass(frozen=True)
class Watched:
    """What a program did.

    Attributes
    ----------
    code : int
        Its exit code.
    output : str
        What it printed, errors too.
    written : set of str
        Every file and folder that it opened for writing, made, renamed, changed or removed.
    sockets : list of str
        The calls that asked for more than a lookup of this machine's own users.
    """

    code: int
    output: str
    written: set[str]
    sockets: list[str]

    def outside(self, *folders: Path) -> set[str]:
        """What was written elsewhere than in some folders, compiled Python aside."""
        places = [f"{os.path.realpath(folder)}" for folder in folders]
        return {
            path
            for path in self.written
            if not any(path == place or path.startswith(f"{place}/") for place in places)
            and "/__pycache__" not in path
        }


def watched(
    command: Sequence[str], environment: Mapping[str, str], cwd: Path, log: Path
) -> Watched:
    """Run a command to its end, its children too; skips the test where there is no strace."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: apt-get install strace")
    ran = subprocess.run(
        ["strace", "-f", "-y", "-s", "4096", "-e", f"trace={_CALLS}", "-o", str(log), *command],
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        timeout=300,
        check=False,
    )
    written: set[str] = set()
    sockets = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        name, arguments, result = found.groups()
        if name in ("socket", "connect", "bind", "sendto", "sendmsg", "sendmmsg"):
            if "AF_INET" in arguments or (name == "connect" and not _LOCAL.search(arguments)):
                sockets.append(line)
        elif not result.startswith("-") and (
            name not in ("open", "openat") or _WRITES.search(arguments)
        ):
            written |= {path for path in _paths(arguments, cwd) if not _NOTHING.match(path)}
    return Watched(ran.returncode, ran.stdout, written, sockets)


def _paths(arguments: str, cwd: Path) -> set[str]:
    found = set()
    for folder, below, plain in _PATH.findall(arguments):
        found.add(os.path.normpath(os.path.join(folder or cwd, below or plain)))  # noqa: PTH118
    return found
