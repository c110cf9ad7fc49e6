"""Networks that somebody made to do harm: one sentence, in time, and the worker lives on."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import network_bombs as bombs
import network_lies as lies
import network_trial
import numpy as np
import onnx
import psutil
import pytest
from forked_program import ForkedProgram
from network_bases import LAYER, base
from network_mutation import hostile
from network_trial import PATIENCE as LONGEST
from network_trial import commands, put, tried, wrong
from onnx import helper, numpy_helper
from outcomes import faults
from worker_process import PATIENCE, SMALL, Client

SEED = 16
SHORT, LONG = 14, 300

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def test_a_hostile_network_is_the_same_for_the_same_seed_and_number() -> None:
    """What failed can be made again."""
    assert hostile(SEED, 3).files == hostile(SEED, 3).files
    assert len({hostile(SEED, number).how for number in range(60)}) > 15


def test_networks_that_are_changed_more_than_once_are_made() -> None:
    """A change of weights that another change had made unreadable ended the run."""
    assert all(hostile(SEED, number).files for number in range(LONG))


def test_hostile_networks_end_in_words(program: ForkedProgram, tmp_path: Path, long: bool) -> None:
    """Every command that opens a network, and a worker: no traceback, no signal, no hang."""
    numbers = range(LONG if long else SHORT)
    made = list(tried(program, tmp_path, {n: hostile(SEED, n) for n in numbers}))
    failed = [str(trial) for trial in made if trial.faults]
    assert not failed, "\n".join(failed)
    assert {trial.used for trial in made} == {True, False}


def _bomb(bomb: bombs.Bomb, seed: int = 0) -> Callable[[onnx.ModelProto], None]:
    return lambda model: bomb(model, Random(seed))


def _layers(text: str) -> Callable[[onnx.ModelProto], None]:
    def change(model: onnx.ModelProto) -> None:
        del model.metadata_props[:]
        model.metadata_props.add(key="dreamlayer.layers", value=text)

    return change


def _multiple(model: onnx.ModelProto) -> None:
    model.metadata_props.add(key="dreamlayer.size_multiple", value="9" * 5000)


def _group(model: onnx.ModelProto) -> None:
    model.graph.node[0].attribute.append(helper.make_attribute("group", 0))


def _size(model: onnx.ModelProto) -> None:
    node = next(one for one in model.graph.node if one.op_type == "LRN")
    next(one for one in node.attribute if one.name == "size").i = 0


def _no_inputs(model: onnx.ModelProto) -> None:
    del model.graph.node[0].input[:]


def _no_rows(model: onnx.ModelProto) -> None:
    """A constant map without rows, which a convolution reads."""
    empty = np.zeros((1, 3, 0, 8), np.float32)
    model.graph.initializer.append(numpy_helper.from_array(empty, "no_rows"))
    conv = helper.make_node("Conv", ["no_rows", "w1"], ["empty"], pads=[0, 0, 0, 0])
    mean = helper.make_node("ReduceMean", ["empty"], ["nothing"], keepdims=0)
    last = model.graph.node.pop()
    add = helper.make_node("Add", [last.output[0] + "_", "nothing"], [last.output[0]])
    last.output[0] += "_"
    model.graph.node.extend([conv, mean, last, add])


NAMED = {
    "a convolution of an empty map": ("conv", _no_rows),
    "INT64_MIN / -1": ("conv", lambda model: bombs.divided(model, "Div", -1)),
    "INT64_MIN / 0": ("conv", lambda model: bombs.divided(model, "Div", 0)),
    "the remainder by -1": ("conv", lambda model: bombs.divided(model, "Mod", -1)),
    "the remainder by 0": ("conv", lambda model: bombs.divided(model, "Mod", 0)),
    "functions that double": ("conv", _bomb(bombs.doubling_functions)),
    "20,000 nodes in a chain": ("conv", _bomb(bombs.long_chain)),
    "as many nodes as are allowed": ("conv", _bomb(bombs.allowed_chain)),
    "a sum that doubles sixty times": ("residual", _bomb(bombs.doubling_chain)),
    "channels that double forty times": ("conv", _bomb(bombs.growing_concat)),
    "a loop of 2^62 rounds over the image": ("conv", _bomb(bombs.endless_loop, 1)),
    "a loop of 2^62 rounds over nothing": ("conv", _bomb(bombs.endless_loop)),
    "deep JSON": ("conv", _layers("[" * 100_000)),
    "5000 digits": ("conv", _multiple),
    "group 0": ("conv", _group),
    "LRN of size 0": ("pool", _size),
    "a convolution without inputs": ("conv", _no_inputs),
    "a function that calls itself": ("conv", _bomb(bombs.recursive_function)),
    "functions that call one another": ("conv", _bomb(bombs.recursive_function, 1)),
    "a name of 300,000 characters": ("conv", lambda model: lies.rename(model, "n" * 300_000)),
    "a hundred thousand layers": ("conv", _layers(str([f"l{n}" for n in range(100_000)]))),
    **{f"memory bomb {seed}": ("conv", _bomb(bombs.memory_bomb, seed)) for seed in range(8)},
}


@pytest.mark.parametrize("source", [False, True], ids=["network file", "foreign file"])
@pytest.mark.parametrize("name", NAMED)
def test_f3_each_named_fault(program: ForkedProgram, folder: Path, name: str, source: bool) -> None:
    """Each ended a program by a signal or a traceback, or never ended."""
    kind, change = NAMED[name]
    model = base(kind)
    if source:
        del model.metadata_props[:]
    change(model)
    onnx.save(model, folder / "bad.onnx")
    words = commands("bad.onnx")
    for command in ("adopt",) if source else ("layers", "dream"):
        ran = program.run(*words[command], cwd=folder, seconds=LONGEST)
        assert wrong(ran) == [], (command, ran.errors)


@pytest.mark.skipif(os.name != "posix", reason="files with holes take room on Windows")
def test_f3_three_gigabytes_of_holes(program: ForkedProgram, folder: Path) -> None:
    """A sparse file of 3 GiB, as a network, was read before it was refused."""
    with (folder / "holes.onnx").open("wb") as file:
        file.truncate(3 << 30)
    for words in commands("holes.onnx").values():
        if "adopted.onnx" in words[:2]:
            continue
        ran = program.run(*words, cwd=folder)
        assert faults(ran) == []
        assert ran.code == 2
        assert ran.peak < 300 << 20


def test_f3_a_gallery_of_a_long_name_ends(program: ForkedProgram, folder: Path) -> None:
    """A layer's name of 300,000 characters was drawn for ever."""
    model = base("conv")
    lies.rename(model, "n" * 300_000)
    onnx.save(model, folder / "bad.onnx")
    for command in ("gallery", "features"):
        picture = ["other.png"] if command == "features" else []
        words = [command, *picture, "--network", "bad.onnx", "-o", "sheet.png"]
        ran = program.run(*words, cwd=folder)
        assert faults(ran) == []
        assert b"characters" in ran.errors


@pytest.mark.parametrize("source", ["INT64_MIN / -1", "memory bomb 0"])
def test_f3_nothing_is_verified_that_was_not_tried(
    program: ForkedProgram, folder: Path, source: str
) -> None:
    """The gradient is made of numbers alone, but to compare it the network is run."""
    kind, change = NAMED[source]
    model = base(kind)
    change(model)
    onnx.save(model, folder / "bad.onnx")
    words = [*commands("bad.onnx")["gradient"], "--verify", "onnxruntime"]
    ran = program.run(*words, cwd=folder, seconds=LONGEST)
    assert wrong(ran) == []
    assert (folder / "gradient.onnx").exists() == (ran.code == 0)


def _large_maps() -> onnx.ModelProto:
    """A sound network of one size, 1024 × 1024, whose maps take 128 MiB each."""
    names = [f"w{number}" for number in range(8)]
    shapes = [(32, 3 if name == "w0" else 32, 1, 1) for name in names]
    steps = [f"x{number}" for number in range(8)]
    graph = helper.make_graph(
        [
            *(
                helper.make_node("Conv", [source, weight], [step])
                for source, weight, step in zip(["image", *steps], names, steps, strict=False)
            ),
            helper.make_node("Concat", steps, ["deep"], axis=1),
        ],
        "large",
        [helper.make_tensor_value_info("image", 1, [1, 3, 1024, 1024])],
        [helper.make_tensor_value_info("deep", 1, None)],
        [
            numpy_helper.from_array(np.full(shape, 0.1, np.float32), name)
            for name, shape in zip(names, shapes, strict=True)
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


@linux
@pytest.mark.parametrize("command", ["adopt", "gradient"])
def test_a_lack_of_memory_is_called_that(
    program: ForkedProgram, folder: Path, command: str
) -> None:
    """It was taken for a size that the network does not take; and more can be allowed."""
    model = _large_maps()
    if command == "gradient":
        lies.set_metadata(model, "dreamlayer.image_size", "1024x1024")
    onnx.save(model, folder / "bad.onnx")
    more = ["--size", "1024x1024", *(["--verify", "onnxruntime"] if command == "gradient" else [])]
    ran = program.run(*commands("bad.onnx")[command], *more, cwd=folder, seconds=LONGEST)
    assert faults(ran) == []
    assert b"needs more than 1024 MiB of memory to look at; use another" in ran.errors
    assert b"DREAMLAYER_LIMITS=4" in ran.errors


def _slow(folder: Path) -> Path:
    """A network that takes seconds to look at, and that nothing knows."""
    model = base("conv")
    bombs.allowed_chain(model, Random(0))
    model.doc_string = str(folder)
    path = folder / "slow.onnx"
    onnx.save(model, path)
    return path


def test_a_worker_lives_on_after_each(client: Client, folder: Path) -> None:
    """It answers with one sentence, and dreams on the next network."""
    fine = {"network": str(folder / "small.onnx"), "layers": ["deep"], "octaves": 1, "steps": 1}
    for name in ("INT64_MIN / -1", "a loop of 2^62 rounds over nothing", "group 0"):
        kind, change = NAMED[name]
        model = base(kind)
        change(model)
        onnx.save(model, folder / "bad.onnx")
        client.dream(SMALL, recipe={**fine, "network": str(folder / "bad.onnx"), "layers": [LAYER]})
        answer = client.answer()[0]
        assert answer["type"] == "error", name
        assert answer["kind"] == "NetworkError", answer
        client.dream(SMALL, recipe=fine)
        assert client.pixels().shape == SMALL.shape


def _tree(client: Client) -> list[psutil.Process]:
    """The worker's processes, once it has started one of its own."""
    worker = psutil.Process(client.process.pid)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if children := worker.children(recursive=True):
            return children
        time.sleep(0.02)
    raise AssertionError("it started none")


def test_a_dream_is_cancelled_while_its_network_is_looked_at(client: Client, folder: Path) -> None:
    """At once, and nothing of it is left; the next one is dreamt."""
    path = _slow(folder)
    recipe = {"network": str(path), "layers": [LAYER], "octaves": 1, "steps": 1}
    client.dream(SMALL, recipe=recipe, id="bad")
    children = _tree(client)
    client.send(type="cancel", id="bad")
    answer = client.answer()[0]
    assert (answer["id"], answer["kind"]) == ("bad", "CancelledError")
    _, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert not alive
    client.send(type="describe", id="next")
    assert client.answer()[0]["type"] == "description"


@linux
def test_nothing_runs_after_the_workers_input_has_closed(client: Client, folder: Path) -> None:
    """Its core is free, though native code never returns."""
    recipe = {"network": str(_slow(folder)), "layers": [LAYER], "octaves": 1, "steps": 1}
    client.dream(SMALL, recipe=recipe)
    children = _tree(client)
    client.close_input()
    _, alive = psutil.wait_procs([*children, psutil.Process(client.process.pid)], timeout=PATIENCE)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


class _Silent:
    """A worker that never answers, at work or not."""

    def __init__(self, program: str) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", program])

    def receive(self, patience: float) -> None:
        time.sleep(patience)
        raise queue.Empty


@linux
@pytest.mark.parametrize(
    ("program", "says"),
    [("while True: pass", "of processor time"), ("import time; time.sleep(60)", "did nothing")],
)
def test_a_worker_hangs_by_its_processor_time(
    monkeypatch: pytest.MonkeyPatch, program: str, says: str
) -> None:
    """Not where others take its processor; nor may it wait for ever."""
    monkeypatch.setattr(network_trial, "PATIENCE", 1.5)
    monkeypatch.setattr(network_trial, "SECONDS", 0.6)
    monkeypatch.setattr(network_trial, "_IDLE_SECONDS", 0.001)
    silent = _Silent(program)
    try:
        time.sleep(0.5)
        with pytest.raises(queue.Empty, match=says):
            network_trial._received(silent)  # type: ignore[arg-type]
    finally:
        silent.process.kill()
        silent.process.wait()


def test_what_is_put_is_what_was_made(tmp_path: Path) -> None:
    """Files of bytes, files of holes, and links."""
    for number in range(40):
        network = hostile(SEED, number)
        put(network, tmp_path)
        for name, content in network.files.items():
            size = content if isinstance(content, int) else len(content)
            assert (tmp_path / name).stat().st_size == size
