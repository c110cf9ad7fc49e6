"""Machines with made-up programs: GIMP, Krita, Flatpak, Python as scripts of a few arguments.

The made-up GIMP registers every plug-in that is executable, and reads its answer's place from the
line of Script-Fu; the made-up Python prints what it is told to. Neither runs any Python or Scheme.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dreamlayer.core.version import VERSION
from dreamlayer.plugin.machine import Answer, Machine

HOME = "Jörg Müller's café"
"""Spaces, an apostrophe and letters beyond ASCII, as in the names of real users."""

_GIMP = """#!/bin/sh
if [ "$1" = run ]; then shift 3; fi
if [ "$1" = --version ]; then
  echo "(gimp:19): GLib-GObject-CRITICAL **: 00:23:34.253: noise" >&2
  echo "GNU Image Manipulation Program version {version}"
  exit
fi
config={config}
mkdir -p "$config/plug-ins"
echo started >> "$config.log"
file=$(printf '%s' "$*" | sed -n 's/.*open-output-file "\\([^"]*\\)".*/\\1/p')
[ -n "$file" ] || exit 0
known=f
[ -x "$config/plug-ins/dreamlayer/dreamlayer.py" ] && known={registers}
{before}
echo "(#$known #{python})" > "$file"
"""

_PYTHON = """#!/bin/sh
if [ "$1" = -c ]; then echo noise; echo {probe}; exit; fi
echo {report}
"""


def script(path: Path, text: str) -> Path:
    """An executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(0o755)
    return path


def linux(tmp: Path, **environment: str) -> Machine:
    """A Linux machine under a folder: programs in `bin`, a home, nothing installed."""
    home = tmp / HOME
    home.mkdir(exist_ok=True)
    (tmp / "bin").mkdir(exist_ok=True)
    return Machine("Linux", home, {"PATH": str(tmp / "bin"), "HOME": str(home), **environment}, tmp)


def gimp(
    path: Path,
    version: str,
    config: Path,
    *,
    registers: bool = True,
    python: bool = True,
    before: str = "",
) -> Path:
    """A made-up GIMP; `before` is run before it answers."""
    filled = _GIMP.format(
        version=version,
        config=shlex.quote(str(config)),
        registers="t" if registers else "f",
        python="t" if python else "f",
        before=before,
    )
    return script(path, filled)


def python(path: Path, report: Mapping[str, Any] | None = None, **said: Any) -> Path:
    """A made-up Python in which all is well, but for what is `said` and reported."""
    network = path.with_name("network.onnx")
    network.parent.mkdir(parents=True, exist_ok=True)
    network.touch()
    probe = {
        "python": [3, 12, 1],
        "dreamlayer": VERSION,
        "onnxruntime": "1.20.0",
        "missing": None,
        **said,
    }
    report = {
        "onnxruntime": {"onnxruntime": "1.20.0"},
        "providers": [{"name": "cpu", "loaded": True, "reason": None}],
        "networks": {"default": str(network)},
        **(report or {}),
    }
    quoted = [shlex.quote(json.dumps(part)) for part in (probe, report)]
    return script(path, _PYTHON.format(probe=quoted[0], report=quoted[1]))


def answers(known: Mapping[str, str]) -> Any:
    """A `Machine.run` that answers by the end of the program's name, and starts nothing."""

    def run(command: Sequence[str], _environment: Mapping[str, str], _seconds: float) -> Answer:
        for name, text in known.items():
            if command[0].endswith(name):
                return Answer(0, text, "")
        return Answer(None, "", "no such program")

    return run


FLATPAK = """#!/bin/sh
case "$1" in
  list) printf 'org.gnome.Maps\\t47.0\\norg.gimp.GIMP\\t{version}\\n' ;;
  info) printf '%s\\n' {permissions} ;;
  run) exec {gimp} "$@" ;;
esac
"""


def flatpak(
    machine: Machine,
    version: str,
    config: Path,
    *,
    folders: str = "xdg-config/GIMP:create;host;",
    policy: str = "",
) -> None:
    """A made-up Flatpak with one GIMP, which may do what `folders` and `policy` say."""
    lines = ["[Context]", f"filesystems={folders}", "", "[Session Bus Policy]", policy]
    inner = gimp(machine.root / "app" / "gimp", version, config)
    text = FLATPAK.format(
        version=version,
        permissions=" ".join(shlex.quote(line) for line in lines),
        gimp=shlex.quote(str(inner)),
    )
    script(machine.root / "bin" / "flatpak", text)


_KRITARUNNER = """#!/bin/sh
echo started >> {log}
[ "$QT_QPA_PLATFORM" = offscreen ] || exit 2
case "$XDG_DATA_HOME" in */.dreamlayer-*) ;; *) exit 3 ;; esac
[ -f "${{PYTHONPATH%%:*}}/dreamlayer/__init__.py" ] || exit 4
echo {says} >&2
[ -n {answer} ] || exit 1
printf '%s' {answer} > "$DREAMLAYER_ANSWER"
exit 139
"""


def krita(
    path: Path, version: str, *, answer: str = '{"known": true, "error": ""}', says: str = ""
) -> Path:
    """A made-up Krita, which must not be started itself, with the two small programs beside it.

    `kritarunner` answers only where the plug-in is, and crashes at its end as the real one does.
    """
    script(path.with_name("krita_version"), f"#!/bin/sh\necho {version}\n")
    filled = _KRITARUNNER.format(
        log=shlex.quote(str(path.with_name("kritarunner.log"))),
        answer=shlex.quote(answer),
        says=shlex.quote(says),
    )
    script(path.with_name("kritarunner"), filled)
    return script(path, f"#!/bin/sh\necho started >> {shlex.quote(str(path))}.log\nexit 9\n")


def flatpak_with_krita(machine: Machine, version: str, *, policy: str = "") -> None:
    """A made-up Flatpak with one Krita, which may do what `policy` says."""
    lines = ["[Context]", "filesystems=host;", "", "[Session Bus Policy]", policy]
    shown = " ".join(shlex.quote(line) for line in lines)
    text = f"""#!/bin/sh
case "$1" in
  list) printf 'org.kde.krita\\t{version}\\n' ;;
  info) printf '%s\\n' {shown} ;;
esac
"""
    script(machine.root / "bin" / "flatpak", text)
