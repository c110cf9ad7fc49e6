"""Names of execution providers, apart from ONNX Runtime so that they cost nothing to know."""

from __future__ import annotations

import json
from collections.abc import Mapping

AUTO = "auto"
FULL, FAST = "full", "fast"
PRECISIONS = (FULL, FAST)
"""How exactly a network is computed: in float32, or in shorter numbers where a provider has them.
The image, its gradient and all sums are float32 either way."""
PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "rocm": "ROCMExecutionProvider",
    "migraphx": "MIGraphXExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "webgpu": "WebGpuExecutionProvider",
}
"""Short names of execution providers; any other that ONNX Runtime offers goes by its own name."""


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


SETTINGS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "cuda": {FULL: {**_CUDA, "use_tf32": "0"}, FAST: {**_CUDA, "use_tf32": "1"}},
    "rocm": {FULL: _ROCM, FAST: _ROCM},
    "openvino": {FULL: _openvino("f32"), FAST: _openvino("bf16")},
}
"""Options of a provider by its short name, then by precision."""

_THREADS = {"openvino": "num_of_threads"}
"""What providers with threads of their own call their number."""


def settings_of(provider: str, precision: str, threads: int = 0) -> dict[str, str]:
    """The options that a provider, by its short name, is opened with; threads 0 for its choice."""
    settings = dict(SETTINGS.get(provider, {}).get(precision, {}))
    if threads and provider in _THREADS:
        settings[_THREADS[provider]] = str(threads)
    return settings
