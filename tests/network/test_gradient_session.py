"""Gradients of tiles: a session for any size, and others for frequent ones, which agree."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from provider_rows import change_row

import dreamlayer.core.network.gradient_session as gradient_session
from dreamlayer.core.errors import NetworkError
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.protocol import Session
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import Source, open_session

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


def test_tile_that_does_not_run_is_one_sentence(network: Network) -> None:
    """ONNX Runtime's failure on a tile becomes our error, with the tile's size."""
    session = GradientSession(network, TERMS, Execution("cpu"))
    with pytest.raises(NetworkError, match=r"tile of 9 × 5 pixels: [^\n]*$"):
        session(np.zeros((4, 5, 9), np.float32))


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


PADDED_POOLS = """{
    a = Conv<pads=[1,1,1,1]>(image, w)
    p = POOL<kernel_shape=[2,2], strides=[2,2], pads=[1,1,1,1], ceil_mode=1 MORE>(a)
    b = Conv<pads=[1,1,1,1]>(p, v)
    target = Shape(p)
    up = Resize<mode="nearest">(b, , , target)
    y = Add(up, p)
}"""


@pytest.mark.parametrize(
    ("pool", "more"),
    [("MaxPool", ""), ("AveragePool", ""), ("AveragePool", ", count_include_pad=1")],
)
@pytest.mark.parametrize("side", [93, 94])
def test_windows_in_the_padding_do_not_stop_a_session_for_one_size(
    tmp_path: Path, pool: str, more: str, side: int
) -> None:
    """Runtimes drop a last window that lies in the padding, and count it when they fold sizes."""
    model = onnx.parser.parse_model(
        '<ir_version: 9, opset_import: ["" : 19]> '
        "m (float[batch,3,height,width] image) => (float[n,c,h,l] y) "
        "<float[4,3,3,3] w, float[4,4,3,3] v> "
        + PADDED_POOLS.replace("POOL", pool).replace("MORE", more)
    )
    for name, channels in (("w", 3), ("v", 4)):
        values = RNG.standard_normal((4, channels, 3, 3)).astype(np.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(values, name))
    path = tmp_path / "pools.onnx"
    onnx.save(model, path)
    session = GradientSession(Network(str(path)), [Term("y")], Execution("cpu"))
    tile = RNG.random((3, side, side), np.float32)
    loss, gradient = session(tile)
    session.specialize((side, side))
    fixed_loss, fixed = session(tile)
    assert session._size == (side, side)
    assert fixed_loss == pytest.approx(loss, rel=1e-6)
    np.testing.assert_allclose(fixed, gradient, atol=1e-5 * np.abs(gradient).max())


def test_a_session_for_one_size_that_fails_gives_way(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session for any size takes over, for the rest of the dream."""
    session = GradientSession(network, TERMS, Execution("cpu"))
    tile = RNG.random((3, 12, 12), np.float32)
    expected = session(tile)
    session.specialize((12, 12))

    kind, runs = type(session._session), []
    real = kind.run

    def fails_once(self: Session, names: Sequence[str], feeds: dict[str, np.ndarray]) -> object:
        runs.append(names)
        if len(runs) == 1:
            raise NetworkError("the network failed on a tile")
        return real(self, names, feeds)

    monkeypatch.setattr(kind, "run", fails_once)
    loss, gradient = session(tile)
    assert session._size is None
    assert loss == expected[0]
    np.testing.assert_array_equal(gradient, expected[1])
    session.expect((12, 12), 10**9)
    assert session._size is None
