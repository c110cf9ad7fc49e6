"""Deep Dream in darktable: installed and removed, in a stand-in, and in the real one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_up_machine import linux, script
from PIL import Image

from dreamlayer import read
from dreamlayer.core.recipe.presets import DREAMS
from dreamlayer.core.version import VERSION
from dreamlayer.plugin import darktable
from dreamlayer.plugin.cli import main
from dreamlayer.plugin.machine import InstallError, Machine

HERE = Path(__file__).parent / "inside_darktable"
COFFEE = Path(__file__).parents[1] / "data" / "coffee.jpg"
ROOT = Path(__file__).parents[2]
LUA = shutil.which("lua5.4") or shutil.which("lua")
NEEDS_LUA = pytest.mark.skipif(LUA is None, reason="no Lua; apt-get install lua5.4")


def test_added_once_and_removed(tmp_path: Path) -> None:
    """Twice is as once; a user's own lines stay byte for byte, and nothing else is left."""
    own = b'-- mine\r\nrequire "tools/script_manager"'
    (tmp_path / "luarc").write_bytes(own)
    for _ in range(2):
        placed = darktable.add(tmp_path, ['/opt/a "b"/python', "-P", "-m", "dreamlayer"])
    text = placed.read_text("utf-8")
    assert r'local COMMAND = { "/opt/a \"b\"/python", "-P", "-m", "dreamlayer" }' in text
    assert (tmp_path / "luarc").read_bytes() == own + b'\nrequire "dreamlayer"\n'
    assert darktable.remove(tmp_path)
    assert (tmp_path / "luarc").read_bytes() == own + b"\n"
    assert [one.name for one in tmp_path.iterdir()] == ["luarc"]
    assert not darktable.remove(tmp_path)


def test_nothing_is_left_of_settings_that_had_no_scripts(tmp_path: Path) -> None:
    """The list of scripts was ours alone, and goes too."""
    darktable.add(tmp_path / "darktable", ["dreamlayer"])
    assert darktable.remove(tmp_path / "darktable")
    assert list((tmp_path / "darktable").iterdir()) == []


@pytest.mark.parametrize(
    "line",
    [
        b"require('dreamlayer')\n",
        b'require( "dreamlayer" ) ;\r\n',
        b"  require 'dreamlayer' -- Deep Dream\n",
    ],
)
def test_a_line_of_the_user_s_own_form(tmp_path: Path, line: bytes) -> None:
    """It is not written twice, and goes with the rest."""
    others = b'require("dreamlayer2")\n-- require "dreamlayer"\nrequire("dreamlayer"\n'
    (tmp_path / "luarc").write_bytes(others + line)
    darktable.add(tmp_path, ["dreamlayer"])
    assert (tmp_path / "luarc").read_bytes() == others + line
    assert darktable.remove(tmp_path)
    assert (tmp_path / "luarc").read_bytes() == others


def test_what_is_the_user_s_stays(tmp_path: Path) -> None:
    """Where nothing of ours is found, nothing is changed; links stay, to an emptied list too."""
    folder = tmp_path / "darktable"
    (folder / "lua").mkdir(parents=True)
    assert not darktable.remove(folder)
    assert (folder / "lua").is_dir()
    if sys.platform == "win32":
        return
    (folder / "lua").rmdir()
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    (folder / "lua").symlink_to(dotfiles)
    (tmp_path / "my luarc").touch()
    (folder / "luarc").symlink_to(tmp_path / "my luarc")
    darktable.add(folder, ["dreamlayer"])
    assert darktable.remove(folder)
    assert (folder / "lua").is_symlink()
    assert (folder / "luarc").is_symlink()
    assert (tmp_path / "my luarc").read_bytes() == b""
    assert list(dotfiles.iterdir()) == []


def test_settings_of_each_system(tmp_path: Path) -> None:
    """darktable keeps to XDG's folders on macOS too, and to the local ones on Windows."""
    assert darktable.settings_folder(Machine("Darwin", tmp_path, {})) == (
        tmp_path / ".config" / "darktable"
    )
    chosen = Machine("Linux", tmp_path, {"XDG_CONFIG_HOME": str(tmp_path / "x")})
    assert darktable.settings_folder(chosen) == tmp_path / "x" / "darktable"
    relative = Machine("Linux", tmp_path, {"XDG_CONFIG_HOME": "x"})
    assert darktable.settings_folder(relative) == tmp_path / ".config" / "darktable"
    local = Machine("Windows", tmp_path, {"LOCALAPPDATA": str(tmp_path / "local")})
    assert darktable.settings_folder(local) == tmp_path / "local" / "darktable"


def test_no_darktable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is none, one sentence says what to do, and nothing is made."""
    machine = linux(tmp_path)
    assert main(["darktable"], machine=machine) == 2
    assert "start darktable once, or name its folder of settings" in capsys.readouterr().err
    assert not (machine.home / ".config").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in its place is an error in one sentence."""
    (tmp_path / "darktable").write_text("")
    with pytest.raises(InstallError, match="darktable cannot be used"):
        darktable.add(tmp_path / "darktable", ["dreamlayer"])


def test_a_checkout_has_to_be_installed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """darktable does not start programs in the checkout's folder."""
    machine = linux(tmp_path)
    said = '{"python": [3, 12, 1], "dreamlayer": null, "onnxruntime": "1.23", "pip": true}'
    later = said.replace("null", f'"{VERSION}"')
    python = script(
        tmp_path / "python",
        f"#!/bin/sh\n[ -n \"$PYTHONPATH\" ] && echo '{later}' || echo '{said}'\n",
    )
    folder = tmp_path / "settings"
    words = ["darktable", "--to", str(folder), "--python", str(python)]
    assert main(words, machine=machine) == 2
    assert "pip install --editable ." in capsys.readouterr().err
    assert not folder.exists()


def stand_in(tmp_path: Path, program: str, *images: Path, **environment: str) -> list[list[str]]:
    """Run the script in the stand-in: the lines that it says, as words."""
    (tmp_path / "dreamlayer.lua").write_text(
        (Path(darktable.__file__).with_name("dreamlayer.lua"))
        .read_text("utf-8")
        .replace(darktable._PLACEHOLDER, f'local COMMAND = {{ "{program}" }}')
    )
    words: list[str] = []
    for number, image in enumerate(images):
        exported = tmp_path / f"tmp {number}" / f"{image.stem}.tif"
        exported.parent.mkdir(exist_ok=True)
        exported.write_bytes(b"exported")
        words += [str(image), str(exported)]
    ran = subprocess.run(
        [str(LUA), "dreamlayer.lua", *words],
        cwd=tmp_path,
        env={**os.environ, "LUA_PATH": f"{HERE}/?.lua", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    for number in range(len(images)):
        assert list((tmp_path / f"tmp {number}").glob("*.tif*")) == []
    return [line.split("\t") for line in ran.stdout.splitlines()]


def program(tmp_path: Path, ending: str) -> str:
    """A program that writes its arguments down, copies the picture, and ends so."""
    copy = 'printf "%s\\n" "$@" >> "$0.log"\ncp "$2" "$4"\n'
    return str(script(tmp_path / "it's a program", f"#!/bin/sh\n{copy}{ending}\n"))


@NEEDS_LUA
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in runs a Unix shell")
def test_a_picture_is_dreamt_on_imported_and_grouped(tmp_path: Path) -> None:
    """Whatever its name; what lies beside the original is not overwritten."""
    image = tmp_path / "photos 'x'" / 'a "b" $HOME.jpg'
    image.parent.mkdir()
    first = image.with_name('a "b" $HOME-dream.tif')
    first.write_bytes(b"older")
    said = stand_in(tmp_path, program(tmp_path, ""), image, DT_PRESET="my 'own'")
    target = str(image.with_name('a "b" $HOME-dream-2.tif'))
    assert ["import", target] in said
    assert ["group", image.name] in said
    assert ["tag", "dreamlayer"] in said
    assert said[-1] == ["print", "Deep Dream: 1 picture"]
    assert first.read_bytes() == b"older"
    assert Path(target).read_bytes() == b"exported"
    arguments = (tmp_path / "it's a program.log").read_text().splitlines()
    assert arguments[2:] == ["-o", target, "--preset", "my 'own'", "--quiet"]


@NEEDS_LUA
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in runs a Unix shell")
def test_a_picture_that_fails_is_told(tmp_path: Path) -> None:
    """By the program's own sentence, and the next ones are tried."""
    images = [tmp_path / "one.jpg", tmp_path / "two.jpg"]
    fails = 'echo "dreamlayer: no such preset; name another" >&2; exit 2'
    said = stand_in(tmp_path, program(tmp_path, fails), *images)
    assert not [words for words in said if words[0] == "import"]
    assert said[-1] == [
        "print",
        "Deep Dream: 0 done, 2 failed; two.jpg: no such preset; name another",
    ]
    assert not list(tmp_path.glob("*-dream*"))


@NEEDS_LUA
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in runs a Unix shell")
def test_the_name_is_held_meanwhile(tmp_path: Path) -> None:
    """While the dream is made an empty file has its name, so that no other export takes it."""
    ending = '[ -e "$4" ] && [ ! -s "$4" ] && cp "$2" "$4"'
    slow = script(tmp_path / "slow", f"#!/bin/sh\n{ending}\n")
    said = stand_in(tmp_path, str(slow), tmp_path / "one.jpg")
    assert ["import", str(tmp_path / "one-dream.tif")] in said


@NEEDS_LUA
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in runs a Unix shell")
def test_a_program_that_is_gone(tmp_path: Path) -> None:
    """The sentence says how to find it again."""
    said = stand_in(tmp_path, str(tmp_path / "gone"), tmp_path / "one.jpg")
    assert "dreamlayer does not run" in said[-1][1]
    assert "run dreamlayer-plugin darktable again" in said[-1][1]


@NEEDS_LUA
def test_the_presets_that_it_offers(tmp_path: Path) -> None:
    """They are there, the default first; and TIFF is the one format."""
    said = {words[0]: words[1:] for words in stand_in(tmp_path, "dreamlayer")}
    names = said["presets"][0].split()
    assert names[0] == DREAMS.default
    for name in names:
        assert DREAMS.preset(name)
    assert (said["tiff"], said["jpeg"]) == (["true"], ["false"])


@NEEDS_LUA
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in runs a Unix shell")
def test_windows_gets_a_batch_file(tmp_path: Path) -> None:
    """In UTF-8, with percent signs doubled, and removed afterwards."""
    image = tmp_path / "100% é.jpg"
    said = stand_in(tmp_path, "C:\\\\dreamlayer.exe", image, DT_SYSTEM="windows")
    (command,) = [words[1] for words in said if words[0] == "command"]
    assert command == f'""{tmp_path / "tmp 0" / "100% é.tif"}.bat""'
    assert list((tmp_path / "tmp 0").iterdir()) == []


def _missing() -> str:
    programs = ("darktable", "Xvfb", "dbus-run-session")
    lacking = [name for name in programs if shutil.which(name) is None]
    return f"no {lacking[0]}; apt-get install darktable xvfb dbus" if lacking else ""


@pytest.mark.skipif(bool(_missing()), reason=_missing())
def test_real_darktable(tmp_path: Path) -> None:
    """Two pictures are exported to Deep Dream, and come back grouped, tagged and in 16 bits."""
    settings, photos = tmp_path / "settings", tmp_path / "photos"
    (photos / "a b").mkdir(parents=True)
    (tmp_path / "tmp").mkdir()
    with Image.open(COFFEE) as photo:
        for name in ("a b/one.jpg", "it's.jpg"):
            photo.resize((120, 80)).save(photos / name)
    starter = script(
        tmp_path / "python",
        "#!/bin/sh\n[ -d /host/etc ] && root='/usr/sbin/chroot /host'\n"
        f'exec $root env PYTHONPATH="{ROOT}" "{sys.executable}" "$@"\n',
    )
    darktable.add(settings, [str(starter), "-P", "-m", "dreamlayer"])
    shutil.copy(HERE / "trial.lua", settings / "lua")
    with (settings / "luarc").open("a") as luarc:
        luarc.write('require "trial"\n')
    (settings / "darktablerc").write_text(
        "plugins/lighttable/export/storage_name=dreamlayer\n"
        "plugins/lighttable/export/format_name=tiff\n"
        "plugins/imageio/format/tiff/bpp=16\n"
        "opencl=FALSE\n"
    )
    folders = f"--configdir '{settings}' --cachedir '{tmp_path}/cache'"
    line = f"darktable {folders} --library :memory: --disable-opencl"
    inside = f"Xvfb :78 & sleep 1; DISPLAY=:78 dbus-run-session {line} & echo $!; wait"
    environment = {
        **os.environ,
        "TRIAL_FOLDER": str(tmp_path),
        "TMPDIR": str(tmp_path / "tmp"),
        "HOME": str(tmp_path),
    }
    result, log = tmp_path / "result.txt", tmp_path / "log.txt"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            ["bash", "-c", inside],
            env=environment,
            cwd=tmp_path,
            stdout=errors,
            stderr=errors,
            start_new_session=True,
        ) as process,
    ):
        until = time.monotonic() + 150
        while time.monotonic() < until and process.poll() is None:
            if result.exists() and result.read_text().endswith("END\n"):
                break
            time.sleep(0.5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    said = result.read_text() if result.exists() else log.read_text(errors="replace")
    assert said.endswith("END\n"), said
    assert "one.jpg: one-dream.tif darktable|format|tif dreamlayer" in said
    assert "it's.jpg: it's-dream.tif darktable|format|tif dreamlayer" in said
    made = read(photos / "a b" / "one-dream.tif")
    assert (made.depth, made.recipe is not None) == (16, True)
    assert list((tmp_path / "tmp").iterdir()) == []
