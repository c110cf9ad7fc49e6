"""Sessions of ONNX Runtime, whose optimized graphs are cached."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dreamlayer.core.errors import MemoryLimitError, NetworkError
from dreamlayer.core.runtime import graph_cache
from dreamlayer.core.runtime.cache import machine
from dreamlayer.core.runtime.cores import usable_cores
from dreamlayer.core.runtime.installed import runtime, short_name
from dreamlayer.core.runtime.loading import create_session
from dreamlayer.core.runtime.protocol import Array, failed_on, is_shortage
from dreamlayer.core.runtime.providers import (
    Execution,
    provider_of,
)
from dreamlayer.core.runtime.reasons import reason_of

if TYPE_CHECKING:
    import onnx

_EXTERNAL_WEIGHTS = {
    "session.optimized_model_external_initializers_file_name": "weights",
    "session.optimized_model_external_initializers_min_size_in_bytes": "32768",
}
"""A cached graph's weights are stored beside it; small tensors, which may depend on size, in it."""


class OnnxSession:
    """A session of ONNX Runtime.

    Parameters
    ----------
    native : onnxruntime.InferenceSession
        ONNX Runtime's own, for those that bind buffers of a device.
    provider : str
        Short name of the provider that loaded.
    """

    def __init__(self, native: Any, provider: str) -> None:
        self.native, self.provider = native, provider

    def run(self, names: Sequence[str], feeds: Mapping[str, Array]) -> list[Array]:
        """As for `core.runtime.protocol.Session`."""
        try:
            results: list[Array] = self.native.run(names, dict(feeds))
        except Exception as error:
            if not _is_ort(error):
                raise
            raise failed_on(feeds, reason_of(error)) from error
        return results


def open_model(
    make: Callable[[], onnx.ModelProto],
    identity: tuple[object, ...],
    execution: Execution,
    extra: Mapping[str, str],
) -> tuple[OnnxSession, Callable[[], None] | None]:
    """Open a model from the cache, or make it and cache its optimized graph.

    ONNX Runtime may fall back to the CPU, which the session's `native.get_providers()` tells.

    Parameters
    ----------
    make : callable
        Makes the model.
    identity : tuple
        Everything that the model depends on but the provider; empty to bypass the cache.
    execution : Execution
        The provider by its full name, threads and precision.
    extra : mapping
        Further options of the provider.

    Returns
    -------
    (OnnxSession, callable or None)
        What deletes its graph from the cache, where it came from there.

    Raises
    ------
    NetworkError
        ONNX Runtime rejects the model.
    MemoryLimitError
        Memory ran out.
    """
    native, evict = _open(make, identity, execution, extra)
    return OnnxSession(native, short_name(execution.provider)), evict


def _open(
    make: Callable[[], onnx.ModelProto],
    identity: tuple[object, ...],
    execution: Execution,
    extra: Mapping[str, str],
) -> tuple[Any, Callable[[], None] | None]:
    ort, provider, threads = runtime(), execution.provider, execution.threads
    short = short_name(provider)
    row = provider_of(short)
    settings = {**row.settings(execution.precision, threads), **extra}
    if not identity or not row.saves_graphs:
        content = make().SerializeToString()
        return _create(content, _options(ort, execution), provider, settings), None
    key = (*identity, short, settings, ort.__version__, machine())
    cached = graph_cache.lookup(*key)
    if cached is not None:
        options = _options(ort, execution)
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            session = _create(str(cached), options, provider, settings)
            return session, partial(graph_cache.evict, cached)
        except NetworkError:
            # It is damaged, or its weights were removed.
            graph_cache.evict(cached)
    options = _options(ort, execution)
    content = make().SerializeToString()
    with graph_cache.store(*key) as folder:
        if folder is not None:
            options.optimized_model_filepath = str(folder / "model.onnx")
            for entry, value in _EXTERNAL_WEIGHTS.items():
                options.add_session_config_entry(entry, value)
            try:
                session = _create(content, options, provider, settings)
            except NetworkError:
                # The disk may be full; a fault of the network shows below.
                graph_cache.discard(folder)
            else:
                if session.get_providers()[0] != provider:
                    # It fell back to the CPU: the graph is not this provider's.
                    graph_cache.discard(folder)
                return session, None
    return _create(content, _options(ort, execution), provider, settings), None


def _options(ort: Any, execution: Execution) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = execution.threads or _all_threads()
    # Fatal errors only: failures are found by checking the loaded provider, and reported by us.
    options.log_severity_level = 4
    # Otherwise threads busy-wait after each run, on cores that an editor may need.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if execution.shares_cores:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _all_threads() -> int:
    """0, for ONNX Runtime's own choice, unless affinity or a container leaves fewer cores."""
    cores = usable_cores()
    return cores if cores < (os.cpu_count() or 1) else 0


def _create(model: bytes | str, options: Any, provider: str, settings: Mapping[str, str]) -> Any:
    try:
        session = create_session(model, options, provider, settings)
        # Otherwise a failure in the middle of a dream would silently move it to the CPU.
        session.disable_fallback()
    except Exception as error:
        # ONNX Runtime's exceptions share no base class of their own.
        if not (_is_ort(error) or isinstance(error, RuntimeError | ValueError)):
            raise
        reason = reason_of(error)
        if is_shortage(reason):
            raise MemoryLimitError(
                "memory ran out while the network was loaded; close other programs"
            ) from error
        raise NetworkError(f"ONNX Runtime rejects the network: {reason}") from error
    return session


def _is_ort(error: Exception) -> bool:
    return type(error).__module__.startswith("onnxruntime")
