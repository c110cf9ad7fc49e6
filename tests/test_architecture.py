"""The order of the rooms: imports point down the floors, and core knows none of its users."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from architecture import BENCH, CORE, IMAGES, MOST_LOOSE_FILES, Architecture, Floors
from documents import ROOT, section, text

DOCUMENT = text("docs/architecture.md")


@pytest.fixture(scope="module")
def ours() -> Architecture:
    """This checkout's imports."""
    return Architecture(ROOT)


def _lines(found: Iterable[object]) -> str:
    return "\n" + "\n".join(map(str, found))


@pytest.mark.parametrize(("package", "floors"), [("core", CORE), ("bench", BENCH)])
def test_imports_point_down(ours: Architecture, package: str, floors: Floors) -> None:
    """No room imports from its own floor or above, lazily or for type checkers either."""
    upward = ours.upward(package, floors)
    assert not upward, _lines(upward)


@pytest.mark.parametrize(("package", "floors"), [("core", CORE), ("bench", BENCH)])
def test_every_room_has_a_floor(ours: Architecture, package: str, floors: Floors) -> None:
    """The table of floors has each room, and each once."""
    listed = [room for rooms in floors for room in rooms]
    assert len(listed) == len(set(listed))
    assert not ours.without_floor(package, floors)


def test_folders_of_images(ours: Architecture) -> None:
    """Decoders and metadata do not know each other, and both stand on containers and profiles."""
    assert ours.folders("images") == {folder for floor in IMAGES for folder in floor}
    upward = ours.upward_within("images", IMAGES)
    assert not upward, _lines(upward)


@pytest.mark.parametrize("package", ["core", "bench"])
def test_no_circles(ours: Architecture, package: str) -> None:
    """No rooms import each other in a circle."""
    circles = ours.circles(package)
    assert not circles, _lines(circles)


def test_core_knows_none_of_its_users(ours: Architecture) -> None:
    """Core imports neither export nor plugin nor bench; export and plugin not each other."""
    foreign = ours.foreign()
    assert not foreign, _lines(foreign)


def test_few_loose_files(ours: Architecture) -> None:
    """A module of core lies in a room, but for the few that all rooms need."""
    assert len(ours.loose_files("core")) <= MOST_LOOSE_FILES, ours.loose_files("core")


def test_every_package_is_installed(ours: Architecture) -> None:
    """pyproject.toml lists each package folder, and none that is gone."""
    assert sorted(ours.listed_packages()) == sorted(ours.packages())
    assert not ours.without_init()


def _checkout(root: Path, **files: str) -> Architecture:
    """A made-up checkout; the files' names have `__` for each slash."""
    for name, source in files.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        (path.parent / "__init__.py").touch()
        (root / path.relative_to(root).parts[0] / "__init__.py").touch()
    return Architecture(root)


@pytest.mark.parametrize(
    "line",
    [
        "import dreamlayer.core.cli.dream",
        "from dreamlayer.core.cli import dream",
        "from dreamlayer.core.cli.dream import run",
        "from ..cli.dream import run",
        "from ..cli import dream",
        "from ... import dream",
        "def later():\n    from dreamlayer.core.cli import dream",
        "if TYPE_CHECKING:\n    from dreamlayer.core.cli.dream import run",
        "run = import_module('dreamlayer.core.cli.dream').run",
        "from dreamlayer import dream",
        "from dreamlayer import __version__",
        "import dreamlayer.core",
    ],
)
def test_an_upward_import_is_found(line: str, tmp_path: Path) -> None:
    """Each way of writing an import counts, and the facade is the top."""
    texts = {"core__graph__ops": line, "core__cli__dream": "run = 1", "core__api": "dream = 1"}
    found = _checkout(tmp_path, **texts)
    assert [one.source for one in found.upward("core", CORE)] == ["core.graph.ops"]


def test_an_upward_import_within_a_room_is_found(tmp_path: Path) -> None:
    """A container that knows a decoder, but neither the other way nor a file beside them."""
    found = _checkout(
        tmp_path,
        core__images__containers__boxes="from dreamlayer.core.images.decoders import heic",
        core__images__decoders__heic="from dreamlayer.core.images.containers import boxes",
        core__images__reading="from dreamlayer.core.images.decoders.heic import x",
    )
    upward = found.upward_within("images", IMAGES)
    assert [one.source for one in upward] == ["core.images.containers.boxes"]


def test_a_downward_import_is_none(tmp_path: Path) -> None:
    """Imports of a lower floor, of the own room, and of other packages break nothing."""
    found = _checkout(
        tmp_path,
        core__cli__dream="from dreamlayer.core.graph.ops import cast\nfrom .options import x",
        core__cli__options="from __future__ import annotations\nfrom numpy import core",
        core__graph__ops="cast = 1",
    )
    assert found.arrows("core") == {("cli", "graph"): 1}
    assert not found.upward("core", CORE)
    assert not found.circles("core")
    assert not found.foreign()


def test_a_circle_is_found(tmp_path: Path) -> None:
    """Also one over three rooms."""
    found = _checkout(
        tmp_path,
        core__graph__ops="import dreamlayer.core.images.reading",
        core__images__reading="import dreamlayer.core.runtime.cache",
        core__runtime__cache="import dreamlayer.core.graph.ops",
        core__recipe__term="import dreamlayer.core.graph.ops",
    )
    assert found.circles("core") == [["graph", "images", "runtime"]]


def test_a_foreign_import_is_found(tmp_path: Path) -> None:
    """Core that imports the plug-in, and export that imports the measurements."""
    found = _checkout(
        tmp_path,
        core__graph__ops="def later():\n    from dreamlayer.plugin import install",
        plugin__install="",
        export__cli="from bench.errors import BenchError",
        bench__errors="from dreamlayer.plugin.install import run",
    )
    pairs = [(one.source, one.target) for one in found.foreign()]
    assert pairs == [("core.graph.ops", "plugin.install"), ("export.cli", "bench.errors")]


def test_the_document_shows_the_floors() -> None:
    """The table of docs/architecture.md has the same rooms on the same floors."""
    rows = re.findall(r"^\| (\d+) \| (.*?) \|", section(DOCUMENT, "Floors"), re.MULTILINE)
    shown = {int(floor): set(re.findall(r"`(\w+)`", rooms)) for floor, rooms in rows}
    assert shown == {number: set(rooms) for number, rooms in enumerate(CORE, 1)}


def test_the_document_names_what_is_there() -> None:
    """Each stop on the way of a tile is a function or class of the file beside it."""
    way = section(DOCUMENT, "The way of one tile")
    stops = re.findall(r"\| `(core/[\w/]+\.py)` \| `(\w+)` \|$", way, re.MULTILINE)
    assert len(stops) > 15
    lost = [stop for stop in stops if stop[1] not in _defined(ROOT / stop[0])]
    assert not lost, _lines(lost)


def _defined(path: Path) -> set[str]:
    """The names of the functions and classes that a file defines at its top; none without it."""
    if not path.is_file():
        return set()
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {one.name for one in body if isinstance(one, ast.FunctionDef | ast.ClassDef)}
