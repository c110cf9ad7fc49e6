"""Providers: chosen, demanded, and checked after loading."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from fake_runtime import FakeRuntime, install
from provider_rows import change_row
from several_processes import open_at_once

import dreamlayer.core.network.gradient_session as gradient_session
import dreamlayer.core.runtime.sessions as sessions
from dreamlayer.core.errors import NetworkError, ProviderError
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime import graph_cache, openvino_session
from dreamlayer.core.runtime.installed import full_name, offered, runtime
from dreamlayer.core.runtime.loading import fault
from dreamlayer.core.runtime.protocol import Session
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import Source, first_choice, installed, open_session

TERMS = [Term("deep")]
RNG = np.random.default_rng(0)


@pytest.fixture
def network(small_network: Path) -> Network:
    """A small network."""
    return Network(str(small_network))


@pytest.fixture
def model(network: Network) -> onnx.ModelProto:
    """A small gradient model."""
    return network.gradient_model(TERMS)


@pytest.mark.parametrize("provider", ["auto", "cpu", "CPU", "CPUExecutionProvider"])
def test_cpu_is_available_under_all_its_names(provider: str, network: Network) -> None:
    """The session says which provider really runs."""
    loaded = GradientSession(network, TERMS, Execution(provider)).provider
    assert loaded in installed() if provider == "auto" else loaded == "cpu"


def test_every_offered_provider_has_a_full_name() -> None:
    """What is offered can be demanded."""
    for name in offered():
        assert full_name(name).endswith("ExecutionProvider")


def test_provider_that_is_not_installed_says_what_to_install() -> None:
    """A known provider that this ONNX Runtime lacks names the extra that brings it."""
    if "cuda" in offered():
        pytest.skip("this ONNX Runtime has it")
    with pytest.raises(ProviderError, match=r"not part of.*pip install .*\["):
        full_name("cuda")


def test_unknown_provider_suggests_the_nearest() -> None:
    """A typing mistake gets a suggestion."""
    with pytest.raises(ProviderError, match="did you mean"):
        full_name("cdua")


def test_demanded_provider_that_does_not_load_is_an_error(
    model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that fell back to the CPU is refused.

    The runtime is a stand-in that offers a provider and then falls back, as ONNX Runtime does on a
    machine without the device.
    """
    fake = install(monkeypatch, FakeRuntime("ROCMExecutionProvider", loads=False))
    monkeypatch.setattr(openvino_session, "is_installed", lambda: False)
    with pytest.raises(ProviderError, match=r"'rocm' did not load on this machine: .*; use .* cpu"):
        open_session(model, Execution("rocm"))
    assert open_session(model, Execution("auto")).provider == "cpu"
    assert first_choice("auto") == "cpu"
    assert not [call for call in fake.calls if call.startswith("severity")]


def test_missing_runtime_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without onnxruntime the sentence names the extras."""
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(ProviderError, match=r"pip install .*\[cpu"):
        runtime()


@pytest.mark.parametrize("threads", [-1, 100_000])
def test_number_of_threads_is_bounded(threads: int, model: onnx.ModelProto) -> None:
    """Neither a negative number nor more threads than cores reach ONNX Runtime."""
    with pytest.raises(ProviderError, match=rf"^{threads} threads .* give 1 to \d+"):
        open_session(model, Execution("cpu", threads))


def test_runtime_refusal_is_one_sentence(model: onnx.ModelProto) -> None:
    """A model that ONNX Runtime rejects raises our error with its first line."""
    model.graph.node[0].op_type = "NoSuchOperator"
    with pytest.raises(NetworkError, match=r"ONNX Runtime rejects the network: [^\n]*$"):
        open_session(model, Execution("cpu"))


def test_tile_that_does_not_run_is_one_sentence(network: Network) -> None:
    """ONNX Runtime's failure on a tile becomes our error, with the tile's size."""
    session = GradientSession(network, TERMS, Execution("cpu"))
    with pytest.raises(NetworkError, match=r"tile of 9 × 5 pixels: [^\n]*$"):
        session(np.zeros((4, 5, 9), np.float32))


@pytest.mark.skipif(
    "cuda" not in offered() or fault("cuda") is not None,
    reason="no CUDA: install dreamlayer[gpu], and see what `dreamlayer doctor` says",
)
def test_cuda_agrees_with_the_cpu() -> None:
    """The gradient on the GPU has the CPU's direction: cosine ≥ 0.999."""
    terms = [Term("mixed3"), Term("mixed5")]
    tile = RNG.random((3, 200, 200), np.float32)
    _, cpu = GradientSession(Network("inception_v3_mixed5"), terms, Execution("cpu"))(tile)
    _, gpu = GradientSession(Network("inception_v3_mixed5"), terms, Execution("cuda"))(tile)
    cosine = float((cpu * gpu).sum() / np.linalg.norm(cpu) / np.linalg.norm(gpu))
    assert cosine >= 0.999


def test_session_for_one_size_agrees() -> None:
    """On the shipped network, sessions for one size and for any size agree."""
    session = GradientSession(
        Network("inception_v3_mixed5"), [Term("mixed3"), Term("mixed5")], Execution("cpu")
    )
    tile = RNG.random((3, 150, 131), np.float32)
    loss, gradient = session(tile)
    session.specialize((150, 131))
    fixed_loss, fixed = session(tile)
    assert fixed_loss == pytest.approx(loss, rel=1e-6)
    np.testing.assert_allclose(fixed, gradient, atol=1e-5 * np.abs(gradient).max())
    with pytest.raises(NetworkError, match="tile of 131 × 151"):
        session._session.run(("loss",), {"image": np.zeros((1, 3, 151, 131), "f4")})


def test_released_session_opens_again_as_it_was(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the same size, with the same results, once a tile needs it."""
    opened = []
    real = Network.gradient_source

    def noted(self: Network, terms: list[Term], size: tuple[int, int] | None = None) -> Source:
        opened.append(size)
        return real(self, terms, size)

    monkeypatch.setattr(Network, "gradient_source", noted)
    session = GradientSession(network, TERMS, Execution("cpu"))
    session.specialize((10, 12))
    tile = RNG.random((3, 10, 12), np.float32)
    loss, gradient = session(tile)
    session.release()
    session.release()
    assert opened == [None, (10, 12)]
    again, second = session(tile)
    assert opened == [None, (10, 12), (10, 12)]
    assert loss == again
    np.testing.assert_array_equal(gradient, second)


def test_frequent_size_gets_its_own_session(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once enough pixels of one size are expected; another size uses the general session again."""
    change_row(monkeypatch, "cpu", own_size_pays=3 * 10 * 12)
    opened = []
    real = Network.gradient_source

    def noted(self: Network, terms: list[Term], size: tuple[int, int] | None = None) -> Source:
        opened.append(size)
        return real(self, terms, size)

    monkeypatch.setattr(Network, "gradient_source", noted)
    session = GradientSession(network, TERMS, Execution("cpu"))
    tile, other = RNG.random((3, 10, 12), np.float32), RNG.random((3, 12, 10), np.float32)
    session.expect((10, 12), 2 * 10 * 12)
    session(tile)
    assert opened == [None]
    session.expect((10, 12), 10 * 12)
    session(tile)
    assert opened == [None, (10, 12)], "expected pixels of a size were not added up"
    session(other)
    assert opened == [None, (10, 12), None]
    session.reset()
    session.expect((10, 12), 10 * 12)
    assert len(opened) == 3, "what came before `reset` was counted"


def test_dream_does_not_depend_on_the_size_before(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A size without enough pixels does not use a session that is still open for it."""
    change_row(monkeypatch, "cpu", own_size_pays=1000)
    session = GradientSession(network, TERMS, Execution("cpu"))
    session.expect((10, 12), 1000)
    session.reset()
    session.expect((10, 12), 999)
    assert session._size is None
    session.expect((10, 12), 1)
    assert session._size == (10, 12)
    session.expect(None)
    assert session._size is None, "tiles of several sizes use a session for one of them"


def test_failed_session_for_one_size_falls_back(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dream survives the failure of an optional faster session, and does not retry it."""
    change_row(monkeypatch, "cpu", own_size_pays=200)
    real, tried = open_session, []

    def failing(source: Source, *rest: object) -> object:
        if source.identity[-1] is not None:
            tried.append(source)
            raise NetworkError("no room")
        return real(source, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(gradient_session, "open_session", failing)
    session = GradientSession(network, TERMS, Execution("cpu"))
    tile = RNG.random((3, 10, 12), np.float32)
    losses = []
    for _ in range(3):
        session.expect((10, 12), 200)
        losses.append(session(tile)[0])
    assert len(set(losses)) == 1
    assert len(tried) == 1
    with pytest.raises(NetworkError, match="no room"):
        session.specialize((10, 12))
    assert session(tile)[0] == losses[0]


def test_session_is_reopened_after_all_failed(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If no session can be opened, an error is raised; the next tile tries again."""
    change_row(monkeypatch, "cpu", own_size_pays=200)
    session = GradientSession(network, TERMS, Execution("cpu"))
    tile = RNG.random((3, 10, 12), np.float32)
    loss = session(tile)[0]

    for error in (NetworkError("no room"), MemoryError()):

        def failing(*_: object, error: Exception = error) -> object:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(gradient_session, "open_session", failing)
            with pytest.raises(type(error)):
                session.expect((10, 12), 200)
        session.reset()
        assert session(tile)[0] == loss


def test_sessions_for_sizes_use_the_provider_that_loaded(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first choice of `auto` stays, since providers differ slightly in their results."""
    change_row(monkeypatch, "cpu", own_size_pays=200)
    asked = []

    def noted(source: Source, execution: Execution) -> object:
        asked.append(execution.provider)
        return open_session(source, execution.on("cpu"))

    monkeypatch.setattr(gradient_session, "open_session", noted)
    GradientSession(network, TERMS, Execution("auto")).expect((10, 12), 200)
    assert asked == ["auto", "cpu"]


@pytest.mark.parametrize("shares", [False, True])
def test_threads_do_not_spin_beside_a_program_that_needs_the_cores(shares: bool) -> None:
    """An editor's worker leaves the cores while its threads wait for one another."""
    options = sessions._options(runtime(), Execution("cpu", shares_cores=shares))
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

        monkeypatch.setattr(sessions.graph_cache, "store", broken)
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
