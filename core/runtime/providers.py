"""The table of execution providers: names, packages, options and properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

AUTO, CPU = "auto", "cpu"
FULL, FAST = "full", "fast"
PRECISIONS = (FULL, FAST)
"""`full` computes the network in float32, `fast` in reduced precision where the provider supports
it. The image, its gradient and all sums are float32 either way."""

SYSTEMS = {"win32": "Windows", "darwin": "macOS", "linux": "Linux"}
"""By `sys.platform`."""

RECORDING_PAYS = 100
"""Number of runs on one octave from which a CUDA graph, which needs its own session, is faster."""

ONNX_RUNTIME, OPENVINO = "onnxruntime", "openvino"
"""The packages that compute."""


@dataclass(frozen=True)
class Execution:
    """How to run a network.

    Attributes
    ----------
    provider : str
        `auto` for the fastest that loads, or the short name of the one to use.
    threads : int
        Threads within an operator on the CPU, at most one per core; 0 for one per core.
    precision : str
        `full`, or `fast` for reduced precision within the network where supported.
    shares_cores : bool
        Whether another program, such as an editor, needs the same cores: threads that wait for one
        another then sleep. Otherwise they spin, which is a sixth faster on an idle machine, and a
        third slower on one whose cores are taken.
    """

    provider: str = AUTO
    threads: int = 0
    precision: str = FULL
    shares_cores: bool = False

    def on(self, provider: str) -> Execution:
        """Copy with another provider."""
        return replace(self, provider=provider)

    def in_full(self) -> Execution:
        """Copy in full precision."""
        return replace(self, precision=FULL)


@dataclass(frozen=True)
class HostMemory:
    """A provider's use of host memory, measured on InceptionV3 and MobileNetV2.

    Attributes
    ----------
    base : float
        Bytes of the interpreter, numpy, onnx and ONNX Runtime.
    weight : float
        Bytes per weight: stored, as float32, transposed for the gradient, and prepacked.
    share : float
        Peak of the feature maps' memory relative to the forward activations.
    """

    base: float = 85e6
    weight: float = 34
    share: float = 1.2


@dataclass(frozen=True)
class Provider:
    """One execution provider.

    Attributes
    ----------
    name : str
        The name that its engine has for it.
    engine : str
        The package that computes: `ONNX_RUNTIME` or `OPENVINO`.
    package, extra : str
        The Python package that contains it, and dreamlayer's extra that installs it; empty for
        none.
    plugin : str
        The import package with a plug-in that adds it to any ONNX Runtime; empty for none.
    system : str
        The only system that it exists for, as `sys.platform` names it; empty for several.
    check : str
        What is looked for before it is loaded, by its name in `core.runtime.loading.CHECKS`; empty
        for nothing.
    needs_tensorrt : bool
        Whether it needs TensorRT's own libraries beside CUDA's.
    auto : int
        Its rank among the providers that `auto` tries, from 1; 0 for never.
    variant : str
        The form of gradients for it, one of `core.autodiff.variants.VARIANTS`.
    options : mapping
        Its options, by precision.
    session : mapping
        Attributes of `onnxruntime.SessionOptions` that it needs; texts name members of
        `onnxruntime.ExecutionMode`.
    threads : str
        Name of its option for the number of threads; empty where ONNX Runtime's own applies.
    saves_graphs : bool
        Whether its optimized graphs can be saved, as those of compiling providers cannot.
    own_size_pays : int or None
        Pixels in tiles of one size from which a session for that size is faster; None for never.
    device : str
        ONNX Runtime's name for the device whose memory it uses.
    keeps_image : bool
        Whether `auto` keeps the image in that memory.
    reports_free_memory : bool
        Whether `core.runtime.gpu_memory` can tell how much of it is free.
    recording : mapping
        Additional options for CUDA graphs; empty where they are not supported.
    host : HostMemory
        Its use of host memory.
    """

    name: str
    engine: str = ONNX_RUNTIME
    package: str = ""
    extra: str = ""
    plugin: str = ""
    system: str = ""
    check: str = ""
    needs_tensorrt: bool = False
    auto: int = 0
    variant: str = "portable"
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    session: Mapping[str, bool | str] = field(default_factory=dict)
    threads: str = ""
    saves_graphs: bool = False
    own_size_pays: int | None = None
    device: str = "cpu"
    keeps_image: bool = False
    reports_free_memory: bool = False
    recording: Mapping[str, str] = field(default_factory=dict)
    host: HostMemory = HostMemory()

    def settings(self, precision: str, threads: int = 0) -> dict[str, str]:
        """The options for a session; threads 0 leaves their number to the provider."""
        own = {self.threads: str(threads)} if threads and self.threads else {}
        return {**self.options.get(precision, {}), **own}

    def records(self, precision: str, runs: int) -> bool:
        """Whether to use a CUDA graph for this number of runs of one size."""
        return bool(self.recording) and precision == FAST and runs >= RECORDING_PAYS


_CUDA = {
    # A dream has tiles of many sizes: trying all algorithms for each costs more than it gains.
    "cudnn_conv_algo_search": "HEURISTIC",
    # The default doubles the arena, which could exceed the memory that the tile was chosen for.
    "arena_extend_strategy": "kSameAsRequested",
    # The gradient uses the indices of max-pools, and indices depend on the layout.
    "prefer_nhwc": "0",
}
# The discrete GPU where there are two. A `device_id` would take precedence, and adapter 0 often is
# the slower one.
_DIRECTML = {"performance_preference": "high_performance", "device_filter": "gpu"}
# The older format, NeuralNetwork, has fewer operators, and float16 within.
_COREML = {"ModelFormat": "MLProgram", "RequireStaticInputShapes": "0"}
# Otherwise sums, and on some GPUs WebGPU's convolutions, are added up in whatever order threads
# end, and the same recipe makes other bytes each time.
_DETERMINISTIC = {"use_deterministic_compute": True}
_ROCM = {"arena_extend_strategy": "kSameAsRequested"}


def _openvino(numbers: str) -> dict[str, str]:
    return {
        # By default it uses bfloat16 wherever the processor supports it.
        "INFERENCE_PRECISION_HINT": numbers,
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        # No thread is tied to a core that an editor may need; alone it is as fast.
        "ENABLE_CPU_PINNING": "NO",
    }


PROVIDERS: Mapping[str, Provider] = {
    "cpu": Provider(
        "CPUExecutionProvider",
        package="onnxruntime",
        extra="cpu",
        auto=6,
        variant="blocked",
        # It would hold the feature maps twice: in the arena that the first run filled, and in the
        # block that the pattern asks for. Without, a tile takes half the memory, and no more time.
        session={"enable_mem_pattern": False},
        host=HostMemory(base=140e6, share=0.62),
        saves_graphs=True,
        # On MobileNetV2 it is a quarter faster. Opening a cached one takes what that saves on half
        # of these pixels, making one what it saves on five times as many.
        own_size_pays=500_000,
    ),
    "cuda": Provider(
        "CUDAExecutionProvider",
        package="onnxruntime-gpu",
        extra="gpu",
        check="cuda",
        auto=1,
        variant="indices",
        options={FULL: {**_CUDA, "use_tf32": "0"}, FAST: {**_CUDA, "use_tf32": "1"}},
        session=_DETERMINISTIC,
        saves_graphs=True,
        device="cuda",
        keeps_image=True,
        reports_free_memory=True,
        recording={"enable_cuda_graph": "1"},
    ),
    # Not tried by `auto`: it would compile an engine for each small graph.
    "tensorrt": Provider(
        "TensorrtExecutionProvider",
        package="onnxruntime-gpu",
        extra="gpu",
        check="cuda",
        needs_tensorrt=True,
        device="cuda",
        reports_free_memory=True,
    ),
    "rocm": Provider(
        "ROCMExecutionProvider",
        auto=2,
        variant="indices",
        options={FULL: _ROCM, FAST: _ROCM},
        session=_DETERMINISTIC,
        device="cuda",
        keeps_image=True,
    ),
    "migraphx": Provider("MIGraphXExecutionProvider", auto=3, variant="indices", device="cuda"),
    "openvino": Provider(
        "OpenVINO",
        engine=OPENVINO,
        package="openvino",
        extra="openvino",
        # Whole pictures take less time than on `cpu` once its sessions are cached.
        auto=4,
        options={FULL: _openvino("f32"), FAST: _openvino("bf16")},
        threads="INFERENCE_NUM_THREADS",
        # It is a third faster on MobileNetV2, a tenth on InceptionV3: opening a cached session
        # takes what that saves on a third of these pixels, compiling one what it saves on all.
        own_size_pays=3_000_000,
        host=HostMemory(base=115e6, weight=40, share=0.45),
    ),
    # Neither has run on real hardware yet, so `auto` tries neither: a wrong gradient would be worse
    # than a slow one.
    "directml": Provider(
        "DmlExecutionProvider",
        package="onnxruntime-directml",
        extra="directml",
        system="win32",
        options={FULL: _DIRECTML, FAST: _DIRECTML},
        # It supports no others.
        session={"enable_mem_pattern": False, "execution_mode": "ORT_SEQUENTIAL"},
    ),
    "coreml": Provider(
        "CoreMLExecutionProvider",
        system="darwin",
        options={
            # The Neural Engine computes in float16.
            FULL: {**_COREML, "MLComputeUnits": "CPUAndGPU"},
            FAST: {
                **_COREML,
                "MLComputeUnits": "ALL",
                "AllowLowPrecisionAccumulationOnGPU": "1",
            },
        },
        # Core ML compiles for fixed shapes; with others, much stays on the CPU.
        own_size_pays=0,
    ),
    # Of `auto`'s choices behind those that were made for one vendor's hardware. Where WebGPU finds
    # no GPU it computes on the CPU, 40 to 100 times slower than ONNX Runtime does, so its check
    # refuses `auto` a software renderer.
    "webgpu": Provider(
        "WebGpuExecutionProvider",
        package="onnxruntime-webgpu",
        extra="webgpu",
        plugin="onnxruntime_ep_webgpu",
        check="webgpu",
        auto=5,
        session=_DETERMINISTIC,
    ),
}
"""By short name."""

PACKAGES = tuple(
    dict.fromkeys(
        [row.package for row in PROVIDERS.values() if row.package and row.engine == ONNX_RUNTIME]
        # Earlier versions of dreamlayer used it.
        + ["onnxruntime-openvino"]
    )
)
"""The packages that contain ONNX Runtime, of which only one may be installed."""


def provider_of(short: str) -> Provider:
    """A provider by its short name; one with default properties for an unknown name."""
    return PROVIDERS.get(short, Provider(short))
