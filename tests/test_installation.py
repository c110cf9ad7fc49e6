"""What a user is told to run works for the copy and the Python that they have."""

from __future__ import annotations

import importlib.metadata
import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dreamlayer.core import installation
from dreamlayer.core.installation import checkout, install_command, requirement

ROOT = Path(__file__).parents[1]
PYTHON = shlex.quote(sys.executable)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Pretend that this copy is installed, from where pip noted."""

    class Noted:
        def __init__(self, note: object) -> None:
            self._note = note

        def read_text(self, name: str) -> str | None:
            assert name == "direct_url.json"
            return self._note if self._note is None else json.dumps(self._note)

    def pretend(note: object) -> None:
        monkeypatch.setattr(installation, "checkout", lambda: None)
        monkeypatch.setattr(installation, "_is_managed", lambda: False)
        monkeypatch.setattr(importlib.metadata, "distribution", lambda _: Noted(note))

    return pretend


def test_a_checkout_installs_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By a dot where it is the current folder, by its path elsewhere."""
    monkeypatch.setattr(installation, "_is_managed", lambda: False)
    assert checkout() == ROOT
    monkeypatch.chdir(ROOT)
    assert install_command("cpu") == f"{PYTHON} -m pip install '.[cpu]'"
    monkeypatch.chdir(tmp_path)
    assert install_command("cpu,export") == f"{PYTHON} -m pip install '{ROOT}[cpu,export]'"


@pytest.mark.parametrize(
    ("note", "wanted"),
    [
        (None, "dreamlayer[cpu]"),
        ({}, "dreamlayer[cpu]"),
        ({"url": "file:///my%20files/d.whl", "archive_info": {}}, "/my files/d.whl[cpu]"),
        ({"url": "file:///checkout", "dir_info": {}}, "/checkout[cpu]"),
        ({"url": "https://example.org/d.whl"}, "dreamlayer[cpu] @ https://example.org/d.whl"),
        (
            {"url": "https://example.org/d", "vcs_info": {"vcs": "git", "commit_id": "1a2b"}},
            "dreamlayer[cpu] @ git+https://example.org/d@1a2b",
        ),
        ([], "dreamlayer[cpu]"),
        (
            {"url": "https://example.org/d", "vcs_info": {}},
            "dreamlayer[cpu] @ https://example.org/d",
        ),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="paths of Unix")
def test_it_comes_from_where_it_came(
    note: object, wanted: str, installed: Callable[[object], None]
) -> None:
    """A name on an index that nobody owns is never the advice for a wheel or a repository."""
    installed(note)
    assert requirement("cpu") == wanted
    assert install_command("cpu") == f"{PYTHON} -m pip install {shlex.quote(wanted)}"
    assert requirement() == wanted.replace("[cpu]", "")


def test_a_python_without_pip_is_served_by_uv(
    monkeypatch: pytest.MonkeyPatch, installed: Callable[[object], None]
) -> None:
    """As the tools that uv installs; without uv, it gets its pip first."""
    installed(None)
    monkeypatch.setattr(installation, "_has_pip", lambda: False)
    monkeypatch.setattr(installation, "_has_uv", lambda: True)
    assert install_command("cpu") == f"uv pip install --python {PYTHON} 'dreamlayer[cpu]'"
    monkeypatch.setattr(installation, "_has_uv", lambda: False)
    wanted = f"{PYTHON} -m ensurepip && {PYTHON} -m pip install 'dreamlayer[cpu]'"
    assert install_command("cpu") == wanted


def test_a_python_of_the_system_gets_an_environment(
    monkeypatch: pytest.MonkeyPatch, installed: Callable[[object], None], tmp_path: Path
) -> None:
    """Debian's and Homebrew's refuse pip."""
    installed(None)
    monkeypatch.undo()
    (tmp_path / "EXTERNALLY-MANAGED").touch()
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    assert "python3 -m venv" not in install_command("cpu")
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    wanted = "python3 -m venv ~/dreamlayer && ~/dreamlayer/bin/python -m pip install "
    assert install_command("cpu").startswith(wanted)
    assert install_command("cpu").endswith("and then ~/dreamlayer/bin/dreamlayer")


def test_pip_takes_what_is_told() -> None:
    """The command runs, up to what it would download."""
    words = shlex.split(install_command("cpu"))
    if words[:3] != [sys.executable, "-m", "pip"]:
        pytest.skip("this Python has no pip")
    dry = [*words, "--dry-run", "--no-deps", "--no-index", "--no-build-isolation", "--quiet"]
    ran = subprocess.run(dry, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
