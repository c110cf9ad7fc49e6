"""Which providers keep the image on their device, and how their sessions are set up."""

from __future__ import annotations

from collections.abc import Mapping

RESIDENT = ("cuda", "rocm")
"""Providers that `auto` keeps the image on. On the CPU there is nothing to keep away from, and
numpy needs less memory; compilers such as TensorRT would build an engine for each small graph."""

_DEVICES = {"cuda": "cuda", "tensorrt": "cuda", "rocm": "cuda", "migraphx": "cuda"}

FULL, FAST = "full", "fast"
"""Values of the recipe's knob `precision`."""

_COMMON = {
    # A dream meets many sizes of tiles: trying all algorithms for each costs more than it gains.
    "cudnn_conv_algo_search": "HEURISTIC",
    # The default doubles the arena, which could take the memory that the tile was chosen for.
    "arena_extend_strategy": "kSameAsRequested",
    # Max-pools hand their indices to the gradient, and indices count by the layout.
    "prefer_nhwc": "0",
}
NETWORK: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "cuda": {
        FULL: {**_COMMON, "use_tf32": "0"},
        FAST: {**_COMMON, "use_tf32": "1"},
    },
    "rocm": {
        FULL: {"arena_extend_strategy": "kSameAsRequested"},
        FAST: {"arena_extend_strategy": "kSameAsRequested"},
    },
}
"""Options of sessions that run the network, by provider and precision."""

ARITHMETIC: Mapping[str, Mapping[str, str]] = {
    provider: by_precision[FULL] for provider, by_precision in NETWORK.items()
}
"""Options of all other sessions: the image and its sums are float32 whatever the precision."""

GRAPHS: Mapping[str, Mapping[str, str]] = {"cuda": {"enable_cuda_graph": "1"}}
"""Added where sizes and addresses stay and the network is run often: its kernels are recorded
once and replayed together."""

GRAPHS_PAY = 100
"""Runs on one octave from which recording pays: a session for its sizes alone has to be made."""


def device_of(provider: str) -> str:
    """ONNX Runtime's name of the device whose memory a provider, by its short name, works in."""
    return _DEVICES.get(provider, "cpu")


def network_options(provider: str, precision: str, recorded: bool) -> dict[str, str]:
    """Provider options of a session that runs the network; empty where there is nothing to set."""
    chosen = dict(NETWORK.get(provider, {}).get(precision, {}))
    return {**chosen, **GRAPHS.get(provider, {})} if recorded else chosen


def recordable(provider: str, precision: str, runs: int) -> bool:
    """True where the kernels of a network should be recorded, for so many runs of one size."""
    return provider in GRAPHS and precision == FAST and runs >= GRAPHS_PAY
