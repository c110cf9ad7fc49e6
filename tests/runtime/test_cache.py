"""The disk cache: stored values, its limit, its folder."""

from __future__ import annotations

import ast
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime import cache, graph_cache
from dreamlayer.core.runtime.facts import whole
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import open_session

CORE = "dreamlayer.core."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    # What other tests left waiting is not of this folder.
    graph_cache.fill()
    monkeypatch.setenv("DREAMLAYER_CACHE", str(tmp_path))
    return tmp_path


def store(name: str, size: int, used: float) -> Path | None:
    """Store an entry of a size that was last used at a time."""
    with graph_cache.store(name) as staged:
        assert staged is not None
        (staged / "model.onnx").write_bytes(bytes(size))
    graph_cache.fill()
    found = graph_cache.lookup(name)
    if found is not None:
        os.utime(found, (used, used))
    return found


def test_value_is_computed_once(folder: Path) -> None:
    """Until something changes that it depends on, the stored value is returned."""
    computed = []

    def compute() -> list[int]:
        computed.append(1)
        return [3, 4]

    assert [cache.memoize(compute, "a", 1, read=list) for _ in range(3)] == [[3, 4]] * 3
    assert len(computed) == 1
    cache.memoize(compute, "a", 2, read=list)
    assert len(computed) == 2
    for number, damage in enumerate(("damaged", "null", "{}", ""), 3):
        for path in folder.iterdir():
            path.write_text(damage)
        assert cache.memoize(compute, "a", 1, read=list) == [3, 4]
        assert len(computed) == number


def test_value_of_another_kind_is_computed_again(folder: Path) -> None:
    """It is intact, but not what was asked for: whoever stored it meant something else."""
    for stored in (
        b"null",
        b'{"a": 1}',
        b'"3"',
        b"[[1]]",
        b"[1, 2]",
        b"true",
        b"half",
        b"[" * 9999,
    ):
        cache.store_blob(stored, "value", "a", 1)
        assert cache.memoize(lambda: [3, 4, 5], "a", 1, read=_three) == (3, 4, 5)
        assert cache.load_blob("value", "a", 1) == b"[3, 4, 5]"
    assert folder.exists()


def _three(value: Any) -> tuple[int, int, int]:
    one, two, three = map(whole, value)
    return one, two, three


@pytest.mark.parametrize(
    ("package", "found"),
    [
        ("onnx", "onnx-1.22.0"),
        ("onnxruntime", "onnxruntime-1.30.0 onnxruntime_gpu-1.29.0"),
        ("onnx_ir", "onnx_ir-0.1"),
        ("onnxscript", ""),
        ("no_such_package", ""),
    ],
)
def test_versions_are_those_of_a_package_and_its_variants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, found: str
) -> None:
    """Packages whose names begin alike are others: installing one empties no cache."""
    notes = ("onnx-1.22.0", "onnx_ir-0.1", "onnxruntime-1.30.0", "onnxruntime_gpu-1.29.0")
    for note in notes:
        (tmp_path / f"{note}.dist-info").mkdir()
    for name in ("onnx", "onnx_ir", "onnxruntime", "onnxscript"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert cache.noted_versions(package) == found


@pytest.mark.usefixtures("folder")
def test_another_version_of_the_code_shares_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key covers the code that made an entry."""
    ours = cache.key("a")
    assert cache.key("a") == ours != cache.key("b")
    monkeypatch.setattr(cache, "_code", lambda: "another")
    assert cache.key("a") != ours


@pytest.mark.usefixtures("folder")
def test_least_recently_used_entries_are_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit, the oldest entries are deleted for the new one."""
    monkeypatch.setattr(cache, "MAX_BYTES", 250)
    first, second = store("first", 100, 1000), store("second", 100, 2000)
    assert first is not None
    assert graph_cache.lookup("first") is not None, "a look-up counts as use"
    os.utime(first, (3000, 3000))
    third = store("third", 100, 4000)
    assert second is not None and not second.exists()  # noqa: PT018
    assert first.exists() and third is not None  # noqa: PT018
    assert cache.size() == 200


def test_a_folder_that_another_process_deletes_meanwhile_is_no_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is listed before, and gone when its files are."""

    def vanish(self: Path, pattern: str) -> Iterator[Path]:
        yield self / "gone.blob"
        raise FileNotFoundError(pattern)

    monkeypatch.setattr(Path, "glob", vanish)
    cache.trim(folder)


def test_failure_while_storing_leaves_nothing(folder: Path) -> None:
    """The exception is passed on, and nothing is stored."""
    with pytest.raises(RuntimeError, match="no"), graph_cache.store("any"):
        raise RuntimeError("no")
    assert not list(folder.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o2775])
def test_folder_that_others_can_write_to_has_one_of_the_users_own(folder: Path, mode: int) -> None:
    """Whoever can write there decides what networks compute; the others' permissions stay."""
    folder.chmod(mode)
    assert [cache.memoize(lambda n=n: n, "a", read=int) for n in (1, 2)] == [1, 1]
    assert stat.S_IMODE(folder.stat().st_mode) == mode
    (own,) = folder.iterdir()
    assert stat.S_IMODE(own.stat().st_mode) & 0o022 == 0
    assert [path.suffix for path in own.iterdir()] == [".blob"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_folder_of_another_user_is_not_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is one within it that claims to be this user's; `doctor` says why."""
    cache.memoize(lambda: 1, "a", read=int)
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert cache.own_folder(folder)[1] == "others can write there"
        assert cache.memoize(lambda: 2, "a", read=int) == 2
        assert graph_cache.lookup("a") is None
    assert cache.memoize(lambda: 2, "a", read=int) == 1


@pytest.mark.usefixtures("folder")
def test_content_is_read_once_by_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until something changes the file."""
    path = store("any", 5, 1000)
    assert path is not None
    read = []
    real = graph_cache.hashlib.file_digest
    monkeypatch.setattr(
        graph_cache.hashlib, "file_digest", lambda *given: read.append(1) or real(*given)
    )
    for _ in range(3):
        assert graph_cache.lookup("any") == path
    assert len(read) == 1, "`store` set another time of use"
    path.write_bytes(b"12345")
    assert graph_cache.lookup("any") is None
    assert not path.exists()


def test_damaged_graph_leaves_the_weights_that_others_share(folder: Path) -> None:
    """Only what is damaged is deleted."""
    source = Network("inception_v3_mixed5").gradient_source
    for size in ((80, 90), (96, 75)):
        open_session(source([Term("mixed0")], size), Execution("cpu"))
    graph_cache.fill()
    first, second = sorted(folder.glob("*.onnx"))
    first.write_bytes(b"damaged")
    for size in ((80, 90), (96, 75)):
        open_session(source([Term("mixed0")], size), Execution("cpu"))
    assert second.exists()
    assert len(list(folder.glob("*.weights"))) == 1


def test_graphs_do_not_wait_with_hundreds_of_megabytes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its own copy of the weights until it is in the cache."""
    monkeypatch.setattr(graph_cache, "_MAX_PENDING", 100)
    for name, size in (("a", 60), ("b", 60)):
        with graph_cache.store(name) as staged:
            assert staged is not None
            (staged / "model.onnx").write_bytes(bytes(size))
    assert len(list(folder.glob("*.onnx"))) == 2


def test_folder_is_the_users_own_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable it is in the system's cache folder for programs."""
    monkeypatch.delenv("DREAMLAYER_CACHE")
    folder = cache.folder()
    assert folder is not None
    assert "dreamlayer" in str(folder.parent)
    assert folder.name == "graphs"
    monkeypatch.setattr(cache, "user_cache_path", lambda *_, **__: Path("~/.cache/dreamlayer"))
    assert cache.folder() is None, "a user without a home would get one in every working folder"
    monkeypatch.setenv("DREAMLAYER_CACHE", "Off")
    assert cache.folder() is None
    assert cache.size() == 0


def test_key_covers_the_code_that_shapes_graphs() -> None:
    """All code that makes gradient models, but for messages and values that are in the key."""
    core = Path(cache.__file__).parents[1]
    covered = {path for pattern in cache._GRAPH_CODE for path in core.glob(pattern)}
    messages = ("errors.py", "installation.py")
    elsewhere = {core / name for name in (*messages, "recipe/term.py", "recipe/fields.py")}
    seen: set[Path] = set()
    waiting = [core / "network" / "gradient_model.py", core / "style" / "tile_loss.py"]
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
    runtime = {
        *(
            "cache.py",
            "graph_cache.py",
            "loading.py",
            "onnx_session.py",
            "openvino_session.py",
            "providers.py",
            "sessions.py",
        )
    }
    network = core / "network"
    refusing = {"contract.py", "image_size.py", "trials.py"}
    refusing |= {path.name for path in network.glob("limits/*.py")}
    facts = {"sizes.py", "geometry.py", "files.py", "layers.py", "lazy_model.py", "network.py"}
    assert unused <= {"edit.py", *facts, *refusing, *runtime}
