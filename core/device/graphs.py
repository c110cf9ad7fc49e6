"""Small ONNX graphs that are made once, kept, and run on buffers of a device."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import onnx

from dreamlayer.core.device.buffers import Buffer, Device, telling
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import open_session, runtime

_KEPT_PIXELS = 16_000_000
_KEPT = 64


class BoundGraph:
    """A routine with the buffers that it reads and writes; running it allocates none."""

    def __init__(self, session: Any, binding: Any, options: Any, kept: tuple[Buffer, ...]) -> None:
        self._session, self._binding, self._options = session, binding, options
        # BoundGraph by address, which tells ONNX Runtime nothing of who owns the memory.
        self._kept = kept

    def run(self, what: str, tile: tuple[int, int] | None = None) -> None:
        """Run once.

        Raises
        ------
        NetworkError, MemoryLimitError
            Where ONNX Runtime did not get through, with `what` it was at.
        """
        with telling(what, tile):
            self._session.run_with_iobinding(self._binding, self._options)


class LoadedGraph:
    """One graph, loaded.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        What runs it.
    device : Device
        Where its buffers lie.
    passing : bool
        Whether it is run but once in a while, so that its working memory should not be kept.
    recording : bool
        Whether its first run records kernels; that runs them several times over, so what is
        summed must be cleared afterwards.
    """

    def __init__(
        self, session: Any, device: Device, *, passing: bool = False, recording: bool = False
    ) -> None:
        self.recording = recording
        self._session, self._device = session, device
        self._options = runtime().RunOptions()
        if passing:
            kind = "cpu" if device.kind == "cpu" else "gpu"
            self._options.add_run_config_entry(
                "memory.enable_memory_arena_shrinkage", f"{kind}:{device.number}"
            )

    def bind(self, inputs: Mapping[str, Buffer], outputs: Mapping[str, Buffer]) -> BoundGraph:
        """Tie inputs and outputs to buffers.

        A buffer may be both, where the graph reads it only before the last node writes it, or
        where that node works element by element.
        """
        binding = self._session.io_binding()
        for tie, buffers in ((binding.bind_input, inputs), (binding.bind_output, outputs)):
            for name, one in buffers.items():
                tie(
                    name,
                    self._device.kind,
                    self._device.number,
                    one.dtype.type,
                    list(one.shape),
                    one.value.data_ptr(),
                )
        kept = (*inputs.values(), *outputs.values())
        return BoundGraph(self._session, binding, self._options, kept)


class Graphs:
    """Keeps graphs by their graphs, the large ones only while there is room.

    Parameters
    ----------
    execution : Execution
        The provider that runs them, loaded already, by its short name.
    """

    def __init__(self, execution: Execution) -> None:
        # In full whatever the recipe's precision: the image and its sums are float32.
        self._execution = execution.in_full()
        self.device = Device(execution.provider)
        self._kept: dict[bytes, tuple[LoadedGraph, int]] = {}

    def get(self, model: onnx.ModelProto, pixels: int, passing: bool = False) -> LoadedGraph:
        """The routine of a graph of arithmetic on images.

        Parameters
        ----------
        model : onnx.ModelProto
            The graph, sizes included.
        pixels : int
            Of the largest image in it: its working memory goes by that.
        passing : bool
            As for `LoadedGraph`.
        """
        key = hashlib.sha256(model.SerializeToString(deterministic=True)).digest()
        found = self._kept.pop(key, None)
        if found is None:
            self._make_room(pixels)
            with telling("its graphs"):
                session = open_session(model, self._execution)
            found = LoadedGraph(session, self.device, passing=passing), pixels
        self._kept[key] = found
        return found[0]

    def _make_room(self, pixels: int) -> None:
        """Drop those unused for longest, until a new one fits beside the others."""
        while self._kept and (
            len(self._kept) >= _KEPT
            or pixels + sum(size for _, size in self._kept.values()) > _KEPT_PIXELS
        ):
            del self._kept[next(iter(self._kept))]

    def __len__(self) -> int:
        return len(self._kept)
