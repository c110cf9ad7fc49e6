"""Sessions of ONNX Runtime: their threads, and the cache of their optimized graphs."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from several_processes import open_at_once

import dreamlayer.core.runtime.sessions as sessions
from dreamlayer.core.errors import ProviderError
from dreamlayer.core.network import network as network_module
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime import graph_cache, onnx_session
from dreamlayer.core.runtime.installed import runtime
from dreamlayer.core.runtime.protocol import Session
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import Source, open_session

TERMS = [Term("deep")]
RNG = np.random.default_rng(0)


@pytest.fixture
def network(small_network: Path) -> Network:
    """A small network."""
    return Network(str(small_network))


@pytest.mark.parametrize("shares", [False, True])
def test_threads_do_not_spin_beside_a_program_that_needs_the_cores(shares: bool) -> None:
    """An editor's worker leaves the cores while its threads wait for one another."""
    options = onnx_session._options(runtime(), Execution("cpu", shares_cores=shares))
    assert options.get_session_config_entry("session.force_spinning_stop") == "1"
    if shares:
        assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    else:
        with pytest.raises(RuntimeError, match="does not have"):
            options.get_session_config_entry("session.intra_op.allow_spinning")


def cached(source: Source, execution: Execution) -> Session:
    """Open a session, and put its graph into the cache, as commands do after each picture."""
    session = open_session(source, execution)
    graph_cache.fill()
    return session


@pytest.fixture(autouse=True)
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without trials in another process, whose outcome is in the cache too."""
    monkeypatch.setattr(network_module, "inside", lambda: True)


class TestCache:
    """Optimized graphs are cached on disk."""

    @pytest.fixture(autouse=True)
    def folder(self, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """An empty cache folder: what is known of the small network is in another."""
        assert network.name
        monkeypatch.setenv("DREAMLAYER_CACHE", str(tmp_path))
        return tmp_path

    @pytest.fixture
    def source(self, network: Network) -> Source:
        """A source that counts how often its model is made."""
        return self.counting(network)

    @staticmethod
    def counting(network: Network) -> Source:
        inner = network.gradient_source(TERMS)
        made: list[str] = []

        def make(provider: str) -> onnx.ModelProto:
            made.append(provider)
            return inner.make(provider)

        make.made = made  # type: ignore[attr-defined]
        return Source(make, inner.identity)

    def gradient(self, source: Source) -> np.ndarray:
        image = np.random.default_rng(1).random((1, 3, 16, 20), np.float32)
        found: np.ndarray = cached(source, Execution("cpu")).run(["gradient"], {"image": image})[0]
        return found

    def test_is_made_once(self, source: Source, folder: Path) -> None:
        """The second time the optimized graph is read from disk, and computes the same bytes."""
        first = self.gradient(source)
        np.testing.assert_array_equal(self.gradient(source), first)
        assert source.make.made == ["cpu"]  # type: ignore[attr-defined]
        assert [path.suffix for path in folder.iterdir()] == [".onnx"]

    def test_shipped_network_shares_its_weights(self, folder: Path) -> None:
        """Graphs for other sizes take kilobytes, since weights are stored under their content."""
        source = Network("inception_v3_mixed5").gradient_source
        for size in (None, (80, 90), (96, 75)):
            cached(source([Term("mixed0")], size), Execution("cpu"))
        kinds = [path.suffix for path in folder.iterdir()]
        assert sorted(kinds) == [".blob"] + [".onnx"] * 3 + [".weights"], "and a summary"
        session = open_session(source([Term("mixed0")], (80, 90)), Execution("cpu"))
        image = np.random.default_rng(1).random((1, 3, 80, 90), np.float32)
        again = session.run(["gradient"], {"image": image})[0]
        plain = open_session(source([Term("mixed0")], (80, 90)).make("cpu"), Execution("cpu"))
        np.testing.assert_array_equal(again, plain.run(["gradient"], {"image": image})[0])

    @pytest.mark.parametrize("damage", [b"", b"not a graph", None])
    def test_damaged_entry_is_made_again(
        self, source: Source, folder: Path, damage: bytes | None
    ) -> None:
        """Truncated, overwritten or removed: the graph is made and stored again."""
        first = self.gradient(source)
        (entry,) = folder.glob("*.onnx")
        if damage is None:
            entry.unlink()
        else:
            entry.write_bytes(damage)
        np.testing.assert_array_equal(self.gradient(source), first)
        assert source.make.made == ["cpu", "cpu"]  # type: ignore[attr-defined]
        np.testing.assert_array_equal(self.gradient(source), first)
        assert source.make.made == ["cpu", "cpu"]  # type: ignore[attr-defined]

    def test_missing_weights_are_made_again(self, folder: Path) -> None:
        """A graph without its weights is no error."""
        source = Network("inception_v3_mixed5").gradient_source([Term("mixed0")])
        cached(source, Execution("cpu"))
        for path in folder.glob("*.weights"):
            path.unlink()
        cached(source, Execution("cpu"))
        assert list(folder.glob("*.weights"))

    @pytest.mark.parametrize("share", [0.5, 0.0])
    def test_truncated_weights_are_made_again(self, folder: Path, share: float) -> None:
        """A weights file that is too short is never read; the next session replaces it."""
        source = Network("inception_v3_mixed5").gradient_source([Term("mixed0")])
        cached(source, Execution("cpu"))
        (weights,) = folder.glob("*.weights")
        whole = weights.read_bytes()
        weights.unlink()
        weights.write_bytes(whole[: int(len(whole) * share)])
        cached(source, Execution("cpu"))
        assert weights.read_bytes() == whole

    @pytest.mark.parametrize("kind", ["*.weights", "*.onnx"])
    def test_one_flipped_bit_is_found(self, folder: Path, kind: str) -> None:
        """Of the right length, but not what was stored: it is made again, with the same result."""
        source = Network("inception_v3_mixed5").gradient_source([Term("mixed0")])
        image = np.random.default_rng(1).random((1, 3, 80, 90), np.float32)
        first = cached(source, Execution("cpu")).run(["gradient"], {"image": image})[0]
        (entry,) = folder.glob(kind)
        whole = entry.read_bytes()
        damaged = bytearray(whole)
        damaged[len(whole) // 2] ^= 4
        entry.write_bytes(damaged)
        again = cached(source, Execution("cpu")).run(["gradient"], {"image": image})[0]
        np.testing.assert_array_equal(again, first)
        (entry,) = folder.glob(kind)
        assert entry.read_bytes() != damaged

    def test_graph_is_used_before_it_is_in_the_cache(self, source: Source, folder: Path) -> None:
        """Until a picture is written, this process reads it where it was written."""
        open_session(source, Execution("cpu"))
        open_session(source, Execution("cpu"))
        assert source.make.made == ["cpu"]  # type: ignore[attr-defined]
        assert not list(folder.glob("*.onnx"))
        graph_cache.fill()
        assert [path.suffix for path in folder.iterdir()] == [".onnx"]
        open_session(source, Execution("cpu"))
        assert source.make.made == ["cpu"]  # type: ignore[attr-defined]

    def test_folder_that_is_removed_meanwhile_is_no_error(
        self, source: Source, folder: Path
    ) -> None:
        """Before it is filled, or after."""
        first = self.gradient(source)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        np.testing.assert_array_equal(self.gradient(source), first)
        open_session(Source(source.make, ("other",)), Execution("cpu"))
        shutil.rmtree(folder)
        graph_cache.fill()
        np.testing.assert_array_equal(self.gradient(source), first)

    def test_weights_in_use_are_not_deleted_first(self, folder: Path) -> None:
        """Opening a graph counts as using its weights."""
        source = Network("inception_v3_mixed5").gradient_source([Term("mixed0")])
        cached(source, Execution("cpu"))
        (weights,) = folder.glob("*.weights")
        os.utime(weights, (1, 1))
        cached(source, Execution("cpu"))
        assert weights.stat().st_mtime > 1

    def test_graph_of_a_provider_that_fell_back_is_not_cached(
        self, source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Otherwise it would run on the CPU once the provider works."""
        full = "CUDAExecutionProvider"
        monkeypatch.setattr(sessions, "full_name", lambda _: full)
        monkeypatch.setattr(sessions, "fault", lambda *_, **__: None)
        with pytest.raises(ProviderError, match="did not load"):
            open_session(source, Execution("cuda"))
        assert not list(folder.iterdir())

    def test_full_disk_is_no_error(
        self, source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A graph that cannot be written runs without being cached."""
        real = graph_cache.store

        @contextlib.contextmanager
        def broken(*parts: object) -> Iterator[Path | None]:
            with real(*parts) as place:
                assert place is not None
                (place / "model.onnx").mkdir()
                yield place

        monkeypatch.setattr(graph_cache, "store", broken)
        assert np.isfinite(self.gradient(source)).all()
        assert not list(folder.iterdir())

    def test_another_objective_is_another_entry(self, network: Network, folder: Path) -> None:
        """Terms and sizes tell entries apart; precision only where the provider has two."""
        cached(network.gradient_source([Term("deep")]), Execution("cpu"))
        cached(network.gradient_source([Term("deep", 0.5)]), Execution("cpu"))
        cached(network.gradient_source([Term("deep")], (16, 16)), Execution("cpu"))
        cached(network.gradient_source([Term("deep")]), Execution("cpu", precision="fast"))
        assert len(list(folder.glob("*.onnx"))) == 3

    def test_nothing_is_cached_when_switched_off(
        self, source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`off` leaves no trace."""
        monkeypatch.setenv("DREAMLAYER_CACHE", "off")
        self.gradient(source)
        assert not list(folder.iterdir())

    def test_folder_that_cannot_be_created_is_no_error(
        self, source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """If a file is in the way, everything works without the cache."""
        (folder / "file").write_text("")
        monkeypatch.setenv("DREAMLAYER_CACHE", str(folder / "file" / "cache"))
        first = self.gradient(source)
        np.testing.assert_array_equal(self.gradient(source), first)

    def test_processes_can_share_the_folder(self, small_network: Path, folder: Path) -> None:
        """Several that open the same network concurrently all succeed, and leave one entry."""
        open_at_once(small_network, "cpu")
        assert len(list(folder.glob("*.onnx"))) == 1
