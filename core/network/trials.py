"""Networks from strangers are tried in a process of their own before this one computes with them.

ONNX's shape inference and ONNX Runtime are native code, which a network file can make abort, divide
by zero or compute for ever. A trial does once what will be done later, by the same code. Where it
comes to its end this process may do the same, and that it did is remembered with the file's digest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamlayer.core.errors import LayerError, NetworkError, UnsupportedOperatorError, shown
from dreamlayer.core.isolation.place import possible

if TYPE_CHECKING:
    from dreamlayer.core.network.network import Network

_OWN_FAULTS = (NetworkError, LayerError, UnsupportedOperatorError)
"""What a network may be refused for in words."""

_SIDE = 64
"""Pixels beyond the smallest side of the larger of the tiles that are tried."""


def guarded(path: Path, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call a function that works on a network file in a process of its own.

    Parameters
    ----------
    path : Path
        The file; its size determines how long the function may take.
    function, arguments, named
        As for `core.isolation.process.run`.

    Raises
    ------
    NetworkError
        The file made the process end, or never end, or something in it is what nobody expects.
    DreamlayerError
        As the function raised it.
    """
    from dreamlayer.core.isolation.budget import Budget, StoppedError
    from dreamlayer.core.isolation.process import UnexpectedError, run
    from dreamlayer.core.network.limits.file_size import size_of
    from dreamlayer.core.network.refusals import refused

    try:
        return run(Budget.for_file(size_of(path)), function, *arguments, **named)
    except StoppedError as stopped:
        raise refused(path, stopped) from stopped
    except UnexpectedError as error:
        raise NetworkError(
            f"network {shown(path)} is not built as networks are ({error.kind} while it was looked "
            f"at); export it again with another exporter"
        ) from error


def guarded_by_name(name: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """As `guarded`, for a network given by name or path; one that ships needs no other process."""
    from dreamlayer.core.network.files import SHIPPED, find

    path = find(name)
    if path in SHIPPED.values():
        return function(*arguments, **named)
    return guarded(path, function, *arguments, **named)


def look(path: Path, digest: str | None) -> dict[str, Any]:
    """Look at a network file in a process of its own: its summary and its digest.

    Parameters
    ----------
    path : Path
        The network's file.
    digest : str or None
        The digest of its content; None where weights may lie in other files.
    """
    from dreamlayer.core.network.refusals import remembered

    found: dict[str, Any] = remembered(
        lambda: guarded(path, _look, str(path.absolute())),
        path,
        digest,
        # The end of the name tells the format.
        *("look", path.suffix),
    )
    return found


def try_layers(path: Path, digest: str, layers: Sequence[str]) -> bool:
    """Compute in a process of its own what a dream on some layers of a network needs.

    Parameters
    ----------
    path : Path
        The network's file.
    digest : str
        The digest of the content that is meant.
    layers : sequence of str
        Tensors that it computes.

    Returns
    -------
    bool
        Whether they were tried; False where no such process can be started.
    """
    if not possible():
        return False
    from dreamlayer.core.network.refusals import remembered

    done: bool = remembered(
        lambda: guarded(path, _try_layers, str(path.absolute()), digest, list(layers)),
        path,
        digest,
        *("layers", *layers),
    )
    return done


def refusal(network: Network, layer: str) -> str | None:
    """Why a dream on a layer would be refused, tried in this process; None if it would not be.

    Parameters
    ----------
    network : Network
        One that this process made, or that was tried in another one.
    layer : str
        The name of one of its layers.
    """
    from dreamlayer.core.runtime.providers import CPU

    try:
        _measure(network, [layer])
        sizes = _sizes(network, [layer])
        _run_forward(network, [layer], sizes, CPU)
        _run_gradient(network, [layer], sizes, CPU)
    except _OWN_FAULTS as error:
        return str(error)
    return None


def _look(path: str) -> dict[str, Any]:
    """What can be told of the whole file; runs in the other process, as what follows."""
    from dreamlayer.core.network.network import Network

    network = Network(path)
    network.layers()
    return network.told()


def _try_layers(path: str, digest: str, layers: list[str]) -> bool:
    from dreamlayer.core.network.network import Network

    network = Network(path)
    if network.digest != digest:
        raise NetworkError(f"network {shown(Path(path))} changed while it was read; try again")
    singles = [[layer] for layer in layers] if len(layers) > 1 else []
    for some in singles:
        _passes(_measure, network, some)
    if not _whole(network, layers):
        # What one of them is refused for ends the trial of all.
        for some in singles:
            _whole(network, some)
    return True


def _whole(network: Network, layers: Sequence[str]) -> bool:
    """Whether layers have sizes, activations and a gradient; what they have not ends in words."""
    if not _passes(_measure, network, layers):
        return False
    sizes, done = _sizes(network, layers), True
    for provider in _providers():
        done &= _passes(_run_forward, network, layers, sizes, provider)
        done &= _passes(_run_gradient, network, layers, sizes, provider)
    return done


def _passes(work: Callable[..., object], *arguments: object) -> bool:
    try:
        work(*arguments)
    except _OWN_FAULTS:
        # Whoever needs it is told then; here it only must not end the process.
        return False
    return True


def _measure(network: Network, layers: Sequence[str]) -> None:
    network.geometry(layers)
    network.activation_bytes(layers)


def _sizes(network: Network, layers: Sequence[str]) -> list[tuple[int, int]]:
    """Height and width of the tiles to try: the smallest, and one that is larger; or the only."""
    geometry = network.geometry(layers)
    if geometry.exact is not None:
        return [geometry.exact]
    smallest = geometry.accepted_side(1)
    return [(side, side) for side in (smallest, geometry.accepted_side(smallest + _SIDE))]


def _providers() -> list[str]:
    """Those that compute on the CPU; GPUs have limits of their own."""
    from dreamlayer.core.runtime.providers import CPU, OPENVINO, PROVIDERS
    from dreamlayer.core.runtime.sessions import installed

    return [name for name in installed() if name == CPU or PROVIDERS[name].engine == OPENVINO]


def _run_forward(
    network: Network, layers: Sequence[str], sizes: Sequence[tuple[int, int]], provider: str
) -> None:
    from dreamlayer.core.network.activations import Activations
    from dreamlayer.core.runtime.providers import Execution

    run_layers = Activations(network, layers, Execution(provider))
    for size in sizes:
        run_layers(_noise(size))


def _run_gradient(
    network: Network, layers: Sequence[str], sizes: Sequence[tuple[int, int]], provider: str
) -> None:
    from dreamlayer.core.network.gradient_session import GradientSession
    from dreamlayer.core.recipe.term import Term
    from dreamlayer.core.runtime.providers import Execution

    session = GradientSession(network, [Term(layer) for layer in layers], Execution(provider))
    for size in sizes:
        session(_noise(size))
    session.specialize(sizes[-1])
    session(_noise(sizes[-1]))


def _noise(size: tuple[int, int]) -> Any:
    import numpy as np

    return np.random.default_rng(0).random((3, *size), np.float32)
