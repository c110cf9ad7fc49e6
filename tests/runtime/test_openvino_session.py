"""OpenVINO's own package: loaded without its reports, refused in one sentence, cached safely."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, parser
from several_processes import open_at_once

from dreamlayer.core.autodiff.variants import PORTABLE
from dreamlayer.core.errors import NetworkError, ProviderError
from dreamlayer.core.network import network as network_module
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime import cache, openvino_session
from dreamlayer.core.runtime.providers import PRECISIONS, Execution
from dreamlayer.core.runtime.sessions import Source, candidates, open_native, open_session

OPENVINO = Execution("openvino", 1)
needed = pytest.mark.skipif(
    not openvino_session.is_installed(), reason="no OpenVINO: install dreamlayer[openvino]"
)


@pytest.fixture
def network(small_network: Path) -> Network:
    """A small network."""
    return Network(str(small_network))


@pytest.fixture
def model(network: Network) -> onnx.ModelProto:
    """A small gradient model."""
    return network.gradient_model([Term("deep")], "openvino")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("DREAMLAYER_CACHE", str(tmp_path))
    return tmp_path


def unload(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the registry of devices be made again, now and after the test."""
    fresh = openvino_session._core.__wrapped__
    monkeypatch.setattr(openvino_session, "_core", fresh)


def test_missing_package_says_what_to_install(
    model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named, it is refused with the command; `auto` does without."""
    monkeypatch.setattr(openvino_session, "is_installed", lambda: False)
    with pytest.raises(ProviderError, match=r"needs the package openvino; .*pip install .*\[open"):
        open_session(model, OPENVINO)
    assert "openvino" not in candidates("auto")


def test_package_that_does_not_load_says_why(
    model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named, it is refused with the reason; `auto` takes the next provider."""
    monkeypatch.setattr(openvino_session, "is_installed", lambda: True)
    monkeypatch.setitem(sys.modules, "openvino", None)
    unload(monkeypatch)
    with pytest.raises(ProviderError, match=r"'openvino' does not load \([^\n]*pip install"):
        open_session(model, OPENVINO)
    with pytest.raises(ProviderError, match="does not load"):
        openvino_session.version()
    assert open_session(model, Execution("auto")).provider != "openvino"


def test_folder_of_that_name_is_not_the_package(
    model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python imports any folder; it has nothing of what is needed."""
    monkeypatch.setitem(sys.modules, "openvino", SimpleNamespace())  # type: ignore[arg-type]
    unload(monkeypatch)
    with pytest.raises(ProviderError, match="does not load"):
        open_session(model, OPENVINO)


def test_processor_that_is_not_supported_is_an_error(
    model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runtime is a stand-in without devices, as OpenVINO is where its plug-in does not load."""

    def fail(*_: object) -> None:
        raise RuntimeError('Exception from core.cpp:1:\nDevice with "CPU" name is not registered')

    fake = SimpleNamespace(
        Core=lambda: SimpleNamespace(get_property=fail), get_version=lambda: "0", __version__="0"
    )
    monkeypatch.setitem(sys.modules, "openvino", fake)  # type: ignore[arg-type]
    unload(monkeypatch)
    with pytest.raises(ProviderError, match=r'\(Device with "CPU" name .*; use --provider cpu$'):
        open_session(model, OPENVINO)
    assert open_session(model, Execution("auto")).provider != "openvino"


@needed
def test_refused_model_is_one_sentence(model: onnx.ModelProto) -> None:
    """A model that OpenVINO rejects raises our error, with the reason, not places in its source."""
    model.graph.node[0].op_type = "NoSuchOperator"
    with pytest.raises(NetworkError, match=r"^OpenVINO rejects the network: (?!Exception)[^\n]+$"):
        open_session(model, OPENVINO)


@needed
def test_tile_that_does_not_run_is_one_sentence(network: Network) -> None:
    """A failure on a tile becomes our error, with the tile's size."""
    session = GradientSession(network, [Term("deep")], OPENVINO)
    with pytest.raises(NetworkError, match=r"tile of 9 × 5 pixels: [^\n]+$"):
        session(np.zeros((4, 5, 9), np.float32))


@needed
def test_it_holds_no_images_of_a_device(model: onnx.ModelProto) -> None:
    """The backend that binds ONNX Runtime's buffers refuses it by name, and `auto` passes it by."""
    with pytest.raises(ProviderError, match="use --backend numpy"):
        open_native(model, OPENVINO)
    assert open_native(model, Execution("auto")).provider != "openvino"


@needed
def test_threads_and_precision_are_those_asked_for(model: onnx.ModelProto) -> None:
    """And no thread is tied to a core."""
    for precision, name in zip(PRECISIONS, ("f32", "bf16"), strict=True):
        session = open_session(model, Execution("openvino", 1, precision))
        assert isinstance(session, openvino_session.OpenVinoSession)
        compiled = session._request.get_compiled_model()
        assert compiled.get_property("INFERENCE_NUM_THREADS") == 1
        assert compiled.get_property("ENABLE_CPU_PINNING") is False
        # A processor without bfloat16 computes in float32.
        assert compiled.get_property("INFERENCE_PRECISION_HINT").to_string() in (name, "f32")


@needed
def test_a_session_serves_several_threads(network: Network) -> None:
    """Each gets the result of its own image."""
    session = GradientSession(network, [Term("deep")], OPENVINO)
    tiles = np.random.default_rng(0).random((8, 3, 40, 40), np.float32)
    expected = [session(tile)[0] for tile in tiles]
    found: dict[int, list[float]] = {}

    def work(number: int) -> None:
        found[number] = [session(tiles[number])[0] for _ in range(20)]

    running = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert [set(found[number]) for number in range(8)] == [{loss} for loss in expected]


@needed
@pytest.mark.parametrize("size", [(40, 40), (41, 43), None])
@pytest.mark.parametrize("active", ["Relu(a)", "Mul(a, s)", "HardSwish(a)", "Clip(a, low, high)"])
def test_depthwise_strides_are_right_in_reduced_precision(
    active: str, size: tuple[int, int] | None
) -> None:
    """Their transposed convolutions are kept in float32, whatever they are fused with."""
    made = parser.parse_model(
        f"""<ir_version: 8, opset_import: ["" : 18]>
        m (float[batch,3,height,width] image) => (float[n,c,h,w] deep)
        <float low = {{0.0}}, float high = {{6.0}}> {{
          z = Conv(image, u)
          a = Conv<strides=[2,2], pads=[1,1,1,1], group=32>(z, w)
          s = Sigmoid(a)
          b = {active}
          c = Conv(b, v)
          deep = Relu(c)
        }}"""
    )
    rng = np.random.default_rng(0)
    for name, shape in {"u": (32, 3, 1, 1), "w": (32, 1, 3, 3), "v": (48, 32, 1, 1)}.items():
        weights = rng.standard_normal(shape).astype(np.float32)
        made.graph.initializer.append(numpy_helper.from_array(weights, name))
    image = rng.random((1, 3, *(size or (50, 60))), np.float32)
    gradients = []
    for precision in PRECISIONS:
        source = gradient_model(made, [Term("deep")], variant=PORTABLE, size=size)
        session = open_session(source, Execution("openvino", 1, precision))
        assert isinstance(session, openvino_session.OpenVinoSession)
        operators = session._request.get_compiled_model().get_runtime_model().get_ops()
        marks = [node.get_rt_info() for node in operators]
        kept = [m for m in marks if m["layerType"].astype(str) == "Deconvolution"]
        assert {m["runtimePrecision"].astype(str) for m in kept} == {"f32"}
        gradients.append(session.run(("gradient",), {"image": image})[0].ravel())
    full, fast = gradients
    assert float(full @ fast / np.linalg.norm(full) / np.linalg.norm(fast)) >= 0.99


IMPORTS = """
import sys
sys.modules.pop("openvino_telemetry", None)
if "stand-in" in sys.argv:
    sys.modules["openvino_telemetry"] = sys
from dreamlayer.core.runtime import openvino_session
openvino_session.version()
print(repr(sys.modules.get("openvino_telemetry", "absent")))
"""


@needed
@pytest.mark.parametrize(("given", "left"), [("", "'absent'"), ("stand-in", "<module 'sys'")])
def test_import_leaves_the_table_of_modules_as_it_was(given: str, left: str) -> None:
    """The package that reports is hidden during the import alone."""
    command = [sys.executable, "-c", IMPORTS, given]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(left)


@pytest.fixture(autouse=True)
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without trials in another process, whose outcome is in the cache too."""
    monkeypatch.setattr(network_module, "inside", lambda: True)


@needed
class TestCache:
    """What OpenVINO compiled is cached on disk."""

    @pytest.fixture(autouse=True)
    def empty(self, network: Network, folder: Path) -> None:
        """Start with an empty folder: what is known of the small network is in another."""

    @pytest.fixture
    def source(self, network: Network) -> Source:
        """A source that counts how often its model is made."""
        inner, made = network.gradient_source([Term("deep")]), []

        def make(provider: str) -> onnx.ModelProto:
            made.append(provider)
            return inner.make(provider)

        make.made = made  # type: ignore[attr-defined]
        return Source(make, inner.identity)

    def gradient(self, source: Source, precision: str = "full") -> np.ndarray:
        image = np.random.default_rng(1).random((1, 3, 16, 20), np.float32)
        session = open_session(source, Execution("openvino", 1, precision))
        found: np.ndarray = session.run(("gradient",), {"image": image})[0]
        return found

    @pytest.mark.parametrize("precision", PRECISIONS)
    @pytest.mark.parametrize("size", [None, (97, 112)])
    @pytest.mark.parametrize(
        ("name", "layer"),
        [("mobilenet_v2_block13", "block_13_expand_relu"), ("inception_v3_mixed5", "mixed5")],
    )
    def test_warm_and_cold_give_the_same_bytes(
        self, name: str, layer: str, size: tuple[int, int] | None, precision: str, folder: Path
    ) -> None:
        """On the shipped networks, in each precision, for one size and for any."""
        source = Network(name).gradient_source([Term(layer)], size)
        known = {*folder.iterdir()}
        image = np.random.default_rng(1).random((1, 3, 97, 112), np.float32)
        found = []
        for _ in range(2):
            session = open_session(source, Execution("openvino", 0, precision))
            found.append(session.run(("loss", "gradient"), {"image": image}))
        assert [path.suffix for path in {*folder.iterdir()} - known] == [".blob"]
        for cold, warm in zip(*found, strict=True):
            assert cold.tobytes() == warm.tobytes()

    def test_is_made_once(self, source: Source, folder: Path) -> None:
        """For each precision; the second time it is read from disk."""
        first = self.gradient(source)
        np.testing.assert_array_equal(self.gradient(source), first)
        assert source.make.made == ["openvino"]  # type: ignore[attr-defined]
        self.gradient(source, "fast")
        assert source.make.made == ["openvino"] * 2  # type: ignore[attr-defined]
        assert [path.suffix for path in folder.iterdir()] == [".blob"] * 2

    @pytest.mark.parametrize(
        "damage",
        [
            lambda whole: whole[: len(whole) // 2],
            lambda whole: whole[:0],
            lambda whole: bytes([*whole[:-9], whole[-9] ^ 1, *whole[-8:]]),
            lambda whole: bytes([whole[0] ^ 255, *whole[1:]]),
            lambda whole: whole + whole[-1:],
        ],
        ids=["truncated", "empty", "one bit", "first byte", "longer"],
    )
    def test_damaged_entry_is_made_again(
        self, source: Source, folder: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        """OpenVINO would crash on it, or compute another picture."""
        first = self.gradient(source)
        (entry,) = folder.iterdir()
        whole = entry.read_bytes()
        entry.write_bytes(damage(whole))
        np.testing.assert_array_equal(self.gradient(source), first)
        assert source.make.made == ["openvino"] * 2  # type: ignore[attr-defined]
        np.testing.assert_array_equal(self.gradient(source), first)
        assert source.make.made == ["openvino"] * 2  # type: ignore[attr-defined]
        assert [path.stat().st_size for path in folder.iterdir()] == [len(whole)]

    def test_entry_that_openvino_refuses_is_made_again(self, source: Source, folder: Path) -> None:
        """Intact as stored, but not its own."""
        first = self.gradient(source)
        (entry,) = folder.iterdir()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cache, "key", lambda *_: entry.stem)
            cache.store_blob(b"not a model")
        np.testing.assert_array_equal(self.gradient(source), first)

    def test_nothing_is_cached_when_switched_off(
        self, source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`off` leaves no trace, and the same bytes."""
        first = self.gradient(source)
        for path in folder.iterdir():
            path.unlink()
        monkeypatch.setenv("DREAMLAYER_CACHE", "off")
        np.testing.assert_array_equal(self.gradient(source), first)
        assert not list(folder.iterdir())

    def test_folder_is_bounded(
        self, source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Entries count towards the limit; the least recently used one goes first."""
        self.gradient(source)
        (first,) = folder.iterdir()
        os.utime(first, (1, 1))
        assert cache.size() == first.stat().st_size
        monkeypatch.setattr(cache, "MAX_BYTES", int(1.5 * first.stat().st_size))
        self.gradient(source, "fast")
        (left,) = folder.iterdir()
        assert left != first

    def test_using_an_entry_counts(self, source: Source, folder: Path) -> None:
        """It is then not the first to go."""
        self.gradient(source)
        (entry,) = folder.iterdir()
        os.utime(entry, (1, 1))
        self.gradient(source)
        assert entry.stat().st_mtime > 1

    def test_processes_can_share_the_folder(self, small_network: Path, folder: Path) -> None:
        """Several that open the same network concurrently all succeed, and leave one entry."""
        open_at_once(small_network, "openvino")
        names = [path.suffix for path in folder.iterdir()]
        assert names == [".blob"] * 3, "with a summary of the network, and that it was tried"
