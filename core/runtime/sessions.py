"""Sessions: choose an execution provider, and check that it really loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from dreamlayer.core.errors import MemoryLimitError, NetworkError, ProviderError, shown
from dreamlayer.core.installation import install_command
from dreamlayer.core.runtime import graph_cache, openvino_session
from dreamlayer.core.runtime.cache import machine
from dreamlayer.core.runtime.cores import usable_cores
from dreamlayer.core.runtime.drivers import Fault
from dreamlayer.core.runtime.installed import full_name, offered, runtime, short_name
from dreamlayer.core.runtime.loading import create_session, fault, reason_of
from dreamlayer.core.runtime.protocol import Array, Session, failed_on, is_shortage
from dreamlayer.core.runtime.providers import (
    AUTO,
    ONNX_RUNTIME,
    OPENVINO,
    PROVIDERS,
    Execution,
    provider_of,
)
from dreamlayer.core.runtime.rebuilding import RebuildingSession

if TYPE_CHECKING:
    import onnx

_EXTERNAL_WEIGHTS = {
    "session.optimized_model_external_initializers_file_name": "weights",
    "session.optimized_model_external_initializers_min_size_in_bytes": "32768",
}
"""A cached graph's weights are stored beside it; small tensors, which may depend on size, in it."""


def installed() -> list[str]:
    """Short names of the providers of all installed packages; some may not load here."""
    ours = [short for short, row in PROVIDERS.items() if row.engine == OPENVINO]
    others = [short for short in offered() if provider_of(short).engine == ONNX_RUNTIME]
    return [*(ours if openvino_session.is_installed() else []), *others]


def candidates(provider: str) -> list[str]:
    """Short names of the providers that `open_session` tries, in this order.

    Raises
    ------
    ProviderError
        The named one is not installed.
    """
    if provider == AUTO:
        ranked = [short for short in installed() if provider_of(short).auto]
        return sorted(ranked, key=lambda short: provider_of(short).auto)
    short = short_name(provider)
    if provider_of(short).engine == ONNX_RUNTIME:
        return [short_name(full_name(provider))]
    if not openvino_session.is_installed():
        raise ProviderError(
            f"provider {shown(provider)} needs the package {provider_of(short).package}; install "
            f"it with: {install_command(provider_of(short).extra)}"
        )
    return [short]


def first_choice(provider: str) -> str:
    """Short name of the provider that `open_session` will use.

    Raises
    ------
    ProviderError
        The named one is not installed.
    """
    shorts = candidates(provider)
    if provider != AUTO:
        return shorts[0]
    return next(short for short in shorts if fault(short, chosen=True) is None)


@dataclass(frozen=True)
class Source:
    """A model for a session, made only if it is not cached.

    Attributes
    ----------
    make : callable
        Makes the model for a provider, given by its short name.
    identity : tuple
        Everything that the model depends on but the provider; empty to bypass the cache.
    """

    make: Callable[[str], onnx.ModelProto]
    identity: tuple[object, ...] = ()


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


def open_session(source: Source | onnx.ModelProto, execution: Execution = Execution()) -> Session:
    """Open a session on the requested provider, and check that this provider loaded.

    Parameters
    ----------
    source : Source or onnx.ModelProto
        Any model of standard operators.
    execution : Execution
        The provider, threads and precision; a named provider is used or refused.

    Raises
    ------
    ProviderError
        If the named provider is missing or did not load, or `threads` is out of range.
    NetworkError
        If the provider rejects the model.
    """
    return _first_loaded(_as_source(source), execution, candidates(execution.provider))


def open_native(
    model: onnx.ModelProto, execution: Execution, options: Mapping[str, str] | None = None
) -> OnnxSession:
    """Open a session of ONNX Runtime, for buffers of its devices.

    Parameters and errors are those of `open_session`; `options` are additional ones of the
    provider, which must then be named.
    """
    shorts = candidates(execution.provider)
    ours = [short for short in shorts if provider_of(short).engine == ONNX_RUNTIME]
    if not ours:
        raise ProviderError(
            f"provider {shown(execution.provider)} has no device that could hold images; use "
            f"--backend numpy, or another provider"
        )
    session = _first_loaded(_as_source(model), execution, ours, options)
    assert isinstance(session, OnnxSession)
    return session


def _as_source(source: Source | onnx.ModelProto) -> Source:
    if isinstance(source, Source):
        return source
    return Source(lambda _: source)


def _first_loaded(
    source: Source,
    execution: Execution,
    shorts: Sequence[str],
    options: Mapping[str, str] | None = None,
) -> Session:
    """The session of the first of some providers that loads."""
    cores = usable_cores()
    if not 0 <= execution.threads <= cores:
        raise ProviderError(
            f"{execution.threads} threads are not possible; give 1 to {cores}, the number of "
            f"cores, or 0 for all"
        )
    for short in shorts:
        try:
            found = fault(short, chosen=execution.provider == AUTO)
            if found is not None:
                raise _not_loaded(execution, found)
            return _loaded_on(short, source, execution, options or {})
        except (NetworkError, ProviderError):
            if short == shorts[-1]:
                raise
    raise AssertionError("ONNX Runtime always has the CPU provider")


def _loaded_on(
    short: str, source: Source, execution: Execution, options: Mapping[str, str]
) -> Session:
    """The session on one provider."""
    session: Session
    if provider_of(short).engine == OPENVINO:
        make = partial(source.make, short)
        session, evict = openvino_session.open_model(make, source.identity, execution)
    else:
        full = full_name(short)
        native, evict = _open(runtime(), source, execution.on(full), options)
        if native.get_providers()[0] != full:
            raise _not_loaded(execution, Fault("it runs nothing of this network"))
        session = OnnxSession(native, short)
    if evict is None:
        return session

    def rebuild() -> Session:
        evict()
        return _loaded_on(short, source, execution, options)

    return RebuildingSession(session, rebuild)


def _not_loaded(execution: Execution, found: Fault) -> ProviderError:
    return ProviderError(
        f"provider {shown(execution.provider)} did not load on this machine: {found}"
    )


def _open(
    ort: Any, source: Source, execution: Execution, extra: Mapping[str, str]
) -> tuple[Any, Callable[[], None] | None]:
    """Open a source from the cache, or make it and cache its optimized graph.

    Returns
    -------
    (onnxruntime.InferenceSession, callable or None)
        What deletes its graph from the cache, where it came from there.
    """
    provider, threads = execution.provider, execution.threads
    short = short_name(provider)
    row = provider_of(short)
    settings = {**row.settings(execution.precision, threads), **extra}
    if not source.identity or not row.saves_graphs:
        content = source.make(short).SerializeToString()
        return _create(content, _options(ort, execution), provider, settings), None
    key = (*source.identity, short, settings, ort.__version__, machine())
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
    content = source.make(short).SerializeToString()
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
