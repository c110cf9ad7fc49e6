"""How this copy was installed, and the commands that add to it.

Imported by programs before they know their Python, it keeps to the syntax of Python 3.8.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

NAME = "dreamlayer"


def checkout() -> Path | None:
    """The checkout that this is part of; None where it is installed."""
    root = Path(__file__).resolve().parents[1]
    return root if (root / "pyproject.toml").is_file() else None


def command(program: str) -> str:
    """How `core`, `export` or `plugin` is called: in a checkout ``python -m export``, for example,
    and installed ``dreamlayer-export``."""
    if checkout():
        return f"python -m {program}"
    return NAME if program == "core" else f"{NAME}-{program}"


def quoted(argument: str, system: str = sys.platform) -> str:
    """An argument as it is typed into a terminal: in quotes where it needs them.

    Examples
    --------
    >>> quoted("photo.jpg"), quoted("my photo.jpg", "linux"), quoted("my photo.jpg", "win32")
    ('photo.jpg', "'my photo.jpg'", '"my photo.jpg"')
    """
    if system == "win32":
        from subprocess import list2cmdline

        return list2cmdline([argument])
    from shlex import quote

    return quote(argument)


def option(name: str, value: str) -> str:
    """An option with its value, and a space before it, as it is typed into a terminal.

    Examples
    --------
    >>> option("--layer", "mixed3"), option("--layer", "-mixed3")
    (' --layer mixed3', ' --layer=-mixed3')
    """
    return f" {quoted(f'{name}={value}')}" if value.startswith("-") else f" {name} {quoted(value)}"


def requirement(extras: str = "") -> str:
    """What pip installs this copy from: the checkout, wheel or repository that it came from.

    Only a copy from an index is called by its name alone, since nobody else's package may answer to
    it (PEP 610 tells where the others came from).

    Parameters
    ----------
    extras : str
        Such as ``cpu,export``; empty for none.
    """
    root, wanted = checkout(), f"[{extras}]" if extras else ""
    if root is not None:
        return f"{root}{wanted}"
    origin = _origin()
    if origin.startswith("file:"):
        from urllib.parse import urlparse
        from urllib.request import url2pathname

        return f"{url2pathname(urlparse(origin).path)}{wanted}"
    return f"{NAME}{wanted} @ {origin}" if origin else f"{NAME}{wanted}"


def install_command(extras: str) -> str:
    """The command that installs dreamlayer with some extras, such as ``cpu,export``.

    It names this Python, since another one may be the first on the PATH. Where that belongs to the
    system, which refuses pip (PEP 668), it makes an environment; where there is no pip, as in uv's
    tools, it calls uv.
    """
    root = checkout()
    wanted = f".[{extras}]" if root is not None and _here() == root else requirement(extras)
    python = quoted(sys.executable or "python3")
    if _is_managed():
        folder = f"~/{NAME}"
        return (
            f"python3 -m venv {folder} && {folder}/bin/python -m pip install {quoted(wanted)}, "
            f"and then {folder}/bin/{NAME}"
        )
    pip = f"{python} -m pip install {quoted(wanted)}"
    if _has_pip():
        return pip
    if _has_uv():
        return f"uv pip install --python {python} {quoted(wanted)}"
    return f"{python} -m ensurepip && {pip}"


def pip_command(*words: str) -> str:
    """A command of this Python's pip, such as ``uninstall onnxruntime``."""
    return " ".join([quoted(sys.executable or "python3"), "-m pip", *map(quoted, words)])


def _origin() -> str:
    """Where this copy was installed from, as a URL; empty where pip got it from an index."""
    import importlib.metadata

    try:
        text = importlib.metadata.distribution(NAME).read_text("direct_url.json")
        told = json.loads(text or "{}")
    except (importlib.metadata.PackageNotFoundError, OSError, ValueError):
        return ""
    if not isinstance(told, dict):
        return ""
    url, source = str(told.get("url", "")), told.get("vcs_info") or {}
    return f"{source['vcs']}+{url}@{source['commit_id']}" if "commit_id" in source else url


def _here() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        # The folder is gone.
        return None


def _has_pip() -> bool:
    import importlib.util

    return importlib.util.find_spec("pip") is not None


def _has_uv() -> bool:
    from shutil import which

    return which("uv") is not None


def _is_managed() -> bool:
    """Whether this Python is the system's, and keeps pip from installing into it."""
    if os.name == "nt" or sys.prefix != sys.base_prefix:
        return False
    import sysconfig

    return (Path(sysconfig.get_path("stdlib")) / "EXTERNALLY-MANAGED").is_file()
