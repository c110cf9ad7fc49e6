"""Which providers keep the image on their device, and how their sessions are set up."""

from __future__ import annotations

from collections.abc import Mapping

from dreamlayer.core.runtime.providers import FAST

ON_DEVICE = ("cuda", "rocm")
"""Providers that `auto` keeps the image on. On the CPU there is nothing to keep away from, and
numpy needs less memory; compilers such as TensorRT would build an engine for each small graph."""

_DEVICES = {"cuda": "cuda", "tensorrt": "cuda", "rocm": "cuda", "migraphx": "cuda"}

GRAPHS: Mapping[str, Mapping[str, str]] = {"cuda": {"enable_cuda_graph": "1"}}
"""Added where sizes and addresses stay and the network is run often: its kernels are recorded
once and replayed together."""

GRAPHS_PAY = 100
"""Runs on one octave from which recording pays: a session for its sizes alone has to be made."""


def device_of(provider: str) -> str:
    """ONNX Runtime's name of the device whose memory a provider, by its short name, works in."""
    return _DEVICES.get(provider, "cpu")


def recorded_options(provider: str) -> dict[str, str]:
    """Provider options that are added where kernels are recorded; empty where they cannot be."""
    return dict(GRAPHS.get(provider, {}))


def recordable(provider: str, precision: str, runs: int) -> bool:
    """True where the kernels of a network should be recorded, for so many runs of one size."""
    return provider in GRAPHS and precision == FAST and runs >= GRAPHS_PAY
