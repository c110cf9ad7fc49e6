"""GIMP is asked by its console, here by scripts that answer, keep silent or break off."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from made_up_machine import HOME, gimp, linux, script

from dreamlayer.plugin.editor import FLATPAK, NATIVE
from dreamlayer.plugin.folder import install_folder
from dreamlayer.plugin.gimps.ask import registered, start_once
from dreamlayer.plugin.gimps.gimp import Gimp
from dreamlayer.plugin.machine import Machine

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="shell scripts")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with nothing on it."""
    return linux(tmp_path)


def installed(tmp_path: Path, version: str = "3.2", **options: object) -> Gimp:
    """A made-up GIMP that has the plug-in."""
    config = tmp_path / HOME / version
    program = gimp(tmp_path / "gimp-console", version, config, **options)  # type: ignore[arg-type]
    install_folder(config / "plug-ins", {"dreamlayer.py": b"#!/bin/sh\n"}, {})
    return Gimp(version, NATIVE, config, (str(program),))


@pytest.mark.parametrize("version", ["2.10", "3.0", "3.2"])
def test_registered(tmp_path: Path, machine: Machine, version: str) -> None:
    """A GIMP that knows the procedure says so, and nothing is left in its settings."""
    config = tmp_path / HOME / version
    program = gimp(tmp_path / "gimp-console", version, config)
    install_folder(config / "plug-ins", {"dreamlayer.py": b"#!/bin/sh\n"}, {})
    answer = registered(machine, Gimp(version, NATIVE, config, (str(program),)))
    assert answer.known is True
    assert [path.name for path in config.iterdir()] == ["plug-ins"]


def test_arguments(tmp_path: Path, machine: Machine) -> None:
    """GIMP 3 quits by an option, 2.10 by a line of Script-Fu; quotes in a path are escaped."""
    program = script(tmp_path / "gimp", f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{tmp_path}/said"\n')
    for version in ("3.2", "2.10"):
        config = tmp_path / 'a "b" ö' / version
        config.mkdir(parents=True)
        assert registered(machine, Gimp(version, NATIVE, config, (str(program),))).known is None
    said = (tmp_path / "said").read_text("utf-8").splitlines()
    assert said[:4] == ["-i", "--quit", "--batch-interpreter", "plug-in-script-fu-eval"]
    assert said[6:10] == ["-i", "--quit", "--batch-interpreter", "python-fu-eval"]
    assert said[-5:-2] == ["-i", "-b", said[-3]]
    assert said[-2:] == ["-b", "(gimp-quit 0)"]
    assert f'(open-output-file "{tmp_path}/a \\"b\\" ö/2.10/.dreamlayer-' in said[-3]


def test_python_is_asked_where_scheme_is_silent(tmp_path: Path, machine: Machine) -> None:
    """A GIMP whose Script-Fu gives no answer is asked in Python."""
    config = tmp_path / "config"
    config.mkdir()
    program = script(
        tmp_path / "gimp",
        '#!/bin/sh\ncase "$*" in *python-fu-eval\\ -b*)\n'
        'file=$(printf \'%s\' "$*" | sed -n \'s/.*open("\\([^"]*\\)".*/\\1/p\')\n'
        "echo '(#t #t)' > \"$file\";; esac\n",
    )
    assert registered(machine, Gimp("3.0", NATIVE, config, (str(program),))).known is True


def test_not_registered(tmp_path: Path, machine: Machine) -> None:
    """A plug-in that failed is shown with the error that ended it, not with another's."""
    traceback = (
        "cat >&2 <<'END'\nTraceback (most recent call last):\n"
        '  File "/usr/lib/gimp/3.0/plug-ins/other/other.py", line 1\nKeyError: other\n'
        '  File "/x/plug-ins/dreamlayer/dreamlayer.py", line 3, in <module>\n    import x\n'
        "ImportError: No module named 'x'\nValueError: of another\nEND"
    )
    gimp_without = installed(tmp_path, registers=False, before=traceback)
    answer = registered(machine, gimp_without)
    assert answer.known is False
    assert answer.why == "the plug-in ended with ImportError: No module named 'x'"
    assert answer.fix is None


def test_not_registered_for_no_reason(tmp_path: Path, machine: Machine) -> None:
    """Where GIMP shows no error of ours, none is made up, but where to look is said."""
    answer = registered(machine, installed(tmp_path, registers=False, before="echo ValueError: x"))
    assert answer.known is False
    assert answer.why.startswith("it shows no error; check that Preferences > Folders")


def test_2_10_without_python(tmp_path: Path, machine: Machine) -> None:
    """Most distributions build GIMP 2.10 without Python: only GIMP 3 helps."""
    script(tmp_path / "bin" / "flatpak", "")
    answer = registered(machine, installed(tmp_path, "2.10", registers=False, python=False))
    assert answer.known is False
    assert "built without Python" in answer.why
    assert answer.fix == "flatpak install flathub org.gimp.GIMP"


@pytest.mark.parametrize("cached", [False, True])
def test_3_without_modules(tmp_path: Path, machine: Machine, cached: bool) -> None:
    """GIMP 3 without Python's modules names the packages, also where it knew Python before."""
    script(tmp_path / "bin" / "apt-get", "")
    error = "echo 'File /plug-ins/dreamlayer/dreamlayer.py'; echo ModuleNotFoundError: No module"
    before = f"{error} named \"'gi'\"" if cached else ""
    answer = registered(machine, installed(tmp_path, registers=False, python=cached, before=before))
    assert answer.known is False
    assert answer.fix == "sudo apt-get install python3-gi gir1.2-gimp-3.0"


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ("echo 'Gtk-WARNING: cannot open display: ' >&2; exit 1", "it needs a display to start"),
        ("echo 'bwrap: execvp: No such file' >&2; exit 1", "it did not answer: bwrap: execvp: No"),
        ("exit 7", "it did not answer: exit code 7"),
        ('echo nonsense > "$file"; exit 0', "it did not answer: exit code 0"),
    ],
)
def test_no_answer(tmp_path: Path, machine: Machine, before: str, why: str) -> None:
    """A GIMP that cannot be asked is not said to lack the plug-in."""
    answer = registered(machine, installed(tmp_path, before=before))
    assert answer.known is None
    assert answer.why.startswith(why)


def test_nothing_to_start(tmp_path: Path, machine: Machine) -> None:
    """Settings without a program cannot be asked."""
    assert registered(machine, Gimp("3.2", FLATPAK, tmp_path)).known is None


def test_gimp_makes_its_own_folder(tmp_path: Path, machine: Machine) -> None:
    """A GIMP that was never started is started once; one that was is left alone."""
    config = tmp_path / HOME / "3.2"
    program = gimp(tmp_path / "gimp-console", "3.2", config)
    one = Gimp("3.2", NATIVE, config, (str(program),))
    assert start_once(machine, one)
    assert start_once(machine, one)
    assert config.with_name("3.2.log").read_text() == "started\n"
    assert not start_once(machine, Gimp("3.4", NATIVE, tmp_path / "none"))
