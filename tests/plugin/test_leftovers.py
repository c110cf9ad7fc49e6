"""Only what dreamlayer cached is removed, whatever else is in the folder, linked or shared."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
from command_line import ROOT
from made_up_machine import HOME, linux

from dreamlayer.core.network import files as networks
from dreamlayer.core.recipe import own_presets
from dreamlayer.core.runtime import cache
from dreamlayer.plugin.editor import NATIVE
from dreamlayer.plugin.gimps.family import GIMP
from dreamlayer.plugin.gimps.gimp import Gimp
from dreamlayer.plugin.leftovers import caches, own_things, remove_cache
from dreamlayer.plugin.machine import Machine

KEY = 40 * "a"
OURS = (
    f"{KEY}.blob",
    f"file-{64 * 'b'}.blob",
    f"{KEY}.weights",
    f"{KEY}.{KEY}.{KEY}.onnx",
    f"{KEY}.none.{KEY}.onnx",
    "staging-0123abcd-0123456789abcdef/model.onnx",
    "staging-0123abcd-0123456789abcdef/in-use",
    "making-k3_x9abc/weights",
)
OTHERS = (
    "vgg16.onnx",
    "photo.jpg",
    f"{KEY}.png",
    f"{KEY[1:]}.blob",
    "staging-area/my picture.png",
    "staging-v2/weights/best.pt",
    "staging-0123abcd-00000000000000ff/weights/best.pt",
    "staging-0123abcd-00000000000000fe/model.onnx/",
    "staging-0123abcd-00000000000000fd/notes.txt",
    "staging-0123ABCD-0123456789ABCDEF/model.onnx",
    "staging-k3_x9abc/model.onnx",
    "staging-empty/",
    "making-of/",
    "making-pictures/",
    "making-of-it/weights",
    "graphs/mine.txt",
)
"""Names that end in `/` are empty folders."""


def put(folder: Path, *names: str) -> None:
    """Files of four bytes, and empty folders."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        else:
            path.write_bytes(b"1234")


def left(folder: Path) -> set[str]:
    """The files and empty folders that are in a folder."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    files = {name for name, path in found.items() if path.is_file()}
    return files | {f"{n}/" for n, p in found.items() if p.is_dir() and not any(p.iterdir())}


def remove_all(machine: Machine) -> None:
    """As `uninstall --caches` does."""
    for one in caches(machine):
        done = remove_cache(machine, one)
        assert done.removed
        assert not done.failed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The user's cache folder on the made-up machine."""
    return tmp_path / HOME / ".cache" / "dreamlayer"


def test_all_is_ours(tmp_path: Path, folder: Path) -> None:
    """The caches of this version and of 0.1 go, with their folders."""
    machine = linux(tmp_path)
    assert caches(machine) == []
    put(folder / "graphs", *OURS)
    put(folder / "kept", f"{KEY}.blob")
    assert [(one.files, one.bytes) for one in caches(machine)] == [(8, 32), (1, 4)]
    remove_all(machine)
    assert not folder.exists()
    assert folder.parent.is_dir()


def test_what_others_put_there_stays(tmp_path: Path, folder: Path) -> None:
    """Each file that is not named as the cache names its own."""
    put(folder / "graphs", *OURS, *OTHERS)
    put(folder, "roots/x")
    remove_all(linux(tmp_path))
    assert left(folder) == {f"graphs/{name}" for name in OTHERS} | {"roots/x"}


@pytest.mark.skipif(sys.platform == "win32", reason="links")
def test_links_are_not_followed(tmp_path: Path, folder: Path) -> None:
    """A link in the cache stays, as does what it names; a cache that is a link is emptied."""
    elsewhere, mine = tmp_path / "elsewhere", tmp_path / "mine"
    put(elsewhere, *OURS, *OTHERS)
    put(mine, f"{KEY}.blob", "model.onnx")
    folder.mkdir(parents=True)
    (folder / "graphs").symlink_to(elsewhere)
    (elsewhere / f"{40 * 'c'}.blob").symlink_to(mine / f"{KEY}.blob")
    (elsewhere / "staging-0123abcd-fedcba9876543210").symlink_to(mine)
    remove_all(linux(tmp_path))
    assert left(mine) == {f"{KEY}.blob", "model.onnx"}
    assert set(OTHERS) <= left(elsewhere)
    assert not set(OURS) & left(elsewhere)
    assert (folder / "graphs").is_symlink()


@pytest.mark.skipif(sys.platform == "win32", reason="links")
def test_a_folder_of_the_cache_s_with_a_link(tmp_path: Path, folder: Path) -> None:
    """The cache makes no links, so that a folder with one is the user's."""
    mine, staged = tmp_path / "mine", folder / "graphs" / "staging-0123abcd-0123456789abcdef"
    put(mine, "weights")
    put(staged, "in-use")
    put(folder / "graphs", f"{KEY}.blob")
    (staged / "weights").symlink_to(mine / "weights")
    (staged / "model.onnx").symlink_to(mine)
    remove_all(linux(tmp_path))
    assert {path.name for path in staged.iterdir()} == {"in-use", "weights", "model.onnx"}
    assert left(mine) == {"weights"}


def test_what_comes_while_it_is_removed(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that comes into a folder of the cache's after it was looked at stays, and is told."""
    staged = folder / "graphs" / "staging-0123abcd-0123456789abcdef"
    put(staged, "blob")
    unlink = Path.unlink

    def disturbed(path: Path, *, missing_ok: bool = False) -> None:
        put(path.parent, "mine.txt")
        unlink(path, missing_ok=missing_ok)

    machine = linux(tmp_path)
    (one,) = caches(machine)
    monkeypatch.setattr(Path, "unlink", disturbed)
    assert remove_cache(machine, one).failed
    assert left(staged) == {"mine.txt"}


@pytest.mark.skipif(sys.platform == "win32", reason="users of Unix")
def test_a_named_folder(tmp_path: Path) -> None:
    """One that the environment names stays, and of a shared one only the user's own part goes."""
    machine = linux(tmp_path, DREAMLAYER_CACHE="~/shared")
    shared = machine.home / "shared"
    put(shared, f"user-{os.geteuid()}/{KEY}.blob", f"user-4242/{KEY}.blob", f"{KEY}.weights")
    remove_all(machine)
    assert left(shared) == {f"user-{os.geteuid()}/", f"user-4242/{KEY}.blob"}
    assert caches(linux(tmp_path, DREAMLAYER_CACHE="off")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="what a folder refuses on Unix")
def test_what_cannot_be_removed(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first reason is told."""
    put(folder / "graphs", f"{KEY}.blob")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    machine = linux(tmp_path)
    (one,) = caches(machine)
    monkeypatch.setattr(Path, "unlink", refuse)
    done = remove_cache(machine, one)
    assert not done.removed
    assert done.line.startswith("not removed: graphs optimized")
    assert done.line.endswith(f"in {folder / 'graphs'}: Permission denied ({KEY}.blob)")


def test_the_user_s_own(tmp_path: Path) -> None:
    """Presets, networks and what GIMP remembers are told by name, where they are."""
    machine = linux(tmp_path)
    config = machine.home / ".config"
    gimp = Gimp("3.2", NATIVE, config / "GIMP" / "3.2")
    assert own_things(machine, [("GIMP", GIMP.remembered([gimp]))]) == []
    put(config / "dreamlayer" / "presets", *(f"p{n}.toml" for n in range(7)), "notes.txt")
    put(machine.home / ".local" / "share" / "dreamlayer" / "networks", "vgg16.onnx")
    remembered = [
        f"GimpProcedureConfigRun-plug-in-{n}.last" for n in ("deep-dream", "style-transfer")
    ]
    put(gimp.config / "plug-in-settings", *remembered, "GimpProcedureConfigRun-plug-in-gauss.last")
    lines = [one.line for one in own_things(machine, [("GIMP", GIMP.remembered([gimp]))])]
    assert lines[0].startswith("left: presets of your own: p0, p1, p2, p3, p4 and 2 more (7 files")
    assert lines[1].startswith("left: networks that you added: vgg16 (1 file, 1 kB) in ")
    assert lines[2].startswith("left: settings last used in GIMP (2 files, 1 kB) in ")
    named = linux(tmp_path, DREAMLAYER_PRESETS=str(tmp_path / "mine"))
    put(tmp_path / "mine", "a.json")
    assert own_things(named)[0].path == tmp_path / "mine"


@pytest.mark.parametrize(
    ("value", "inner"), [("~/mine", "mine"), ("~", "."), ("~mine/a", ""), ("a/~", "")]
)
def test_the_home_in_a_variable(tmp_path: Path, value: str, inner: str) -> None:
    """`~` is the home in the variables of presets and cache, as for the core; elsewhere it is not.

    Another user's home is not looked up.
    """
    machine = linux(tmp_path, DREAMLAYER_PRESETS=value, DREAMLAYER_CACHE=value)
    put(machine.home / inner, "a.json", f"{KEY}.blob")
    found = [*own_things(machine), *caches(machine)]
    assert [one.path for one in found] == ([machine.home / inner] * 2 if inner else [])


@pytest.mark.parametrize("missing", [False, True])
def test_the_folders_are_the_core_s(monkeypatch: pytest.MonkeyPatch, missing: bool) -> None:
    """Without platformdirs, the same folders are found as with it."""
    for variable in ("DREAMLAYER_CACHE", "DREAMLAYER_PRESETS"):
        monkeypatch.delenv(variable, raising=False)
    with monkeypatch.context() as without:
        if missing:
            without.setitem(sys.modules, "platformdirs", None)
        machine = Machine.this()
    assert (machine.folders is None) == missing
    assert machine.own_folder("cache", "dreamlayer") / "graphs" == cache.folder()
    assert machine.own_folder("data", "dreamlayer") / "networks" == networks.folders()[-1]
    assert machine.own_folder("config", "dreamlayer") / "presets" == own_presets.folder()


def test_the_folders_of_macos_by_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the installed platformdirs says counts: newer ones follow XDG_* on macOS, too."""
    for kind in ("cache", "config", "data"):
        told = tmp_path / kind / "dreamlayer"
        monkeypatch.setattr(platformdirs, f"user_{kind}_path", lambda *_, told=told, **__: told)
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    put(tmp_path / "cache" / "dreamlayer" / "graphs", f"{KEY}.blob")
    put(tmp_path / "config" / "dreamlayer" / "presets", "a.toml")
    put(tmp_path / "data" / "dreamlayer" / "networks", "b.onnx")
    for variable in ("DREAMLAYER_CACHE", "DREAMLAYER_PRESETS"):
        monkeypatch.delenv(variable, raising=False)
    machine = Machine.this()
    found = [*caches(machine), *own_things(machine)]
    assert [one.path.parents[1].name for one in found] == ["cache", "config", "data"]
    remove_all(machine)
    assert not (tmp_path / "cache" / "dreamlayer").exists()


@pytest.mark.parametrize(
    ("system", "environment", "cached", "configured"),
    [
        ("Linux", {"XDG_CACHE_HOME": "/c", "XDG_CONFIG_HOME": "x"}, "/c/dreamlayer", ".config"),
        ("Darwin", {}, "Library/Caches/dreamlayer", "Library/Application Support"),
        ("Windows", {}, "AppData/Local/dreamlayer/Cache", "AppData/Local"),
    ],
)
def test_the_folders_of_each_system(
    tmp_path: Path, system: str, environment: dict[str, str], cached: str, configured: str
) -> None:
    """The rules of platformdirs."""
    machine = Machine(system, tmp_path, environment)
    assert machine.own_folder("cache", "dreamlayer") == tmp_path / cached
    assert machine.own_folder("config", "dreamlayer") == tmp_path / configured / "dreamlayer"


def test_a_real_cache(tmp_path: Path, small_network: Path) -> None:
    """All that a real dream caches is known as ours."""
    folder = tmp_path / "cache"
    environment = {**os.environ, "DREAMLAYER_CACHE": str(folder)}
    words = ["--network", str(small_network), "--layer", "deep", "--steps", "1", "--octaves", "1"]
    start = ["--start", "noise", "--provider", "cpu", "-o", str(tmp_path / "a.png")]
    subprocess.run(
        [sys.executable, "-m", "core", "dream", *start, *words],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )
    assert left(folder)
    machine = Machine("Linux", tmp_path, environment)
    remove_all(machine)
    assert not left(folder)
