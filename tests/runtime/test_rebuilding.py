"""A cached model that computes numbers that are not finite is made anew, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest

from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime import graph_cache, openvino_session
from dreamlayer.core.runtime.protocol import Array
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.rebuilding import RebuildingSession
from dreamlayer.core.runtime.sessions import Source, open_session

IMAGE = np.full((1, 3, 32, 32), 0.5, np.float32)


class Answers:
    """A session that gives one array after the other."""

    provider = "cpu"

    def __init__(self, *answers: float) -> None:
        self.answers = [np.array([answer], np.float32) for answer in answers]

    def run(self, _names: Sequence[str], _feeds: Mapping[str, Array]) -> list[Array]:
        """The next one."""
        return [self.answers.pop(0)]


@pytest.mark.parametrize(
    ("cached", "fed", "rebuilt", "wanted"),
    [
        ((1.0, 2.0), 0.0, (), (1.0, 2.0)),
        ((1.0, np.nan), 0.0, (5.0,), (1.0, 5.0)),
        ((np.inf,), 0.0, (5.0, np.nan, 6.0), (5.0, np.nan, 6.0)),
        ((np.nan, 2.0), np.nan, (), (np.nan, 2.0)),
    ],
    ids=["finite", "rebuilt", "once", "the picture's own"],
)
def test_when_it_is_made_anew(
    cached: Sequence[float], fed: float, rebuilt: Sequence[float], wanted: Sequence[float]
) -> None:
    """Only for what the picture cannot explain; what the new model computes is the network's."""
    made: list[int] = []

    def rebuild() -> Answers:
        made.append(1)
        return Answers(*rebuilt)

    session = RebuildingSession(Answers(*cached), rebuild)
    feeds = {"image": np.array([fed], np.float32)}
    found = [session.run(["loss"], feeds)[0][0] for _ in wanted]
    np.testing.assert_array_equal(found, wanted)
    assert len(made) == bool(rebuilt)


@pytest.mark.parametrize("provider", ["cpu", "openvino"])
def test_wrong_graph_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_network: Path, provider: str
) -> None:
    """It has the right name and digest, and is another; the right one takes its place."""
    if provider == "openvino" and not openvino_session.is_installed():
        pytest.skip("no OpenVINO: install dreamlayer[openvino]")
    graph_cache.fill()
    monkeypatch.setenv("DREAMLAYER_CACHE", str(tmp_path))
    right = Network(str(small_network)).gradient_source([Term("deep")])

    def wrong(short: str) -> onnx.ModelProto:
        model = right.make(short)
        for tensor in model.graph.initializer:
            if len(tensor.dims) == 4:
                values = np.full(tuple(tensor.dims), np.inf, np.float32)
                tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
        return model

    execution = Execution(provider)
    bad = open_session(Source(wrong, right.identity), execution)
    assert not np.isfinite(bad.run(["gradient"], {"image": IMAGE})[0]).all()
    graph_cache.fill()
    wanted = open_session(Source(right.make), execution).run(["gradient"], {"image": IMAGE})[0]
    for _ in range(2):
        session = open_session(right, execution)
        found = session.run(["gradient"], {"image": IMAGE})[0]
        assert session.provider == provider
        np.testing.assert_array_equal(found, wanted)
        graph_cache.fill()
