"""Worker processes of the benchmark, and measuring in turn, with peers that compute nothing."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.errors import BenchError, UnavailableError
from bench.measure.agreement import RANDOM_REDUCED, compare
from bench.measure.gradients import measure
from bench.measure.peak import best, measure_peaks
from bench.measure.serving import picture
from bench.measure.workers import Worker
from bench.peers.own import cpu
from bench.peers.sources import NetworkSource
from bench.peers.subjects import DEFAULT, INCEPTION, Subject
from bench.peers.table import CPU, HALF, Entry, Setting

SIDE = 107
SUBJECT = replace(INCEPTION, sides=(8,))
GOOD = Entry("good", "fake_bench:good", provider="cpu")
OTHER = Entry("other", "fake_bench:other")
UNABLE = Entry("unable", "fake_bench:unable", Setting(device="cuda"))


@pytest.fixture(autouse=True)
def _fakes_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "support"))


def opened(entry: Entry, stack: ExitStack) -> Worker:
    """A worker with the subject open."""
    worker = stack.enter_context(Worker(entry))
    worker.ask("open", SUBJECT)
    return worker


def test_worker_computes_as_its_peer_does() -> None:
    """The gradient that comes out of a worker process is that of the peer in this one."""
    with Worker(CPU[0]) as worker:
        assert worker.ask("open", SUBJECT).startswith("onnxruntime ")
        there = worker.ask("gradient", SIDE)
    here = cpu(NetworkSource(SUBJECT), Setting())(picture(SIDE))
    assert compare("here", SIDE, there, here).holds


def test_worker_hands_errors_over_and_goes_on() -> None:
    """What goes wrong arrives as one sentence with the peer's label; the next request is served."""
    with ExitStack() as stack:
        worker = opened(CPU[0], stack)
        with pytest.raises(BenchError, match=r"^dreamlayer, .+: .+"):
            worker.ask("gradient", 2)
        assert worker.ask("gradient", SIDE)[1].shape == (3, SIDE, SIDE)


def test_worker_goes_from_network_to_network() -> None:
    """One process serves one subject after the other."""
    with Worker(CPU[0]) as worker:
        losses = []
        for subject in (INCEPTION, DEFAULT):
            worker.ask("open", subject)
            losses.append(worker.ask("gradient", SIDE)[0])
        worker.ask("open", INCEPTION)
        assert losses[0] != losses[1]
        assert worker.ask("gradient", SIDE)[0] == losses[0]


def test_worker_without_a_network_says_so() -> None:
    """A gradient before anything is open is an error of one sentence."""
    with Worker(GOOD) as worker, pytest.raises(BenchError, match=r"^good: no network is open$"):
        worker.ask("gradient", 8)


def test_worker_may_have_another_interpreter() -> None:
    """Each row can run in an environment of its own; one that is not there is left out."""
    with Worker(Entry("good", "fake_bench:good", python=sys.executable)) as worker:
        assert worker.ask("open", SUBJECT) == "fake 1.0"
    with pytest.raises(UnavailableError, match="'no-such-python' cannot be started"):
        Worker(Entry("good", "fake_bench:good", python="no-such-python"))


def test_what_a_framework_prints_does_not_disturb() -> None:
    """Notes on the standard output do not come between the answers."""
    with ExitStack() as stack:
        worker = opened(Entry("chatty", "fake_bench:chatty"), stack)
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
    entry = Entry("row", f"fake_bench:{make}")
    with ExitStack() as stack, pytest.raises(BenchError, match=sentence) as caught:
        opened(entry, stack)
    assert type(caught.value) is kind


def test_module_that_is_not_installed_is_unavailable() -> None:
    """The framework is imported when the process starts, and may be missing."""
    with pytest.raises(UnavailableError, match=r"^row: not installed"):
        Worker(Entry("row", "no_such_module:make"))


def test_measuring_leaves_out_what_cannot_be_compared() -> None:
    """Who is missing or computes something else gets a reason, all others get numbers."""
    compiling = Entry("compiling", "fake_bench:compiling")
    found = measure([GOOD, OTHER, UNABLE, compiling], [SUBJECT], 1)
    assert found.missing == {"unable": "there is no NVIDIA GPU"}
    (measured,) = found.measures
    assert list(measured.seconds) == ["good"]
    assert measured.failed["compiling"] == "RuntimeError: the compiler went wrong"
    assert measured.failed["other"].startswith("it differs from ours on 8 × 8")
    assert measured.agreements["other"].loss_error == 1.0


def test_measuring_gives_each_a_number_a_round_on_each_size() -> None:
    """Two rounds, two numbers, for both sizes of tile."""
    twin = Entry("twin", "fake_bench:good")
    found = measure([GOOD, twin], [replace(SUBJECT, sides=(8, 16))], 2)
    assert [one.side for one in found.measures] == [8, 16]
    for measured in found.measures:
        assert {label: len(row) for label, row in measured.seconds.items()} == {
            "good": 2,
            "twin": 2,
        }
        assert measured.operations > 0
    assert found.versions == {"good": "fake 1.0", "twin": "fake 1.0"}
    assert found.memory.keys() == {"good", "twin"}


def test_network_that_a_row_does_not_know_is_a_reason_for_it_alone() -> None:
    """The other networks are measured in that row all the same."""
    picky = Entry("picky", "fake_bench:picky")
    found = measure([GOOD, picky], [replace(DEFAULT, sides=(8,)), SUBJECT], 1)
    first, second = found.measures
    assert first.seconds.keys() == {"good", "picky"}
    assert second.seconds.keys() == {"good"}
    assert second.failed == {"picky": "does not know Concat"}


def test_process_that_ends_is_a_reason_for_its_row() -> None:
    """A framework that takes its process down leaves the others measured."""
    found = measure([GOOD, Entry("failing", "fake_bench:failing")], [SUBJECT], 1)
    (measured,) = found.measures
    assert list(measured.seconds) == ["good"]
    assert "ended by itself (exit code 3" in measured.failed["failing"]


def test_rows_that_compile_do_so_for_the_first_size() -> None:
    """Each further size takes minutes, so that it has to be asked for."""
    compiling = Entry("compiling", "fake_bench:good", compiles=True)
    subject = replace(SUBJECT, sides=(8, 16))
    found = measure([GOOD, compiling], [subject], 1)
    assert [list(one.seconds) for one in found.measures] == [["good", "compiling"], ["good"]]
    found = measure([GOOD, compiling], [subject], 1, all_rows=True)
    assert [len(one.seconds) for one in found.measures] == [2, 2]


def test_families_are_for_rows_that_know_them() -> None:
    """A row of the shipped networks is not missing there, and random weights may be further off."""
    shipped = Entry("shipped", "fake_bench:good", families=False)
    near = Entry("near", "fake_bench:near", Setting(precision=HALF))
    family = Subject("resnet50", INCEPTION.network, INCEPTION.terms, (8,), Path())
    (measured,) = measure([GOOD, shipped, near], [family], 1).measures
    assert measured.family
    assert list(measured.seconds) == ["good", "near"]
    assert measured.failed == {}
    assert measured.agreements["near"].limits == RANDOM_REDUCED


def test_comparing_without_timing() -> None:
    """Whole pictures need to know who computes something else; nothing compiles for that."""
    compiling = Entry("compiling", "fake_bench:compiling", compiles=True)
    (measured,) = measure([GOOD, OTHER, compiling], [SUBJECT], 0).measures
    assert measured.seconds == {"good": []}
    assert list(measured.failed) == ["other"]


def test_measuring_without_a_device_is_one_sentence() -> None:
    """Where our own first row cannot run, such as without a GPU, it says what is missing."""
    with pytest.raises(
        BenchError, match=r"^nothing can be measured: unable: there is no NVIDIA GPU"
    ):
        measure([UNABLE, GOOD], [SUBJECT], 1)


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
