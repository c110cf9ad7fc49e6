"""The benchmark: every peer computes what ours does, and numbers become the right report."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import TensorProto, helper

from bench import __main__ as command
from bench import measuring
from bench.errors import BenchError, NotInstalledError
from bench.measuring import Agreement, Measure, Results
from bench.own_peer import OwnPeer
from bench.peers import OURS, Entry, Peer
from bench.plan import Plan, plan_of, refuse_unknown
from bench.report import Machine, median_ratio, report
from bench.workers import Worker, picture
from core.gradient import IMAGE
from core.network import Network
from core.term import Term

SIDE = 107
TERMS = (Term("mixed3"), Term("mixed5"))
MIXED_TERMS = (
    Term("mixed5", -0.5, (3, 700)),
    Term("conv2d_3", 2.0, kind="mean"),
    Term("batch_normalization_1", 1.0, (5,)),
)


@pytest.fixture(scope="module")
def network() -> Network:
    return Network()


def agreement(network: Network, terms: Sequence[Term], peer: Peer) -> Agreement:
    tile = picture(SIDE)
    return measuring.compare("a peer", SIDE, OwnPeer(network, terms)(tile), peer(tile))


@pytest.mark.parametrize("terms", [TERMS, MIXED_TERMS], ids=["default", "mixed"])
@pytest.mark.parametrize("channels_last", [False, True], ids=["nchw", "channels_last"])
def test_torch_agrees_with_ours(
    network: Network, terms: Sequence[Term], channels_last: bool
) -> None:
    """Eager PyTorch gives our objective and gradient, also for layers that Relu follows."""
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'dreamlayer[bench]'")
    from bench.torch_peer import TorchPeer

    peer = TorchPeer(plan_of(network.model, terms), channels_last=channels_last)
    found = agreement(network, terms, peer)
    assert found.holds, found


@pytest.mark.parametrize("terms", [TERMS, MIXED_TERMS], ids=["default", "mixed"])
def test_tensorflow_agrees_with_ours(network: Network, terms: Sequence[Term]) -> None:
    """TensorFlow gives our objective and gradient, with its channels last."""
    pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install 'dreamlayer[bench]'")
    from bench.tensorflow_peer import TensorFlowPeer

    found = agreement(network, terms, TensorFlowPeer(plan_of(network.model, terms)))
    assert found.holds, found


def test_peer_gradients_suit_the_ascent(network: Network) -> None:
    """What a peer hands to the ascent is float32, planar, contiguous and may be written to."""
    pytest.importorskip("torch", reason="needs PyTorch: pip install 'dreamlayer[bench]'")
    from bench.torch_peer import TorchPeer

    peer = TorchPeer(plan_of(network.model, TERMS), channels_last=True)
    _, gradient = peer(picture(SIDE))
    assert gradient.dtype == np.float32
    assert gradient.shape == (3, SIDE, SIDE)
    assert gradient.flags.c_contiguous
    assert gradient.flags.writeable


def test_plan_needs_no_tensor_that_was_dropped(network: Network) -> None:
    """Each step finds its inputs, and in the end only the tapped layers are left."""
    plan = plan_of(network.model, TERMS)
    there = {IMAGE}
    for step in plan.steps:
        assert set(step.inputs) <= there | set(plan.constants)
        there.difference_update(step.drops)
        there.add(step.output)
    assert there == {"mixed3", "mixed5"}


def test_plan_evaluates_the_compressed_kernels(network: Network) -> None:
    """Weights are float32 numbers; nothing of their compressed form is left to the peers."""
    plan = plan_of(network.model, TERMS)
    stored = {t.name: onnx.numpy_helper.to_array(t) for t in network.model.graph.initializer}
    parts = (f"conv2d/kernel/{part}" for part in ("codes", "scale", "minimum"))
    codes, scale, minimum = (stored[part] for part in parts)
    np.testing.assert_array_equal(
        plan.constants["conv2d/kernel"], codes.astype(np.float32) * scale + minimum
    )
    assert {value.dtype for value in plan.constants.values()} == {np.dtype(np.float32)}
    assert "Cast" not in {step.op for step in plan.steps}


def test_unknown_operator_is_refused_by_name() -> None:
    """A network that a peer cannot carry out is refused before anything runs."""
    graph = helper.make_graph(
        [helper.make_node("Tanh", [IMAGE], ["bent"])],
        "small",
        [helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, [1, 3, 4, 4])],
        [helper.make_tensor_value_info("bent", TensorProto.FLOAT, [1, 3, 4, 4])],
    )
    plan = plan_of(helper.make_model(graph), [Term("bent")])
    assert plan == Plan({}, plan.steps, (Term("bent"),))
    with pytest.raises(BenchError, match=r"the PyTorch peer does not know Tanh \('bent'\)"):
        refuse_unknown(plan, ["Relu"], "PyTorch")


@pytest.mark.parametrize(
    "theirs",
    [
        (1.001, np.ones((3, 2, 2), np.float32)),
        (1.0, np.arange(12, dtype=np.float32).reshape(3, 2, 2)),
        (math.nan, np.ones((3, 2, 2), np.float32)),
        (1.0, np.full((3, 2, 2), math.nan, np.float32)),
    ],
    ids=["loss", "gradient", "loss-nan", "gradient-nan"],
)
def test_disagreement_stops_the_benchmark(theirs: tuple[float, npt.NDArray[np.float32]]) -> None:
    """A peer that computes something else is named, and its time is never taken."""
    ours = 1.0, np.ones((3, 2, 2), np.float32)
    measuring.demand_agreement([measuring.compare("same", 2, ours, ours)])
    with pytest.raises(BenchError, match=r"^other does not compute what ours does on 2 × 2"):
        measuring.demand_agreement([measuring.compare("other", 2, ours, theirs)])


def test_missing_framework_is_told_before_a_process_starts() -> None:
    """A framework that is not there is an error of its own, which the report turns into a row."""
    absent = Entry("Absent", "no_such_framework", OURS.make)
    with pytest.raises(NotInstalledError, match="no_such_framework is not installed"):
        Worker(absent, TERMS)


def test_worker_computes_as_its_peer_does(network: Network) -> None:
    """The gradient that comes out of a worker process is that of the peer in this one."""
    with Worker(OURS, TERMS, 1) as worker:
        loss, gradient = worker.ask("gradient", SIDE)
        assert worker.ask("version").startswith("onnxruntime ")
    own = measuring.compare("here", SIDE, (loss, gradient), OwnPeer(network, TERMS)(picture(SIDE)))
    assert own.holds, own


def test_worker_hands_errors_over() -> None:
    """What goes wrong inside a worker arrives as one sentence with the peer's label."""
    with Worker(OURS, TERMS, 1) as worker, pytest.raises(BenchError, match=r"^dreamlayer: .+"):
        worker.ask("gradient", 2)


def test_ratio_is_taken_within_rounds() -> None:
    """A round in which the machine was slow for all does not move the ratio."""
    assert median_ratio([2.0, 20.0, 3.0], [1.0, 10.0, 2.0]) == 2.0


RESULTS = Results(
    versions={"dreamlayer": "onnxruntime 1.20.0", "Other": "other 2.0"},
    missing={"Absent": "Absent: absent is not installed"},
    agreements=[Agreement("Other", 299, 1.2e-7, 0.99999999)],
    measures=[
        Measure(
            "Seconds per gradient, tile of 299 × 299",
            {"dreamlayer": [0.1, 0.2, 0.1], "Other": [0.15, 0.3, 0.25]},
        )
    ],
    memory={"dreamlayer": 300 * 2**20, "Other": None},
)
MACHINE = Machine("A processor", 2, "Linux x86_64, Python 3.11.7")


def test_report_shows_medians_ranges_ratios_and_what_is_missing() -> None:
    """The tables hold these very numbers, ours first, missing frameworks last."""
    text = report(RESULTS, MACHINE, ["mixed3", "mixed5"], threads=2, rounds=3)
    times = """\
|  | median | range | ratio to ours |
| --- | ---: | ---: | ---: |
| dreamlayer | 0.100 | 0.100 to 0.200 | 1.00 |
| Other | 0.250 | 0.150 to 0.300 | 1.50 |
| Absent | not installed | – | – |
"""
    memory = """\
|  | MiB |
| --- | ---: |
| dreamlayer | 300 |
| Other | not known |
| Absent | not installed |
"""
    assert times in text
    assert memory in text
    assert "| Other | 299 × 299 | 1.2e-07 | 0.99999999 |" in text
    assert "- Machine: A processor, 2 cores; Linux x86_64, Python 3.11.7\n" in text
    assert "- Versions: onnxruntime 1.20.0, other 2.0\n" in text
    assert "- Objective: mixed3 + mixed5 on the default network\n- 2 threads each, 3 rounds" in text


def test_report_without_others_has_ours_alone() -> None:
    """Where no other framework is installed, nothing is said of agreement."""
    alone = dataclasses.replace(RESULTS, agreements=[])
    text = report(alone, MACHINE, ["mixed3"], threads=1, rounds=1)
    assert "Do all compute the same?" not in text
    assert "- 1 thread each, 1 round\n" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--layer", "mixed99"], "no layer 'mixed99'"),
        (["--size", "512", "8"], "--size 8 is too small"),
        (["--rounds", "0"], "--rounds must be at least 1"),
        (["--threads", "-1"], "--threads must be at least 1"),
        (["--output", "no/such/folder/report.md"], "does not exist"),
    ],
)
def test_command_refuses_before_it_measures(
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bad options get one sentence and exit code 2, at once."""
    monkeypatch.setattr(command, "measure", lambda *_, **__: pytest.fail("it measured"))
    assert command.main(arguments) == 2
    assert sentence in capsys.readouterr().err


def test_command_prints_and_writes_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--output` gets what the terminal shows."""
    monkeypatch.setattr(command, "measure", lambda *_, **__: RESULTS)
    path = tmp_path / "report.md"
    assert command.main(["--layer", "mixed4:0.5", "--output", str(path)]) == 0
    shown = capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == shown
    assert "- Objective: mixed4:0.5 on the default network" in shown
