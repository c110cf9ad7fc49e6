"""The networks that the benchmark measures: those that ship, and torchvision's families."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from bench.errors import BenchError, UnavailableError
from bench.measure.agreement import compare
from bench.measure.serving import picture
from bench.measure.workers import ROOT, Worker
from bench.peers.families import FAMILIES, family, write
from bench.peers.sources import NetworkSource
from bench.peers.subjects import DEFAULT, NAMES, SHIPPED, at, families
from bench.peers.table import Entry, Setting, load
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.presets import DEFAULT_PRESET, preset

SIDE = 107


def need_torchvision() -> None:
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("needs torchvision: pip install 'dreamlayer[bench]'")


def written(folder: Path, name: str) -> str:
    """Write one family by the command, and return what it says."""
    command = [sys.executable, "-m", "bench.peers.families", str(folder), name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", [one.name for one in FAMILIES])
def test_families_are_adopted_and_agree_with_torchvision(name: str, tmp_path: Path) -> None:
    """The network file and the module have the same weights, so the same gradient."""
    need_torchvision()
    written(tmp_path, name)
    (subject,) = families(tmp_path, [name])
    ours = load("bench.peers.own:cpu")(NetworkSource(subject), Setting())(picture(SIDE))
    for way in ("channels_last", "folded"):
        # In a process of its own, as not all frameworks get on in one.
        with Worker(Entry(way, f"bench.peers.torch:{way}")) as worker:
            worker.ask("open", subject)
            theirs = worker.ask("gradient", SIDE)
        found = compare(way, SIDE, ours, theirs, random=True)
        assert found.holds, found


def test_families_are_written_once(tmp_path: Path) -> None:
    """A second run with the same versions finds the files."""
    need_torchvision()
    assert "squeezenet1_1.onnx: layers middle and late" in written(tmp_path, "squeezenet1_1")
    path = tmp_path / "squeezenet1_1.onnx"
    before = path.stat().st_mtime_ns
    written(tmp_path, "squeezenet1_1")
    assert path.stat().st_mtime_ns == before


def test_families_without_torchvision_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing, in one sentence; nothing is written."""
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(UnavailableError, match="torchvision is not installed"):
        write(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()


def test_unknown_family_is_refused_with_those_there_are() -> None:
    """A typing error is answered by the list."""
    with pytest.raises(BenchError, match=r"there is no family 'alexnet'; known are resnet50, .*"):
        family("alexnet")


def test_subjects_are_two_networks_that_ship_and_eight_families(tmp_path: Path) -> None:
    """The names of the command line, with layers that are there."""
    assert len(FAMILIES) == 8
    assert NAMES[:2] == ("default", "inception")
    assert DEFAULT.terms == preset(DEFAULT_PRESET).layers
    for subject in SHIPPED:
        Network(subject.network).check(subject.terms)
    assert {one.folder for one in families(tmp_path, NAMES[2:])} == {tmp_path}
    assert at(DEFAULT, [64]).sides == (64,)
    assert at(DEFAULT, []) == DEFAULT
