"""What ended the process that looked at a network is remembered, where it would do so again."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import network_bombs as bombs
import onnx
import pytest
from network_bases import base

from dreamlayer.core.errors import CancelledError, DreamlayerError, NetworkError
from dreamlayer.core.isolation import budget as budgets
from dreamlayer.core.isolation import process
from dreamlayer.core.isolation.budget import VARIABLE, Budget
from dreamlayer.core.network import refusals, trials
from dreamlayer.core.network.network import Network
from dreamlayer.core.runtime import cache, openvino_session

LIMITS = Budget.for_file(0)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A network's file, with a cache that is empty."""
    monkeypatch.setenv("DREAMLAYER_CACHE", str(tmp_path / "cache"))
    onnx.save(base("conv"), tmp_path / "net.onnx")
    return tmp_path / "net.onnx"


class Ended:
    """In the place of `core.isolation.process.run`: raises what it is told to, and counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        self._error, self.count = error, 0
        monkeypatch.setattr(process, "run", self)

    def __call__(self, *_: Any, **__: Any) -> Any:
        self.count += 1
        raise self._error


AGAIN = {
    "processor time": budgets.too_long(LIMITS),
    "a division by zero": budgets.ended_by(-8, "", LIMITS),
    "an assertion": budgets.ended_by(-6, "Assertion `n > 0' failed.", LIMITS),
    "a wrong address": budgets.ended_by(-11, "", LIMITS),
}
ONCE = {
    "memory": budgets.too_large(LIMITS),
    "time": budgets.too_late(LIMITS),
    "standing still": budgets.standing_still(LIMITS),
    "the kernel": budgets.ended_by(-9, "", LIMITS),
    "a kill": budgets.ended_by(-15, "", LIMITS),
    "a full disk": budgets.ended_by(-7, "", LIMITS),
    "no more threads": budgets.ended_by(-6, "what(): std::system_error", LIMITS),
    "no more processes": budgets.ended_by(-6, "Resource temporarily unavailable", LIMITS),
    "an exit code": budgets.ended_by(3, "", LIMITS),
    "words": NetworkError("it is none"),
    "cancelling": CancelledError("the dream was cancelled"),
}


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("error", AGAIN.values(), ids=AGAIN)
def test_what_repeats_is_tried_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """By whatever name the file goes; the sentence has its name of now, and that it was before."""
    ended = Ended(monkeypatch, error)
    said = []
    for name in ("net.onnx", "other.onnx"):
        path = path.rename(path.parent / name)
        with pytest.raises(NetworkError) as caught:
            Network(str(path))
        said.append(str(caught.value))
    assert ended.count == 1
    now, advice = said[0].replace("net.onnx", "other.onnx").split("; ")
    assert said[1] == f"{now}, as was found within the last day; {advice}"


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("error", ONCE.values(), ids=ONCE)
def test_what_may_pass_is_tried_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """A lack of memory may be the machine's, and words may be of other files."""
    ended = Ended(monkeypatch, error)
    for _ in range(2):
        with pytest.raises(DreamlayerError):
            Network(str(path))
    assert ended.count == 2


def test_other_limits_are_tried(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the sentence advises."""
    ended = Ended(monkeypatch, budgets.too_long(LIMITS))
    for times in ("1", "4", "4"):
        monkeypatch.setenv(VARIABLE, times)
        with pytest.raises(NetworkError, match="DREAMLAYER_LIMITS"):
            Network(str(path))
    assert ended.count == 2


OTHERS = {
    "another processor": (cache, "machine", lambda: "another"),
    "other code": (cache, "digest_of_code", lambda *_: "another"),
    "another ONNX Runtime": (cache, "noted_versions", lambda name: f"{name}-9"),
}


@pytest.mark.parametrize("changed", OTHERS.values(), ids=OTHERS)
def test_another_machine_or_program_tries_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, changed: tuple[Any, str, Any]
) -> None:
    """As where a home lies on several machines, or after an update."""
    ended = Ended(monkeypatch, budgets.too_long(LIMITS))
    for _ in range(2):
        with pytest.raises(NetworkError):
            Network(str(path))
    assert ended.count == 1
    monkeypatch.setattr(*changed)
    for _ in range(2):
        with pytest.raises(NetworkError):
            Network(str(path))
    assert ended.count == 2


def test_the_version_of_openvino_counts_where_it_is_tried(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It computes as well, and may be what ended."""
    ended = Ended(monkeypatch, budgets.too_long(LIMITS))
    counts = []
    for is_there, version in ((False, 1), (False, 2), (True, 1), (True, 1), (True, 2)):
        noted = {
            "onnxruntime": "onnxruntime-1",
            "onnx": "onnx-1",
            "openvino": f"openvino-{version}",
        }
        monkeypatch.setattr(cache, "noted_versions", noted.__getitem__)
        monkeypatch.setattr(openvino_session, "is_installed", lambda there=is_there: there)
        with pytest.raises(NetworkError):
            Network(str(path))
        counts.append(ended.count)
    assert counts == [1, 1, 2, 2, 3]


def test_nothing_is_remembered_of_libraries_without_a_version(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer one could not be told from them."""
    ended = Ended(monkeypatch, budgets.too_long(LIMITS))
    monkeypatch.setattr(cache, "noted_versions", lambda _: "")
    for _ in range(2):
        with pytest.raises(NetworkError):
            Network(str(path))
    assert ended.count == 2


def test_the_key_covers_the_code_that_refuses() -> None:
    """What limits a process, and says how it ended."""
    core = Path(cache.__file__).parents[1]
    covered = {path for pattern in refusals._CODE for path in core.glob(pattern)}
    assert {*core.glob("isolation/*.py"), Path(refusals.__file__)} <= covered


def test_another_content_is_tried(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's name and time mean nothing."""
    ended = Ended(monkeypatch, budgets.too_long(LIMITS))
    for kind in ("conv", "residual"):
        onnx.save(base(kind), path)
        with pytest.raises(NetworkError):
            Network(str(path))
    assert ended.count == 2


def test_it_is_tried_again_after_a_day(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is no judgement for ever; one from the future is none at all."""
    ended = Ended(monkeypatch, budgets.too_long(LIMITS))
    now = time.time()
    for hours in (0, 23, 25, 1):
        monkeypatch.setattr(refusals.time, "time", lambda passed=hours: now + 3600 * passed)
        with pytest.raises(NetworkError):
            Network(str(path))
    assert ended.count == 3


def test_a_file_that_changes_meanwhile_is_not_remembered(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process may have read something else than what has the digest."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    ended = Ended(monkeypatch, budgets.too_long(LIMITS))

    def replaced(*_: object, **__: object) -> None:
        path.write_bytes(b"other")
        ended()

    monkeypatch.setattr(process, "run", replaced)
    for _ in range(2):
        path.write_bytes(content)
        with pytest.raises(NetworkError):
            trials.look(path, digest)
    assert ended.count == 2


def test_weights_in_other_files_are_not_remembered(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file's digest says nothing of them."""
    onnx.save(base("conv"), path, save_as_external_data=True, location="net.data", size_threshold=0)
    ended = Ended(monkeypatch, budgets.too_long(LIMITS))
    for _ in range(2):
        with pytest.raises(NetworkError):
            Network(str(path))
    assert ended.count == 2


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_real_one_is_looked_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that divides INT64_MIN by -1, which ends the process."""
    model = base("conv")
    bombs.divided(model, "Div", -1)
    onnx.save(model, path)
    network = Network(str(path))
    started = []
    run = process.run
    monkeypatch.setattr(process, "run", lambda *all_: started.append(1) or run(*all_))
    for _ in range(2):
        with pytest.raises(NetworkError, match="signal SIGFPE"):
            Network(str(path)).prepare(network.layer_names[-1:])
    assert len(started) == 1
