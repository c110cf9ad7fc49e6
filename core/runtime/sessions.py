"""ONNX Runtime sessions: choose an execution provider, and check which one really loaded."""

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

from dreamlayer.core.errors import NetworkError, ProviderError, nearest
from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.core.runtime import cache
from dreamlayer.core.runtime.providers import AUTO, PROVIDERS, Execution, provider_of

Array = npt.NDArray[np.float32]

_OUTSIDE = {
    "session.optimized_model_external_initializers_file_name": "weights",
    "session.optimized_model_external_initializers_min_size_in_bytes": "32768",
}
"""Weights of a kept graph go into a file beside it; smaller tensors may be of its one size."""

_TELEMETRY = "ORT_DISABLE_TELEMETRY"
"""Read by ONNX Runtime while it is imported; without it, 1.32 and later report to Microsoft."""

_importing = threading.Lock()


def runtime() -> Any:
    """The onnxruntime module, imported with its telemetry off unless the user's environment says.

    Raises
    ------
    ProviderError
        Where it is not installed or does not load.
    """
    try:
        with _without_telemetry():
            import onnxruntime
    except ImportError as error:
        raise ProviderError(
            f"onnxruntime does not load ({error}); "
            f"install it with: pip install 'dreamlayer[cpu]' (or [gpu], [openvino])"
        ) from error
    return onnxruntime


@contextlib.contextmanager
def _without_telemetry() -> Iterator[None]:
    """Set the variable for the import alone: a library leaves its host's environment as it was."""
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
    """``cpu`` for ``CPUExecutionProvider``; unknown ones lose only their ending."""
    for short, row in PROVIDERS.items():
        if row.name == provider:
            return short
    return provider.removesuffix("ExecutionProvider").lower()


def offered() -> list[str]:
    """Short names of the providers that the installed ONNX Runtime was built with."""
    return list(_built())


def _built() -> dict[str, str]:
    """Providers that compute on this machine, by short name; Azure's calls a remote service."""
    names = runtime().get_available_providers()
    return {short_name(name): name for name in names if name != "AzureExecutionProvider"}


def full_name(provider: str) -> str:
    """The full name of a provider given by its short or full name.

    Raises
    ------
    ProviderError
        Where the installed ONNX Runtime was built without it.
    """
    built = _built()
    if provider in built.values():
        return provider
    if provider.lower() in built:
        return built[provider.lower()]
    known = sorted({*PROVIDERS, *built})
    if provider.lower() in PROVIDERS:
        extra = PROVIDERS[provider.lower()].extra
        remedy = f"; install it with: pip install 'dreamlayer[{extra}]'" if extra else ""
        raise ProviderError(
            f"provider {provider!r} is not part of the installed ONNX Runtime "
            f"{runtime().__version__}, which offers {', '.join(built)}{remedy}"
        )
    hint = nearest(provider.lower(), known)
    raise ProviderError(f"provider {provider!r} is not known; {hint or 'use ' + ', '.join(built)}")


def first_choice(provider: str) -> str:
    """Short name of the provider that `open_session` tries first.

    Raises
    ------
    ProviderError
        Where the installed ONNX Runtime was built without the one that is demanded.
    """
    return short_name(_tries(provider)[0])


def _tries(provider: str) -> list[str]:
    if provider != AUTO:
        return [full_name(provider)]
    rows = [row for name, row in PROVIDERS.items() if row.auto and name in _built()]
    return [row.name for row in sorted(rows, key=lambda row: row.auto)]


@dataclass(frozen=True)
class Source:
    """What a session is to run, made only where it is not kept from an earlier time.

    Attributes
    ----------
    make : callable
        Makes the model for a provider, given by its short name.
    identity : tuple
        All that the model depends on beside the provider; empty where it is never to be kept.
    """

    make: Callable[[str], onnx.ModelProto]
    identity: tuple[object, ...] = ()


def open_session(
    source: Source | onnx.ModelProto,
    execution: Execution = Execution(),
    options: Mapping[str, str] | None = None,
) -> Any:
    """Make a session on the provider asked for, and make sure that it is the one that loaded.

    Parameters
    ----------
    source : Source or onnx.ModelProto
        Any model of standard operators.
    execution : Execution
        The provider, threads and precision; a provider that is named is demanded.
    options : mapping, optional
        Further options of the provider, which must then be named.

    Returns
    -------
    onnxruntime.InferenceSession

    Raises
    ------
    ProviderError
        Where the demanded provider is missing or did not load, or `threads` is out of range.
    NetworkError
        Where ONNX Runtime refuses the model.
    """
    cores = os.cpu_count() or 1
    if not 0 <= execution.threads <= cores:
        raise ProviderError(
            f"{execution.threads} threads were asked for; give 1 to {cores}, as this machine has "
            f"cores, or 0 for all"
        )
    ort = runtime()
    if isinstance(source, onnx.ModelProto):
        given = source
        source = Source(lambda _: given)
    tries = _tries(execution.provider)
    for name in tries:
        try:
            session = _open(ort, source, execution.on(name), options or {})
        except NetworkError:
            if name == tries[-1]:
                raise
            continue
        if session.get_providers()[0] == name:
            return session
    raise ProviderError(
        f"provider {execution.provider!r} is installed but did not load on this machine "
        f"(its libraries or its device are missing); run `dreamlayer doctor` for the reason, or "
        f"use --provider cpu"
    )


def _open(ort: Any, source: Source, execution: Execution, further: Mapping[str, str]) -> Any:
    """Open what is kept of a source, or make it and keep it."""
    provider, threads = execution.provider, execution.threads
    short = short_name(provider)
    row = provider_of(short)
    settings = {**row.settings(execution.precision, threads), **further}
    if not source.identity or not row.saves_graphs:
        content = source.make(short).SerializeToString()
        return _make(ort, content, _options(ort, threads), provider, settings)
    filed = (*source.identity, short, settings, ort.__version__, cache.machine())
    found = cache.find(*filed)
    if found is not None:
        options = _options(ort, threads)
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            return _make(ort, str(found), options, provider, settings)
        except NetworkError:
            # Damaged, or its weights were removed: it is made anew.
            cache.forget(found)
    options = _options(ort, threads)
    content = source.make(short).SerializeToString()
    with cache.keeping(*filed) as place:
        if place is not None:
            options.optimized_model_filepath = str(place / "model.onnx")
            for entry, value in _OUTSIDE.items():
                options.add_session_config_entry(entry, value)
            try:
                session = _make(ort, content, options, provider, settings)
            except NetworkError:
                # The disk may be full; what is wrong with the network is found below.
                cache.discard(place)
            else:
                if session.get_providers()[0] != provider:
                    # It fell back: a graph for the CPU is none for this provider.
                    cache.discard(place)
                return session
    return _make(ort, content, _options(ort, threads), provider, settings)


def _options(ort: Any, threads: int) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # 4 is fatal only: what fails is found by checking the loaded provider, and said in a sentence.
    options.log_severity_level = 4
    # Else threads keep a core busy for a while after each run, which an editor may want.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return options


def _make(
    ort: Any, model: bytes | str, options: Any, provider: str, settings: Mapping[str, str]
) -> Any:
    try:
        # ONNX Runtime prints its falling back to standard output, where a picture may go.
        with contextlib.redirect_stdout(io.StringIO()):
            session = ort.InferenceSession(model, options, providers=[(provider, dict(settings))])
        # Else a failure in the middle of a dream would move it to the CPU without a word.
        session.disable_fallback()
    except Exception as error:
        # ONNX Runtime's exceptions share no base class of their own.
        if not type(error).__module__.startswith("onnxruntime") and not isinstance(
            error, RuntimeError | ValueError
        ):
            raise
        first = str(error).strip().splitlines()[0]
        raise NetworkError(f"ONNX Runtime refuses the network: {first}") from error
    return session


def run(session: Any, names: Sequence[str], fed: Mapping[str, Array]) -> list[Array]:
    """Run a session on an image, float32 [1, 3, height, width].

    Raises
    ------
    NetworkError
        ONNX Runtime did not get through.
    """
    try:
        results: list[Array] = session.run(names, dict(fed))
    except Exception as error:
        if not type(error).__module__.startswith("onnxruntime"):
            raise
        first = str(error).strip().splitlines()[0]
        height, width = fed[IMAGE].shape[2:]
        raise NetworkError(
            f"the network did not run on a tile of {width} × {height} pixels: {first}"
        ) from error
    return results
