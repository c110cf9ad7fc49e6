"""ONNX Runtime sessions: choose an execution provider, and check which one really loaded."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from core.errors import NetworkError, ProviderError, nearest
from core.gradient import GRADIENT, LOSS
from core.inference import IMAGE
from core.providers import AUTO, PROVIDERS

Array = npt.NDArray[np.float32]

_AUTO_ORDER = ("cuda", "rocm", "migraphx", "cpu")
_INSTALL = {"cpu": "cpu", "cuda": "gpu", "tensorrt": "gpu", "openvino": "openvino"}


def runtime() -> Any:
    """The onnxruntime module.

    Raises
    ------
    ProviderError
        Where it is not installed or does not load.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ProviderError(
            f"onnxruntime does not load ({error}); "
            f"install it with: pip install 'dreamlayer[cpu]' (or [gpu], [openvino])"
        ) from error
    return onnxruntime


def short_name(provider: str) -> str:
    """``cpu`` for ``CPUExecutionProvider``; unknown ones lose only their ending."""
    for short, full in PROVIDERS.items():
        if full == provider:
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
        extra = _INSTALL.get(provider.lower())
        remedy = f"; install it with: pip install 'dreamlayer[{extra}]'" if extra else ""
        raise ProviderError(
            f"provider {provider!r} is not part of the installed ONNX Runtime "
            f"{runtime().__version__}, which offers {', '.join(built)}{remedy}"
        )
    hint = nearest(provider.lower(), known)
    raise ProviderError(f"provider {provider!r} is not known; {hint or 'use ' + ', '.join(built)}")


def open_session(
    model: onnx.ModelProto,
    provider: str = AUTO,
    threads: int = 0,
    options: Mapping[str, str] | None = None,
) -> Any:
    """Make a session on the provider asked for, and make sure that it is the one that loaded.

    Parameters
    ----------
    model : onnx.ModelProto
        Any model of standard operators.
    provider : str
        `auto` takes the fastest that loads; any other is a demand.
    threads : int
        Threads within an operator on the CPU, at most one a core; 0 for one a core.
    options : mapping, optional
        Options of the provider, which must then be named.

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
    if not 0 <= threads <= cores:
        raise ProviderError(
            f"{threads} threads were asked for; give 1 to {cores}, as this machine has cores, "
            f"or 0 for all"
        )
    ort = runtime()
    if provider == AUTO:
        built = offered()
        tries = [PROVIDERS[name] for name in _AUTO_ORDER if name in built]
    else:
        tries = [full_name(provider)]
    for name in tries:
        try:
            session = _make(ort, model, name, threads, options)
        except NetworkError:
            if name == tries[-1]:
                raise
            continue
        if session.get_providers()[0] == name:
            return session
    raise ProviderError(
        f"provider {provider!r} is installed but did not load on this machine (its libraries or "
        f"its device are missing); run `dreamlayer doctor` for the reason, or use --provider cpu"
    )


def _make(
    ort: Any,
    model: onnx.ModelProto,
    provider: str,
    threads: int,
    settings: Mapping[str, str] | None,
) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    # 4 is fatal only: what fails is found by checking the loaded provider, and said in a sentence.
    options.log_severity_level = 4
    try:
        # ONNX Runtime prints its falling back to standard output, where a picture may go.
        with contextlib.redirect_stdout(io.StringIO()):
            session = ort.InferenceSession(
                model.SerializeToString(), options, providers=[(provider, dict(settings or {}))]
            )
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


class GradientSession:
    """A loaded objective: gives its value and its gradient for one tile.

    Parameters
    ----------
    model : onnx.ModelProto
        What `core.gradient.gradient_model` made.
    provider, threads
        As for `open_session`.

    Attributes
    ----------
    provider : str
        Short name of the provider that really runs it.
    """

    def __init__(self, model: onnx.ModelProto, provider: str = AUTO, threads: int = 0) -> None:
        self._session = open_session(model, provider, threads)
        self.provider = short_name(self._session.get_providers()[0])

    def __call__(
        self, tile: Array, references: Mapping[str, Array] | None = None
    ) -> tuple[float, Array]:
        """Run one tile.

        Parameters
        ----------
        tile : array
            float32 [3, height, width], 0..1.
        references : mapping, optional
            What terms are compared with, by the names of `core.objective.Reference.input`.

        Returns
        -------
        (float, array)
            The objective, and its gradient, float32 [3, height, width].
        """
        fed = {IMAGE: tile[np.newaxis], **(references or {})}
        loss, gradient = run(self._session, (LOSS, GRADIENT), fed)
        return float(loss), gradient[0]


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
