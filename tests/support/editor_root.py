"""Real editors for the tests: small Debian systems beside this one, each with a GIMP and a Krita.

`python tests/support/editor_root.py trixie sid bullseye` builds them in the user's cache folder:
GIMP 3.0 with Krita 5.2 and Thunar, GIMP 3.2 with Krita 5.3, and Python 2.7, which GIMP 2.10's
plug-ins run on. It takes a minute each, root's rights and the package mmdebstrap. Existing ones are
reused.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import platformdirs

PROJECT = Path(__file__).resolve().parents[2]

_EDITORS = (
    "gimp,python3-gi,gir1.2-gimp-3.0,"
    # PyQt is only recommended by Krita, which has no plug-ins in Python without it.
    "krita,python3-pyqt5,"
    # A display without a screen, a window manager, hands, letters and icons.
    "xvfb,openbox,xdotool,fonts-dejavu-core,adwaita-icon-theme,librsvg2-common"
)
_FILE_MANAGER = (
    "thunar,dbus,"
    # What desktops and XML themselves say of entries in menus.
    "desktop-file-utils,libxml2-utils"
)
SUITES = {
    "trixie": f"{_EDITORS},{_FILE_MANAGER}",
    "sid": _EDITORS,
    "bullseye": "python2.7",
}
"""Debian suites, and the packages that are wanted of each."""

_NO_DOCUMENTS = [f"path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")]

_ENTER = """
set -e
root=$1; shared=$2; shift 2
mount -t tmpfs none "$root/tmp"
mkdir -p "$root/tmp/home" "$root$shared"
mount --bind "$shared" "$root$shared"
for folder in "$root/host" "$root/proc" "$root/dev"; do mkdir -p "$folder"; done
mount --rbind --make-rslave / "$root/host"
mount -t proc proc "$root/proc"
mount -t proc proc "$root/host/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" "$@"
"""
"""Enter a root in a mount and process namespace of its own: nothing it does lasts. The machine's
own files are at /host; the root's own /tmp is empty, but for the one folder that both share."""


def folder(suite: str) -> Path:
    """Where the root of a suite is kept; another package list makes another folder."""
    key = hashlib.sha256(SUITES[suite].encode()).hexdigest()[:8]
    return Path(platformdirs.user_cache_dir("dreamlayer")) / "roots" / f"{suite}-{key}"


def missing(suite: str) -> str:
    """Why a suite's root cannot be used, as one sentence with the command that helps; or ''."""
    if not sys.platform.startswith("linux"):
        return "a root with real editors can be made on Linux only"
    if os.geteuid() != 0:
        return "a root with real editors can be entered by root only; run the tests as root"
    if not folder(suite).is_dir():
        return f"no root with real editors; build one: python tests/support/editor_root.py {suite}"
    return ""


def build(suite: str) -> Path:
    """Make the root of a suite, unless it is there; it appears whole or not at all."""
    target = folder(suite)
    if target.is_dir():
        return target
    if shutil.which("mmdebstrap") is None:
        sys.exit("mmdebstrap is missing; apt-get install --no-install-recommends mmdebstrap")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}-{os.getpid()}")
    options = [
        "--mode=root",
        f"--variant={'extract' if suite == 'bullseye' else 'minbase'}",
        "--skip=check/empty",
        '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=APT::Sandbox::User "root"',
        '--aptopt=Acquire::Check-Valid-Until "false"',
        "--dpkgopt=force-unsafe-io",
        *(f"--dpkgopt={option}" for option in _NO_DOCUMENTS),
        f"--include={SUITES[suite]}",
    ]
    try:
        source = f"deb {_mirror()} {suite} main"
        subprocess.run(["mmdebstrap", *options, suite, unfinished, source], check=True)
        (unfinished / "host").mkdir()
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return target


def _mirror() -> str:
    """The Debian mirror that this machine uses."""
    sources = Path("/etc/apt")
    for path in [*sorted(sources.glob("sources.list.d/*")), sources / "sources.list"]:
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        for word in text.split():
            if word.startswith(("http://", "https://")) and word.rstrip("/").endswith("/debian"):
                return word
    sys.exit("no Debian mirror is named in /etc/apt; add one to its sources")


def run(
    suite: str,
    command: list[str],
    shared: Path,
    *,
    environment: dict[str, str] | None = None,
    timeout: float = 300,
) -> subprocess.CompletedProcess[str]:
    """Run a command inside a suite's root, and end all that it started.

    Parameters
    ----------
    suite : str
        One of `SUITES`.
    command : list of str
        Program and arguments, as they are called in the root.
    shared : Path
        A folder below /tmp that has the same path in there; all other files of the machine are
        below /host.
    environment : dict, optional
        Variables beside HOME, PATH and LC_ALL.
    timeout : float
        Seconds until all is ended and `subprocess.TimeoutExpired` raised.
    """
    clean = {
        "HOME": "/tmp/home",
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
        "LC_ALL": "C.UTF-8",
        **(environment or {}),
    }
    # Without a network of the machine's: nothing in here needs one, and displays have names in it.
    spaces = ["--mount", "--pid", "--net"]
    enter = ["unshare", *spaces, "--fork", "--kill-child", "--propagation", "private"]
    return subprocess.run(
        [*enter, "bash", "-c", _ENTER, "enter", str(folder(suite)), str(shared), *command],
        env=clean,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
    )


def interpreter(at: Path, source: Path | None = None) -> Path:
    """Write a program that is this Python, also when it is called inside a root.

    With `source`, it takes dreamlayer from that folder, wherever else it has one.
    """
    export = "" if source is None else f"export PYTHONPATH={shlex.quote(str(source))}\n"
    at.write_text(
        f"#!/bin/sh\n{export}"
        f'[ -d /host/etc ] && exec chroot /host {shlex.quote(sys.executable)} "$@"\n'
        f'exec {shlex.quote(sys.executable)} "$@"\n'
    )
    at.chmod(0o755)
    return at


if __name__ == "__main__":
    for name in sys.argv[1:] or SUITES:
        if name not in SUITES:
            sys.exit(f"no root is called {name!r}; there are: {', '.join(SUITES)}")
        print(build(name))
