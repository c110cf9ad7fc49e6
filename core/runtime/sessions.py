"""Sessions: choose an execution provider, and check that it really loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from dreamlayer.core.errors import NetworkError, ProviderError, shown
from dreamlayer.core.installation import install_command
from dreamlayer.core.runtime import onnx_session, openvino_session
from dreamlayer.core.runtime.cores import usable_cores
from dreamlayer.core.runtime.drivers import Fault
from dreamlayer.core.runtime.installed import full_name, offered, short_name
from dreamlayer.core.runtime.loading import fault
from dreamlayer.core.runtime.onnx_session import OnnxSession
from dreamlayer.core.runtime.protocol import Session
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
    make = partial(source.make, short)
    if provider_of(short).engine == OPENVINO:
        session, evict = openvino_session.open_model(make, source.identity, execution)
    else:
        full = full_name(short)
        session, evict = onnx_session.open_model(make, source.identity, execution.on(full), options)
        if session.native.get_providers()[0] != full:
            raise _not_loaded(execution, Fault("it runs nothing of this network"))
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
