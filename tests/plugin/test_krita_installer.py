"""The installer beside real Kritas: what they load, what the doctor says, what is left."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import editor_root
import pytest

SCRIPT = """
cd "$DREAMLAYER_SHARED/checkout"
python="$DREAMLAYER_SHARED/python"
plugin() { python3 -m plugin "$@" > "$DREAMLAYER_SHARED/$name.out" 2> "$DREAMLAYER_SHARED/$name.err"
           echo $? > "$DREAMLAYER_SHARED/$name.code"; }
name=install plugin install --krita --python "$python"
name=doctor plugin doctor --krita --json
mount -t tmpfs none /usr/lib/python3/dist-packages/PyQt5
name=pyqt plugin doctor --krita --json
umount /usr/lib/python3/dist-packages/PyQt5
pykrita=/tmp/home/.local/share/krita/pykrita
mkdir "$pykrita/witness"
cp "$DREAMLAYER_SHARED/witness.py" "$pykrita/witness/__init__.py"
sed 's/=dreamlayer/=witness/' "$pykrita/dreamlayer.desktop" > "$pykrita/witness.desktop"
echo 'enable_witness=true' >> /tmp/home/.config/kritarc
Xvfb :7 -screen 0 1280x800x24 > /dev/null 2>&1 &
for i in $(seq 100); do [ -e /tmp/.X11-unix/X7 ] && break; sleep 0.1; done
export DREAMLAYER_SEEN="$DREAMLAYER_SHARED/seen"
DISPLAY=:7 QT_QPA_PLATFORM=xcb XDG_RUNTIME_DIR=/tmp timeout 120 krita --nosplash \\
  > "$DREAMLAYER_SHARED/krita.log" 2>&1
name=uninstall plugin uninstall --krita --json
{ find /tmp/home -name '*dreamlayer*'; grep -rl dreamlayer /tmp/home/.config; } \\
  > "$DREAMLAYER_SHARED/left"
name=zip plugin zip --output /tmp/home/dream.zip --python "$python"
python3 "$DREAMLAYER_SHARED/importing.py" /tmp/home/dream.zip /tmp/home/.local/share/krita \\
  > "$DREAMLAYER_SHARED/importer"
name=imported plugin doctor --to "$pykrita" --json
echo END > "$DREAMLAYER_SHARED/end"
"""


@pytest.fixture(scope="module", params=["trixie", "sid"])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what each command said in that Krita's root."""
    if reason := editor_root.missing(request.param):
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("krita")
    checkout = folder / "checkout"
    checkout.mkdir()
    shutil.copy(editor_root.PROJECT / "pyproject.toml", checkout)
    for script in ("witness.py", "importing.py"):
        shutil.copy(editor_root.PROJECT / "tests/plugin/inside_krita" / script, folder)
    for package in ("core", "dreamlayer", "plugin"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(editor_root.PROJECT / package, checkout / package, ignore=ignored)
    editor_root.interpreter(folder / "python", checkout)
    environment, command = {"DREAMLAYER_SHARED": str(folder)}, ["bash", "-c", SCRIPT]
    ran = editor_root.run(request.param, command, folder, environment=environment, timeout=900)
    assert (folder / "end").exists(), ran.stdout + ran.stderr
    return folder


def read(folder: Path, name: str) -> str:
    """What a command left."""
    return (folder / name).read_text(encoding="utf-8")


def the_krita(folder: Path, name: str) -> dict[str, Any]:
    """What a command says of the only Krita, in JSON."""
    (one,) = json.loads(read(folder, f"{name}.out"))["kritas"]
    return dict(one)


def test_installed(done: Path) -> None:
    """Krita itself says that it can load the plug-in; nothing of the question is left."""
    said = read(done, "install.out") + read(done, "install.err")
    assert read(done, "install.code") == "0\n", said
    assert "pykrita/dreamlayer, registered\n" in said
    assert the_krita(done, "doctor")["ok"] is True


def test_without_pyqt(done: Path) -> None:
    """That is why nothing loads, and the command is Debian's own."""
    said = the_krita(done, "pyqt")
    assert "this Krita finds no PyQt5" in said["wrong"]
    assert said["fix"] == "sudo apt-get install python3-pyqt5"


def test_a_real_krita_loads_it(done: Path) -> None:
    """Enabled by the line in kritarc alone, it is an extension, with its entry in the menu."""
    seen = json.loads(read(done, "seen"))
    assert any(name.startswith("dreamlayer.pykrita") for name in seen["extensions"])
    assert any("Deep Dream" in text for text in seen["actions"])


def test_nothing_is_left(done: Path) -> None:
    """Neither a file nor a line."""
    assert read(done, "uninstall.code") == "0\n"
    assert read(done, "left") == ""


def test_krita_s_own_importer(done: Path) -> None:
    """It takes the zip, and what it puts in place is what the doctor wants."""
    assert read(done, "zip.code") == "0\n"
    assert read(done, "importer") == "Imported plugin: Deep Dream\n"
    assert read(done, "imported.code") == "0\n"
    assert the_krita(done, "imported")["ok"] is True
