"""Worker processes of the benchmark, and measuring in turn, with peers that compute nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from bench.errors import BenchError, UnavailableError
from bench.measure import serving
from bench.measure.agreement import compare
from bench.measure.gradients import measure
from bench.measure.peak import best, measure_peaks
from bench.measure.serving import picture
from bench.measure.workers import Worker
from bench.peers.own import cpu
from bench.peers.sources import NetworkSource
from bench.peers.table import CPU, HALF, Entry, Setting
from dreamlayer.core.recipe.term import Term

SIDE = 107
TERMS = (Term("mixed3"), Term("mixed5"))
GOOD = Entry("good", "fake_bench:good", provider="cpu")
OTHER = Entry("other", "fake_bench:other")
UNABLE = Entry("unable", "fake_bench:unable", Setting(device="cuda"))


@pytest.fixture(autouse=True)
def _fakes_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "support"))


def test_worker_computes_as_its_peer_does() -> None:
    """The gradient that comes out of a worker process is that of the peer in this one."""
    with Worker(CPU[0], TERMS) as worker:
        there = worker.ask("gradient", SIDE)
        assert worker.ask("version").startswith("onnxruntime ")
    here = cpu(NetworkSource(TERMS), Setting())(picture(SIDE))
    assert compare("here", SIDE, there, here).holds


def test_worker_hands_errors_over() -> None:
    """What goes wrong inside a worker arrives as one sentence with the peer's label."""
    with Worker(CPU[0], TERMS) as worker, pytest.raises(BenchError, match=r"^dreamlayer, .+: .+"):
        worker.ask("gradient", 2)


def test_worker_may_have_another_interpreter() -> None:
    """Each row can run in an environment of its own; one that is not there is left out."""
    with Worker(Entry("good", "fake_bench:good", python=sys.executable), TERMS) as worker:
        assert worker.ask("version") == "fake 1.0"
    with pytest.raises(UnavailableError, match="'no-such-python' cannot be started"):
        Worker(Entry("good", "fake_bench:good", python="no-such-python"), TERMS)


def test_what_a_framework_prints_does_not_disturb() -> None:
    """Notes on the standard output do not come between the answers."""
    with Worker(Entry("chatty", "fake_bench:chatty"), TERMS) as worker:
        assert worker.ask("gradient", 3)[1].shape == (3, 3, 3)


@pytest.mark.parametrize(
    ("make", "kind", "sentence"),
    [
        ("absent", UnavailableError, r"^row: not installed \(No module named 'no_such_framework'"),
        ("unable", UnavailableError, r"^row: there is no NVIDIA GPU"),
        ("broken", BenchError, r"^row: does not know Tanh$"),
        ("dying", BenchError, r"row ended by itself \(exit code 3; .*\): it went wrong$"),
    ],
)
def test_peer_that_cannot_be_made(make: str, kind: type[BenchError], sentence: str) -> None:
    """Missing frameworks and devices are told from what is broken."""
    with pytest.raises(BenchError, match=sentence) as caught:
        Worker(Entry("row", f"fake_bench:{make}"), TERMS)
    assert type(caught.value) is kind


def test_measuring_leaves_out_what_cannot_be_compared() -> None:
    """Who is missing or computes something else gets a reason, all others get numbers."""
    compiling = Entry("compiling", "fake_bench:compiling")
    found = measure([GOOD, OTHER, UNABLE, compiling], TERMS, [8], 1)
    assert found.labels == ["good", "other", "unable", "compiling"]
    assert list(found.gradients[0].seconds) == ["good"]
    assert found.missing["compiling"] == "RuntimeError: the compiler went wrong"
    assert found.missing["unable"] == "there is no NVIDIA GPU"
    assert found.missing["other"].startswith("it differs from ours on 8 × 8")


def test_measuring_gives_each_a_number_a_round() -> None:
    """Two rounds, two numbers; the first of our own rows is what is divided by."""
    twin = Entry("twin", "fake_bench:good")
    found = measure([GOOD, twin], TERMS, [8], 2)
    (gradient,) = found.gradients
    assert found.step is not None
    for measured in (gradient, found.step):
        assert {label: len(row) for label, row in measured.seconds.items()} == {
            "good": 2,
            "twin": 2,
        }
    assert found.ours == ["good"]
    assert found.versions == {"good": "fake 1.0", "twin": "fake 1.0"}
    assert found.memory.keys() == {"good", "twin"}


def test_measuring_without_a_device_is_one_sentence() -> None:
    """Where our own first row cannot run, such as without a GPU, it says what is missing."""
    with pytest.raises(
        BenchError, match=r"^nothing can be measured: unable: there is no NVIDIA GPU"
    ):
        measure([UNABLE, GOOD], TERMS, [8], 1)


def test_our_steps_tell_what_is_not_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The share of roll, smoothing and update is measured where the loop is ours."""
    monkeypatch.setattr(serving, "STEP_SIDE", 256)
    bench = serving.Bench(cpu(NetworkSource(TERMS), Setting()), TERMS)
    assert bench.overhead() is None
    assert bench.time_steps(1) > 0
    share = bench.overhead()
    assert share is not None
    assert 0 < share < 1


def test_peak_is_the_fastest_of_all_turns() -> None:
    """Two cubed sides operations, over the time of the fastest."""
    sides = []

    def multiply(side: int) -> object:
        sides.append(side)
        a = np.ones((side, side), np.float32)
        return lambda: a @ a

    assert best(multiply, (8, 16)) > 0
    assert sides == [8, 16]


def test_peaks_are_asked_for_once_a_library_and_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several rows of PyTorch in one precision need one peak; what is not there has none."""
    asked = []

    def measured(library: str, python: str, setting: Setting) -> float | None:
        asked.append((library, python, setting.precision))
        return None if library == "numpy" else 2e9

    monkeypatch.setattr("bench.measure.peak._measured", measured)
    torches = [row for row in CPU if row.group == "torch"]
    assert measure_peaks([CPU[0], *torches]) == {("float32", "torch"): 2e9, (HALF, "torch"): 2e9}
    assert asked == [("numpy", "", "float32"), ("torch", "", "float32"), ("torch", "", HALF)]
