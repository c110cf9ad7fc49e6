"""The tables of all rows that are measured, and what a row is."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from bench.peers.loops import Loop

Array = npt.NDArray[np.float32]

FULL, TF32, HALF = "float32", "TF32", "bf16"
"""Precision of a row: float32 throughout, or products of reduced precision. Our own rows have
float32 and, as `HALF`, the provider's fast mode."""


COMMAND = "command"
TODAY, OLD = "default", "version 0.1"
OLD_LABEL = "dreamlayer 0.1's default"


@dataclass(frozen=True)
class Setting:
    """How a peer computes.

    Attributes
    ----------
    threads : int
        Threads of the processor, 0 for the peer's own choice.
    device : str
        `cpu` or `cuda`.
    precision : str
        `FULL`, `TF32` or `HALF`.
    """

    threads: int = 0
    device: str = "cpu"
    precision: str = FULL


class Peer(Protocol):
    """One way to compute the objective and its gradient."""

    version: str

    def prepare(self, tile: Array) -> Any:
        """Turn a tile, float32 [3, height, width], into the form that the framework's users use."""

    def gradient(self, native: Any) -> tuple[float, Any]:
        """The objective and its gradient, in the framework's own form; this is timed."""

    def __call__(self, tile: Array) -> tuple[float, Array]:
        """The objective and its gradient, float32 [3, height, width]."""

    def loop(self) -> Loop:
        """The loop on whole images around this gradient."""


@dataclass(frozen=True)
class Entry:
    """One row of the tables.

    Attributes
    ----------
    label : str
        Name of the row.
    make : str
        MODULE:NAME of the function that makes the peer; imported in the peer's own process only,
        as it loads the framework.
    setting : Setting
        How it computes.
    group : str
        The group whose interpreter it uses: see `python -m bench --python`.
    python : str
        That interpreter; empty for the one that runs the benchmark.
    picture : str
        Like `make`, for whole pictures, which have tiles of many sizes; empty for the same,
        `COMMAND` for our own command.
    compiles : bool
        Whether it compiles again for each size of tile, minutes for a picture's octaves.
    families : bool
        Whether it knows torchvision's families, or the networks that ship alone.
    large : bool
        Whether it makes large pictures too, which take minutes each, without `--all-rows`.
    provider : str
        The execution provider, for our own rows only.
    recipe : str
        For our own command, `TODAY` for the default recipe, or `OLD` for that of version 0.1.
    """

    label: str
    make: str
    setting: Setting = Setting()
    group: str = ""
    python: str = ""
    picture: str = ""
    compiles: bool = False
    families: bool = True
    large: bool = False
    provider: str = ""
    recipe: str = TODAY

    @property
    def ours(self) -> bool:
        """Whether it is one of our own rows, with the default recipe."""
        return bool(self.provider) and self.recipe == TODAY

    @property
    def pictures_only(self) -> bool:
        """Whether it has no gradient of the objective that the others have."""
        return self.recipe != TODAY


def load(name: str) -> Any:
    """Import what MODULE:NAME names."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _ours(label: str, provider: str, precision: str = FULL) -> Entry:
    return Entry(
        f"dreamlayer, {label}",
        f"bench.peers.own:{provider}",
        Setting(device="cuda" if provider == "cuda" else "cpu", precision=precision),
        group=provider,
        picture=COMMAND,
        large=True,
        provider=provider,
    )


def _torch(
    label: str, name: str, precision: str = FULL, device: str = "cpu", *, large: bool = False
) -> Entry:
    return Entry(
        f"PyTorch {label}" + ("" if precision == FULL else f", {precision}"),
        f"bench.peers.torch:{name}",
        Setting(device=device, precision=precision),
        group="torch",
        compiles=name == "compiled",
        large=large,
    )


CPU = (
    _ours("ONNX Runtime", "cpu"),
    _ours("OpenVINO", "openvino"),
    _ours("OpenVINO fast", "openvino", HALF),
    _torch("eager", "eager"),
    _torch("channels_last", "channels_last", large=True),
    _torch("folded", "folded"),
    _torch("torch.compile", "compiled"),
    _torch("channels_last", "channels_last", HALF, large=True),
    _torch("folded", "folded", HALF),
    Entry(
        "TensorFlow tf.function",
        "bench.peers.tensorflow:plain",
        group="tensorflow",
        picture="bench.peers.tensorflow:plain_for_all",
        families=False,
    ),
    Entry("onnx-ad on ONNX Runtime", "bench.peers.onnx_ad:make", group="onnx-ad"),
    Entry("OpenVINO by hand", "bench.peers.openvino:make", group="openvino-by-hand"),
    Entry(
        "OpenVINO by hand, bf16",
        "bench.peers.openvino:make",
        Setting(precision=HALF),
        group="openvino-by-hand",
    ),
    Entry(
        OLD_LABEL,
        "",
        group="cpu",
        picture=COMMAND,
        provider="cpu",
        recipe=OLD,
    ),
)
"""The rows of a machine without a GPU; ratios are taken to the first."""

CUDA = (
    _ours("CUDA", "cuda"),
    _ours("CUDA fast", "cuda", HALF),
    *(
        _torch(label, name, precision, "cuda")
        for precision in (FULL, TF32, HALF)
        for label, name in (
            ("eager", "eager"),
            ("channels_last", "channels_last"),
            ("folded", "folded"),
            ("torch.compile", "compiled"),
        )
    ),
)
"""The rows of a machine with an NVIDIA GPU."""

DEVICES = {"cpu": CPU, "cuda": CUDA}
GROUPS = tuple(dict.fromkeys(entry.group for entry in (*CPU, *CUDA)))


def chosen(
    device: str, threads: int, pythons: Mapping[str, str], only: Sequence[str] = ()
) -> list[Entry]:
    """The rows of a device, with their threads and interpreters.

    Parameters
    ----------
    device : str
        A key of `DEVICES`.
    threads : int
        Threads of each row.
    pythons : mapping
        Interpreter by group, for those that do not run in this one.
    only : sequence of str
        Groups to measure beside the first row; empty for all.
    """
    first, *others = DEVICES[device]
    rows = [first, *(entry for entry in others if not only or entry.group in only)]
    return [
        replace(
            entry,
            setting=replace(entry.setting, threads=threads),
            python=pythons.get(entry.group, ""),
        )
        for entry in rows
    ]
