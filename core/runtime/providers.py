"""Execution providers: all that is known of each, in one table, apart from ONNX Runtime itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

AUTO = "auto"
FULL, FAST = "full", "fast"
PRECISIONS = (FULL, FAST)
"""How exactly a network is computed: in float32, or in shorter numbers where a provider has them.
The image, its gradient and all sums are float32 either way."""

RECORDING_PAYS = 100
"""Runs on one octave from which recording kernels pays: it takes a session of its own."""


@dataclass(frozen=True)
class Execution:
    """How a network is to be run.

    Attributes
    ----------
    provider : str
        `auto` for the fastest that loads, or the short name of one that is demanded.
    threads : int
        Threads within an operator on the CPU, at most one a core; 0 for one a core.
    precision : str
        `full`, or `fast` for shorter numbers within the network, where the provider has them.
    """

    provider: str = AUTO
    threads: int = 0
    precision: str = FULL

    def on(self, provider: str) -> Execution:
        """The same on another provider."""
        return replace(self, provider=provider)

    def in_full(self) -> Execution:
        """The same in full precision."""
        return replace(self, precision=FULL)


@dataclass(frozen=True)
class HostMemory:
    """What a provider takes of the host's memory, measured on InceptionV3.

    Attributes
    ----------
    base : float
        Interpreter, numpy, onnx and ONNX Runtime, in bytes.
    weight : float
        Bytes of a weight: as stored, as float32, transposed for the gradient, and as prepared.
    share : float
        Peak of the feature maps' memory relative to the forward activations.
    """

    base: float = 85e6
    weight: float = 34
    share: float = 1.2


@dataclass(frozen=True)
class Provider:
    """What is known of one execution provider.

    Attributes
    ----------
    name : str
        What ONNX Runtime calls it.
    package, extra : str
        The package that brings it, and the extra of this distribution; empty for none.
    auto : int
        Its place among those that `auto` tries, from 1; 0 for never.
    variant : str
        How gradients are written for it, one of `core.autodiff.variants.VARIANTS`.
    options : mapping
        Its options, by precision.
    threads : str
        What it calls its number of threads; empty where it takes ONNX Runtime's.
    saves_graphs : bool
        Whether its optimized graphs can be written to a file: those that do not compile.
    own_size_pays : int or None
        Pixels of tiles of one size from which a session for that size pays; None for never.
    device : str
        ONNX Runtime's name of the device whose memory it works in.
    keeps_image : bool
        Whether `auto` keeps the image in that memory.
    driver_tells_memory : bool
        Whether `core.runtime.gpu_memory` can ask how much of it is free.
    recording : mapping
        Options that are added to record kernels; empty where it cannot.
    host : HostMemory
        What it takes of the host's memory.
    """

    name: str
    package: str = ""
    extra: str = ""
    auto: int = 0
    variant: str = "portable"
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    threads: str = ""
    saves_graphs: bool = False
    own_size_pays: int | None = None
    device: str = "cpu"
    keeps_image: bool = False
    driver_tells_memory: bool = False
    recording: Mapping[str, str] = field(default_factory=dict)
    host: HostMemory = HostMemory()

    def settings(self, precision: str, threads: int = 0) -> dict[str, str]:
        """The options that a session is opened with; threads 0 for the provider's choice."""
        chosen = dict(self.options.get(precision, {}))
        if threads and self.threads:
            chosen[self.threads] = str(threads)
        return chosen

    def records(self, precision: str, runs: int) -> bool:
        """True where kernels should be recorded once and replayed, for so many runs of one size."""
        return bool(self.recording) and precision == FAST and runs >= RECORDING_PAYS


_CUDA = {
    # A dream meets many sizes of tiles: trying all algorithms for each costs more than it gains.
    "cudnn_conv_algo_search": "HEURISTIC",
    # The default doubles the arena, which could take the memory that the tile was chosen for.
    "arena_extend_strategy": "kSameAsRequested",
    # Max-pools hand their indices to the gradient, and indices count by the layout.
    "prefer_nhwc": "0",
}
_ROCM = {"arena_extend_strategy": "kSameAsRequested"}


def _openvino(numbers: str) -> dict[str, str]:
    # Left to itself, it takes bfloat16 wherever the processor has it.
    device = {"INFERENCE_PRECISION_HINT": numbers, "PERFORMANCE_HINT": "LATENCY"}
    return {"device_type": "CPU", "load_config": json.dumps({"CPU": device})}


PROVIDERS: Mapping[str, Provider] = {
    "cpu": Provider(
        "CPUExecutionProvider",
        package="onnxruntime",
        extra="cpu",
        auto=5,
        variant="blocked",
        saves_graphs=True,
        # Opening one takes a twentieth of the time of so many pixels, which is what it saves.
        own_size_pays=4_000_000,
    ),
    "cuda": Provider(
        "CUDAExecutionProvider",
        package="onnxruntime-gpu",
        extra="gpu",
        auto=1,
        variant="indices",
        options={FULL: {**_CUDA, "use_tf32": "0"}, FAST: {**_CUDA, "use_tf32": "1"}},
        saves_graphs=True,
        device="cuda",
        keeps_image=True,
        driver_tells_memory=True,
        recording={"enable_cuda_graph": "1"},
    ),
    # Compilers such as this one would build an engine for each small graph.
    "tensorrt": Provider(
        "TensorrtExecutionProvider",
        package="onnxruntime-gpu",
        extra="gpu",
        device="cuda",
        driver_tells_memory=True,
    ),
    "rocm": Provider(
        "ROCMExecutionProvider",
        auto=2,
        variant="indices",
        options={FULL: _ROCM, FAST: _ROCM},
        device="cuda",
        keeps_image=True,
    ),
    "migraphx": Provider("MIGraphXExecutionProvider", auto=3, variant="indices", device="cuda"),
    # In a package of its own: whoever has it wanted it.
    "openvino": Provider(
        "OpenVINOExecutionProvider",
        package="onnxruntime-openvino",
        extra="openvino",
        auto=4,
        options={FULL: _openvino("f32"), FAST: _openvino("bf16")},
        threads="num_of_threads",
        # It opens slowly, and gains a sixth.
        own_size_pays=6_000_000,
        host=HostMemory(base=115e6, weight=47, share=1.6),
    ),
    "directml": Provider("DmlExecutionProvider", package="onnxruntime-directml"),
    "coreml": Provider("CoreMLExecutionProvider"),
    "webgpu": Provider("WebGpuExecutionProvider"),
}
"""By short name; any other that ONNX Runtime offers goes by its own name."""

PACKAGES = tuple(dict.fromkeys(row.package for row in PROVIDERS.values() if row.package))
"""The packages that bring ONNX Runtime, of which only one may be installed."""


def provider_of(short: str) -> Provider:
    """The row of a provider by its short name; one with no special treatment for unknown names."""
    return PROVIDERS.get(short, Provider(short))
