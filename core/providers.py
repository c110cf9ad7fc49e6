"""Names of execution providers, apart from ONNX Runtime so that they cost nothing to know."""

from __future__ import annotations

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

SETTINGS: dict[str, dict[str, dict[str, str]]] = {}
"""Options of a provider by its short name, then by precision."""


def settings_of(provider: str, precision: str) -> dict[str, str]:
    """The options that a provider is opened with, by its short name."""
    return dict(SETTINGS.get(provider, {}).get(precision, {}))
