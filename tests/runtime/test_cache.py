"""What is kept on disk: facts, and room for them."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from dreamlayer.core.runtime import cache

CORE = "dreamlayer.core."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for what is kept."""
    monkeypatch.setenv("DREAMLAYER_CACHE", str(tmp_path))
    return tmp_path


def keep(name: str, size: int, used: float) -> Path | None:
    """Keep something of a size that was used last at a time."""
    with cache.keeping(name) as made:
        assert made is not None
        (made / "model.onnx").write_bytes(bytes(size))
    found = cache.find(name)
    if found is not None:
        os.utime(found, (used, used))
    return found


def test_fact_is_computed_once(folder: Path) -> None:
    """Until something changes that it depends on, what was found out is remembered."""
    computed = []

    def compute() -> list[int]:
        computed.append(1)
        return [3, 4]

    assert [cache.memoize(compute, "a", 1) for _ in range(3)] == [[3, 4]] * 3
    assert len(computed) == 1
    cache.memoize(compute, "a", 2)
    assert len(computed) == 2
    for number, damage in enumerate(("damaged", "null", "{}"), 3):
        for path in folder.iterdir():
            path.write_text(damage)
        assert cache.memoize(compute, "a", 1) == [3, 4]
        assert len(computed) == number


@pytest.mark.usefixtures("folder")
def test_another_version_of_the_code_shares_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries are filed under the code that made them."""
    ours = cache.key("a")
    assert cache.key("a") == ours != cache.key("b")
    monkeypatch.setattr(cache, "_code", lambda: "another")
    assert cache.key("a") != ours


@pytest.mark.usefixtures("folder")
def test_what_was_not_used_for_longest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit, the oldest entries make room for the new one."""
    monkeypatch.setattr(cache, "MOST_BYTES", 250)
    first, second = keep("first", 100, 1000), keep("second", 100, 2000)
    assert first is not None
    assert cache.find("first") is not None, "finding is using"
    os.utime(first, (3000, 3000))
    third = keep("third", 100, 4000)
    assert second is not None and not second.exists()  # noqa: PT018
    assert first.exists() and third is not None  # noqa: PT018
    assert cache.size() == 200


def test_leftovers_of_the_killed_go(folder: Path) -> None:
    """A folder that a process left unfinished is removed a day later, not before."""
    old, new = folder / "making-old", folder / "making-new"
    for left in (old, new):
        left.mkdir()
        (left / "model.onnx").write_bytes(b"half")
    os.utime(old, (1000, 1000))
    keep("any", 1, 1000)
    assert not old.exists()
    assert new.exists()


def test_failure_while_making_keeps_nothing(folder: Path) -> None:
    """What is raised comes through, and nothing stays."""
    with pytest.raises(RuntimeError, match="no"), cache.keeping("any"):
        raise RuntimeError("no")
    assert not list(folder.iterdir())


def test_folder_is_the_users_own_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable it is the cache folder that the system has for programs."""
    monkeypatch.delenv("DREAMLAYER_CACHE")
    place = cache.folder()
    assert place is not None
    assert "dreamlayer" in str(place)
    monkeypatch.setenv("DREAMLAYER_CACHE", "Off")
    assert cache.folder() is None
    assert cache.size() == 0


def test_key_covers_the_code_that_shapes_graphs() -> None:
    """All that a gradient model is made by, down to sentences and values that are in the key."""
    core = Path(cache.__file__).parents[1]
    covered = {path for pattern in cache._GRAPH_CODE for path in core.glob(pattern)}
    elsewhere = {core / name for name in ("errors.py", "recipe/term.py", "recipe/fields.py")}
    seen: set[Path] = set()
    waiting = [core / "network" / "gradient_model.py"]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(CORE):
                base = core.joinpath(*(node.module or "").removeprefix(CORE).split("."))
                tried = [base / f"{alias.name}.py" for alias in node.names]
                found = {base.with_suffix(".py"), base / "__init__.py", *tried}
                waiting += [one for one in found if one.is_file() and one not in seen]
    assert {path for path in seen if path.name != "__init__.py"} <= covered | elsewhere
    assert core / "autodiff" / "rules" / "__init__.py" in covered & seen
    unused = {path.name for path in covered - seen if path.name != "__init__.py"}
    assert unused <= {"sizes.py", "edit.py", "providers.py"}
