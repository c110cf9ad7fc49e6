"""Who imports whom: rooms, floors, arrows, upward arrows and circles, counted from the sources.

`python tests/support/architecture.py [CHECKOUT]` prints the counts, and what breaks the order.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

Floors = tuple[tuple[str, ...], ...]

CORE: Floors = (
    ("errors", "installation", "interruption", "version"),
    ("graph", "files"),
    ("images", "runtime"),
    ("autodiff", "recipe", "isolation"),
    ("network", "ascent"),
    ("device",),
    ("dreaming",),
    ("style", "visualize"),
    ("worker",),
    ("cli",),
    ("api",),
)
"""The rooms of core from the lowest floor up; each imports from lower floors only."""

IMAGES: Floors = (("containers", "profiles"), ("decoders", "metadata"), ("encoders",))
"""The folders of core/images likewise; the files beside them are used by all, or use all."""

BENCH: Floors = (("errors",), ("peers",), ("measure",), ("report", "gimp"), ("quality",), ("cli",))
"""The same for bench."""

ALLOWED = {
    "core": {"core"},
    "export": {"core", "export"},
    "plugin": {"core", "plugin"},
    "bench": {"core", "export", "plugin", "bench"},
}
"""Which top-level folders each of them may import from."""

MOST_LOOSE_FILES = 8

_FACADE = "core.api"
"""What gives the names of `dreamlayer` itself."""


@dataclass(frozen=True, order=True)
class Import:
    """One import of one module by another, written anywhere in the file.

    Attributes
    ----------
    source, target : str
        The modules as paths from the checkout with dots, such as `core.graph.ops`.
    line : int
        Where it is written.
    """

    source: str
    target: str
    line: int

    def __str__(self) -> str:
        return f"{self.source}, line {self.line}, imports {self.target}"


class Architecture:
    """A checkout's imports.

    Parameters
    ----------
    root : Path
        The checkout.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = {
            _module(path.relative_to(root)): path
            for package in ALLOWED
            for path in sorted((root / package).rglob("*.py"))
        }
        self.imports = sorted(
            Import(name, target, line)
            for name, path in self.files.items()
            for target, line in self._targets(name, path)
        )

    def _targets(self, name: str, path: Path) -> Iterator[tuple[str, int]]:
        """Our own modules that a file imports, lazily or for type checkers too."""
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in (one for one in ast.walk(tree) if isinstance(one, _IMPORTING)):
            for written in _written(node, package):
                target = written.removeprefix("dreamlayer.")
                if written.startswith("dreamlayer") and _top(target) not in ALLOWED:
                    target = _FACADE
                while target and target not in self.files:
                    target = target.rpartition(".")[0]
                if target:
                    yield target, node.lineno

    def rooms(self, package: str) -> set[str]:
        """The rooms of a top-level folder: its folders with modules, and its loose files."""
        return {_room(name) for name in self.files if _in(name, package)} - {""}

    def between(self, package: str) -> list[Import]:
        """The imports between different rooms of a top-level folder, its own doors left out."""
        return [
            one
            for one in self.imports
            if _in(one.source, package) and _in(one.target, package)
            if _room(one.source) and _room(one.source) != _room(one.target)
        ]

    def arrows(self, package: str) -> Counter[tuple[str, str]]:
        """How many imports each room has of each other."""
        pairs = ((_room(one.source), _room(one.target)) for one in self.between(package))
        return Counter(pairs)

    def upward(self, package: str, floors: Floors) -> list[Import]:
        """Imports from one room to another on the same floor or above, or to the package itself."""
        floor = {room: number for number, rooms in enumerate(floors) for room in rooms}
        top = len(floors)
        return [
            one
            for one in self.between(package)
            if floor.get(_room(one.target), top) >= floor.get(_room(one.source), top)
        ]

    def upward_within(self, room: str, floors: Floors) -> list[Import]:
        """The same for the folders of a room of core, the files beside them left out."""
        floor = {folder: number for number, folders in enumerate(floors) for folder in folders}
        found = []
        for one in self.imports:
            source, target = (_folder(name, room) for name in (one.source, one.target))
            inside = source in floor and target in floor and source != target
            if inside and floor[target] >= floor[source]:
                found.append(one)
        return found

    def folders(self, room: str) -> set[str]:
        """The folders with modules in a room of core."""
        return {path.parent.name for path in (self.root / "core" / room).glob("*/*.py")}

    def without_floor(self, package: str, floors: Floors) -> set[str]:
        """Rooms that the table of floors does not have."""
        return self.rooms(package).difference(*floors)

    def circles(self, package: str) -> list[list[str]]:
        """Groups of rooms that import each other in a circle."""
        below: dict[str, set[str]] = {room: set() for room in self.rooms(package)}
        for source, target in self.arrows(package):
            below[source].add(target)
        reached = {room: _reach(room, below) for room in below}
        groups = {
            frozenset(other for other in reached[room] if room in reached.get(other, ()))
            for room in below
        }
        return sorted(sorted(group) for group in groups if group)

    def foreign(self) -> list[Import]:
        """Imports of a top-level folder that the importing one must not know."""
        return [one for one in self.imports if _top(one.target) not in ALLOWED[_top(one.source)]]

    def loose_files(self, package: str) -> list[str]:
        """The .py files that lie in a top-level folder itself."""
        return sorted(path.name for path in (self.root / package).glob("*.py"))

    def packages(self) -> set[str]:
        """Every package folder that is to be installed, named as it is imported then."""
        doors = (path for path in self.files.values() if path.name == "__init__.py")
        folders = (door.parent.relative_to(self.root) for door in doors)
        ours = {".".join(("dreamlayer", *one.parts)) for one in folders if one.parts[0] != "bench"}
        return {"dreamlayer", *ours}

    def listed_packages(self) -> set[str]:
        """The packages that pyproject.toml lists."""
        text = (self.root / "pyproject.toml").read_text(encoding="utf-8")
        return set(tomllib.loads(text)["tool"]["setuptools"]["packages"])

    def without_init(self) -> set[str]:
        """Folders of core with modules but no `__init__.py`, which would not be installed."""
        folders = {path.parent for path in self.files.values()}
        core = self.root / "core"
        bare = (
            one for one in folders if core in one.parents and not (one / "__init__.py").exists()
        )
        return {str(one.relative_to(self.root)) for one in bare}


def _module(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _top(module: str) -> str:
    return module.partition(".")[0]


def _in(module: str, package: str) -> bool:
    return _top(module) == package


def _room(module: str) -> str:
    """The room of a module; '' for the package itself and its `__main__`, which are doors."""
    room = [*module.split("."), ""][1]
    return "" if room == "__main__" else room


def _folder(module: str, room: str) -> str:
    """The folder of a room of core in which a module lies, or the name of a file beside it."""
    parts = [*module.split("."), "", ""]
    return parts[2] if parts[:2] == ["core", room] else ""


_IMPORTING = (ast.Import, ast.ImportFrom, ast.Call)


def _written(node: ast.Import | ast.ImportFrom | ast.Call, package: str) -> list[str]:
    """The full names of the modules that a node imports, as far as the file alone can tell."""
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom(module=module, names=names, level=level):
            above = ["dreamlayer", *package.split(".")]
            start = [*above[: len(above) - level + 1]] if level else []
            start += [module] if module else []
            return [".".join([*start, alias.name]) for alias in names]
        case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]):
            if ast.unparse(function).rpartition(".")[2] in ("import_module", "__import__"):
                return [name]
    return []


def _reach(room: str, below: dict[str, set[str]]) -> set[str]:
    """The rooms that one leads to by one arrow or more."""
    found: set[str] = set()
    coming = [room]
    while coming:
        fresh = below.get(coming.pop(), set()) - found
        found |= fresh
        coming += fresh
    return found


def main(arguments: Sequence[str]) -> None:
    """Print what is counted in a checkout, by default this one."""
    root = Path(arguments[0]) if arguments else Path(__file__).parents[2]
    found = Architecture(root)
    for package, floors in (("core", CORE), ("bench", BENCH)):
        arrows, upward = found.arrows(package), found.upward(package, floors)
        circles = found.circles(package)
        print(
            f"{package}: {len(found.rooms(package))} rooms, {len(floors)} floors, "
            f"{len(arrows)} arrows between rooms ({arrows.total()} imports), "
            f"{len(upward)} upward, {len(circles)} circles, "
            f"{len(found.loose_files(package))} loose files"
        )
        for one in (*upward, *circles, *sorted(found.without_floor(package, floors))):
            print(f"  {one}")
    for one in found.foreign():
        print(f"foreign: {one}")


if __name__ == "__main__":
    main(sys.argv[1:])
