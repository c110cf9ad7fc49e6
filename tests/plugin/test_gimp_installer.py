"""The installer beside real GIMPs: its steps, a second copy, an open GIMP, what is left."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import editor_root
import pytest

SCRIPT = """
set -e
cd "$DREAMLAYER_SHARED/checkout"
plugin() { python3 -m plugin "$@" > "$DREAMLAYER_SHARED/$name.out" 2> "$DREAMLAYER_SHARED/$name.err"
           echo $? > "$DREAMLAYER_SHARED/$name.code"; }
name=install plugin install --gimp --python "$DREAMLAYER_SHARED/python"
plugins=$(echo /tmp/home/.config/GIMP/3.*/plug-ins)
cp -r "$plugins/dreamlayer" "$plugins/a copy"
mv "$plugins/a copy/dreamlayer.py" "$plugins/a copy/a copy.py"
set +e
name=copy plugin doctor --gimp --json
python3 -c 'import json, sys; print(json.load(sys.stdin)["gimps"][0]["fix"])' \\
  < "$DREAMLAYER_SHARED/copy.out" | sh
Xvfb :7 -screen 0 800x600x24 > /dev/null 2>&1 &
for i in $(seq 100); do [ -e /tmp/.X11-unix/X7 ] && break; sleep 0.1; done
DISPLAY=:7 gimp > /dev/null 2>&1 &
for i in $(seq 100); do
  cat /proc/[0-9]*/comm 2> /dev/null | grep -q '^gimp' && break
  sleep 0.1
done
name=open plugin install --gimp --quiet --python "$DREAMLAYER_SHARED/python"
name=uninstall plugin uninstall --gimp --caches --json
find /tmp/home/.config -name '*dreamlayer*' -o -name 'a copy*' > "$DREAMLAYER_SHARED/left"
"""


@pytest.fixture(scope="module", params=["trixie", "sid"])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what each command said in that GIMP's root."""
    if reason := editor_root.missing(request.param):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("installer")
    checkout = folder / "checkout"
    checkout.mkdir()
    shutil.copy(editor_root.PROJECT / "pyproject.toml", checkout)
    for package in ("core", "dreamlayer", "plugin"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(editor_root.PROJECT / package, checkout / package, ignore=ignored)
    editor_root.interpreter(folder / "python", checkout)
    environment = {"DREAMLAYER_SHARED": str(folder)}
    ran = editor_root.run(request.param, ["bash", "-c", SCRIPT], folder, environment=environment)
    assert (folder / "left").exists(), ran.stdout + ran.stderr
    return folder


def read(folder: Path, name: str) -> str:
    """What a command left."""
    return (folder / name).read_text(encoding="utf-8")


def test_steps(done: Path) -> None:
    """Each is a line that ends with what came of it; the result is GIMP's own word."""
    steps = read(done, "install.err").splitlines()
    assert [line.split()[0] for line in steps] == [
        "Trying",
        "Looking",
        "Starting",
        "Copying",
        "Asking",
    ]
    assert " ... yes" in steps[-1]
    assert read(done, "install.out").splitlines()[0].endswith("plug-ins/dreamlayer, registered")
    assert read(done, "install.code") == "0\n"


def test_a_second_copy(done: Path) -> None:
    """GIMP finds both; the doctor tells, and its command leaves one."""
    report: dict[str, Any] = json.loads(read(done, "copy.out"))["gimps"][0]
    assert report["checks"][-1]["name"] == "copies"
    assert report["wrong"].endswith("/plug-ins/a copy")
    assert "a copy" not in read(done, "left")


def test_an_open_gimp(done: Path) -> None:
    """It is seen, and must be started again."""
    assert read(done, "open.code") == "0\n"
    assert read(done, "open.err") == ""
    assert read(done, "open.out").splitlines()[-1].startswith("GIMP is open: close it and start")


def test_nothing_is_left(done: Path) -> None:
    """Neither the filter nor a temporary file."""
    assert read(done, "uninstall.code") == "0\n"
    assert json.loads(read(done, "uninstall.out"))["ok"] is True
    assert read(done, "left") == ""
