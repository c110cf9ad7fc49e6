"""ONNX Runtime sessions: choose an execution provider, and check that it really loaded."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from dreamlayer.core.errors import NetworkError, ProviderError, install_command, nearest
from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.core.runtime import cache
from dreamlayer.core.runtime.cores import usable_cores
from dreamlayer.core.runtime.providers import AUTO, PROVIDERS, Execution, provider_of

Array = npt.NDArray[np.float32]

_EXTERNAL_WEIGHTS = {
    "session.optimized_model_external_initializers_file_name": "weights",
    "session.optimized_model_external_initializers_min_size_in_bytes": "32768",
}
"""A cached graph's weights are stored beside it; small tensors, which may depend on size, in it."""

_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""ONNX Runtime 1.32 and later report to Microsoft unless this is set when it is imported."""

_importing = threading.Lock()


def runtime() -> Any:
    """Import onnxruntime, with telemetry off unless the user's environment sets it.

    Raises
    ------
    ProviderError
        If it is not installed or does not load.
    """
    try:
        with _without_telemetry():
            import onnxruntime
    except ImportError as error:
        raise ProviderError(
            f"onnxruntime does not load ({error}); "
            f"install it with: {install_command('cpu')} (or [gpu], [openvino])"
        ) from error
    return onnxruntime


@contextlib.contextmanager
def _without_telemetry() -> Iterator[None]:
    """Set the variable during the import only, so that the host's environment stays unchanged."""
    with _importing:
        ours = "onnxruntime" not in sys.modules and _TELEMETRY not in os.environ
        if ours:
            os.environ[_TELEMETRY] = "1"
        try:
            yield
        finally:
            if ours:
                del os.environ[_TELEMETRY]


def short_name(provider: str) -> str:
    """``cpu`` for ``CPUExecutionProvider``; for unknown providers the name without its suffix."""
    known = (short for short, row in PROVIDERS.items() if row.name == provider)
    return next(known, provider.removesuffix("ExecutionProvider").lower())


def offered() -> list[str]:
    """Short names of the providers that the installed ONNX Runtime was built with."""
    return list(_available())


def _available() -> dict[str, str]:
    """Full names of providers by short name, without Azure's, which calls a remote service."""
    names = runtime().get_available_providers()
    return {short_name(name): name for name in names if name != "AzureExecutionProvider"}


def full_name(provider: str) -> str:
    """The full name of a provider given by its short or full name.

    Raises
    ------
    ProviderError
        If the installed ONNX Runtime was built without it.
    """
    names, short = _available(), provider.lower()
    if provider in names.values():
        return provider
    if short in names:
        return names[short]
    if short in PROVIDERS:
        extra = PROVIDERS[short].extra
        remedy = f"; install it with: {install_command(extra)}" if extra else ""
        raise ProviderError(
            f"provider {provider!r} is not part of the installed ONNX Runtime "
            f"{runtime().__version__}, which offers {', '.join(names)}{remedy}"
        )
    hint = nearest(short, sorted({*PROVIDERS, *names}))
    raise ProviderError(f"provider {provider!r} is not known; {hint or 'use ' + ', '.join(names)}")


def first_choice(provider: str) -> str:
    """Short name of the provider that `open_session` tries first.

    Raises
    ------
    ProviderError
        If the installed ONNX Runtime was built without the named one.
    """
    return short_name(_candidates(provider)[0])


def _candidates(provider: str) -> list[str]:
    """Full names of the providers to try, in this order."""
    if provider != AUTO:
        return [full_name(provider)]
    rows = [row for name, row in PROVIDERS.items() if row.auto and name in _available()]
    return [row.name for row in sorted(rows, key=lambda row: row.auto)]


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


def open_session(
    source: Source | onnx.ModelProto,
    execution: Execution = Execution(),
    options: Mapping[str, str] | None = None,
) -> Any:
    """Open a session on the requested provider, and check that this provider loaded.

    Parameters
    ----------
    source : Source or onnx.ModelProto
        Any model of standard operators.
    execution : Execution
        The provider, threads and precision; a named provider is used or refused.
    options : mapping, optional
        Additional options of the provider, which must then be named.

    Returns
    -------
    onnxruntime.InferenceSession

    Raises
    ------
    ProviderError
        If the named provider is missing or did not load, or `threads` is out of range.
    NetworkError
        If ONNX Runtime rejects the model.
    """
    cores = usable_cores()
    if not 0 <= execution.threads <= cores:
        raise ProviderError(
            f"{execution.threads} threads are not possible; give 1 to {cores}, the number of "
            f"cores, or 0 for all"
        )
    ort = runtime()
    if isinstance(source, onnx.ModelProto):
        model = source
        source = Source(lambda _: model)
    candidates = _candidates(execution.provider)
    for name in candidates:
        try:
            session = _open(ort, source, execution.on(name), options or {})
        except NetworkError:
            if name == candidates[-1]:
                raise
            continue
        if session.get_providers()[0] == name:
            return session
    raise ProviderError(
        f"provider {execution.provider!r} is installed but did not load on this machine "
        f"(its libraries or its device are missing); run `dreamlayer doctor` for the reason, or "
        f"use --provider cpu"
    )


def _open(ort: Any, source: Source, execution: Execution, extra: Mapping[str, str]) -> Any:
    """Open a source from the cache, or make it and cache its optimized graph."""
    provider, threads = execution.provider, execution.threads
    short = short_name(provider)
    row = provider_of(short)
    settings = {**row.settings(execution.precision, threads), **extra}
    if not source.identity or not row.saves_graphs:
        content = source.make(short).SerializeToString()
        return _create(ort, content, _options(ort, threads), provider, settings)
    key = (*source.identity, short, settings, ort.__version__, cache.machine())
    cached = cache.lookup(*key)
    if cached is not None:
        options = _options(ort, threads)
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            return _create(ort, str(cached), options, provider, settings)
        except NetworkError:
            # It is damaged, or its weights were removed.
            cache.evict(cached)
    options = _options(ort, threads)
    content = source.make(short).SerializeToString()
    with cache.store(*key) as folder:
        if folder is not None:
            options.optimized_model_filepath = str(folder / "model.onnx")
            for entry, value in _EXTERNAL_WEIGHTS.items():
                options.add_session_config_entry(entry, value)
            try:
                session = _create(ort, content, options, provider, settings)
            except NetworkError:
                # The disk may be full; a fault of the network shows below.
                cache.discard(folder)
            else:
                if session.get_providers()[0] != provider:
                    # It fell back to the CPU: the graph is not this provider's.
                    cache.discard(folder)
                return session
    return _create(ort, content, _options(ort, threads), provider, settings)


def _options(ort: Any, threads: int) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # Fatal errors only: failures are found by checking the loaded provider, and reported by us.
    options.log_severity_level = 4
    # Otherwise threads busy-wait after each run, on cores that an editor may need.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def _create(
    ort: Any, model: bytes | str, options: Any, provider: str, settings: Mapping[str, str]
) -> Any:
    try:
        # ONNX Runtime reports fallbacks on standard output, where a picture may be written.
        with contextlib.redirect_stdout(io.StringIO()):
            session = ort.InferenceSession(model, options, providers=[(provider, dict(settings))])
        # Otherwise a failure in the middle of a dream would silently move it to the CPU.
        session.disable_fallback()
    except Exception as error:
        # ONNX Runtime's exceptions share no base class of their own.
        if not (_is_ort(error) or isinstance(error, RuntimeError | ValueError)):
            raise
        raise NetworkError(f"ONNX Runtime rejects the network: {_first_line(error)}") from error
    return session


def _is_ort(error: Exception) -> bool:
    return type(error).__module__.startswith("onnxruntime")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def run(session: Any, names: Sequence[str], fed: Mapping[str, Array]) -> list[Array]:
    """Run a session on an image, float32 [1, 3, height, width].

    Raises
    ------
    NetworkError
        ONNX Runtime failed.
    """
    try:
        results: list[Array] = session.run(names, dict(fed))
    except Exception as error:
        if not _is_ort(error):
            raise
        height, width = fed[IMAGE].shape[2:]
        raise NetworkError(
            f"the network failed on a tile of {width} × {height} pixels: {_first_line(error)}"
        ) from error
    return results
