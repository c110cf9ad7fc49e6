"""Small ONNX graphs, cached and run on buffers of a device."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import onnx

from dreamlayer.core.device.buffers import Buffer, Device, device_errors
from dreamlayer.core.runtime.installed import runtime
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import open_native

_MAX_PIXELS = 16_000_000
_MAX_GRAPHS = 64


class BoundGraph:
    """A graph with the buffers that it reads and writes; running it allocates none."""

    def __init__(
        self, session: Any, binding: Any, options: Any, buffers: tuple[Buffer, ...]
    ) -> None:
        self._session, self._binding, self._options = session, binding, options
        # Referenced here, since ONNX Runtime binds addresses without owning the memory.
        self._buffers = buffers

    def run(self, what: str, tile: tuple[int, int] | None = None) -> None:
        """Run once.

        Raises
        ------
        NetworkError, MemoryLimitError
            ONNX Runtime failed; the message names `what` it was running.
        """
        with device_errors(what, tile):
            self._session.run_with_iobinding(self._binding, self._options)


class LoadedGraph:
    """One graph, loaded.

    Parameters
    ----------
    session : onnxruntime.InferenceSession
        The graph's session.
    device : Device
        The device of its buffers.
    release_memory : bool
        Whether to release its working memory after each run.
    recording : bool
        Whether its first run records kernels; that executes them several times, so sums must be
        cleared afterwards.
    """

    def __init__(
        self, session: Any, device: Device, *, release_memory: bool = False, recording: bool = False
    ) -> None:
        self.recording = recording
        self._session, self._device = session, device
        self._options = runtime().RunOptions()
        if release_memory:
            kind = "cpu" if device.kind == "cpu" else "gpu"
            self._options.add_run_config_entry(
                "memory.enable_memory_arena_shrinkage", f"{kind}:{device.number}"
            )

    def bind(self, inputs: Mapping[str, Buffer], outputs: Mapping[str, Buffer]) -> BoundGraph:
        """Bind inputs and outputs to buffers.

        A buffer may be both if the graph reads it only before the last node writes it, or if that
        node is element-wise.
        """
        binding = self._session.io_binding()
        device = self._device.kind, self._device.number
        for bind, buffers in ((binding.bind_input, inputs), (binding.bind_output, outputs)):
            for name, buffer in buffers.items():
                address = buffer.value.data_ptr()
                bind(name, *device, buffer.dtype.type, list(buffer.shape), address)
        used = (*inputs.values(), *outputs.values())
        return BoundGraph(self._session, binding, self._options, used)


class Graphs:
    """Cache of loaded graphs, limited in number and in pixels of their images.

    Parameters
    ----------
    execution : Execution
        The provider, which must be loadable, by its short name.
    """

    def __init__(self, execution: Execution) -> None:
        # In full precision for any recipe: the image and its sums are float32.
        self._execution = execution.in_full()
        self.device = Device(execution.provider)
        self._cache: dict[bytes, tuple[LoadedGraph, int]] = {}

    def get(self, model: onnx.ModelProto, pixels: int, release_memory: bool = False) -> LoadedGraph:
        """The loaded graph of a model.

        Parameters
        ----------
        model : onnx.ModelProto
            Arithmetic on images of fixed sizes.
        pixels : int
            Pixels of its largest image, which its working memory is proportional to.
        release_memory : bool
            As for `LoadedGraph`.
        """
        key = hashlib.sha256(model.SerializeToString(deterministic=True)).digest()
        found = self._cache.pop(key, None)
        if found is None:
            self._evict(pixels)
            with device_errors("its graphs"):
                session = open_native(model, self._execution).native
            found = LoadedGraph(session, self.device, release_memory=release_memory), pixels
        self._cache[key] = found
        return found[0]

    def _evict(self, pixels: int) -> None:
        """Drop the least recently used graphs until a new one is within the limits."""
        while self._cache and (
            len(self._cache) >= _MAX_GRAPHS
            or pixels + sum(size for _, size in self._cache.values()) > _MAX_PIXELS
        ):
            del self._cache[next(iter(self._cache))]

    def __len__(self) -> int:
        return len(self._cache)
