"""Try a gradient model in runtimes: loss and gradient beside those of the network itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx

from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.names import GRADIENT, IMAGE, LOSS
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.inputs import references
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.references import mean_gram
from dreamlayer.core.recipe.kinds import GRAM
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.reasons import reason_of
from dreamlayer.core.runtime.sessions import open_session
from dreamlayer.export import verify
from dreamlayer.export.gradient.runtimes import RUNTIMES
from dreamlayer.export.verify import COSINE_LIMIT

Array = npt.NDArray[np.float32]

LOSS_LIMIT = 1e-3
"""Of the difference between losses, over the loss."""

LENGTH_LIMIT = 1e-2
"""Of the difference between the gradients' lengths over the length; no cosine shows it."""

_ATTEMPTS = 3
_NEGLIGIBLE = 1e-6


@dataclass(frozen=True)
class Trial:
    """How well a runtime agrees.

    Attributes
    ----------
    loss_error : float
        Difference of the losses over the loss.
    cosine : float
        Between the gradients as vectors.
    length_error : float
        Difference of their lengths over the length.
    gradient_error : float
        Largest difference of two elements over the largest element.
    """

    loss_error: float
    cosine: float
    length_error: float
    gradient_error: float

    @property
    def agrees(self) -> bool:
        """Whether all limits hold."""
        return (
            self.cosine >= COSINE_LIMIT
            and self.loss_error <= LOSS_LIMIT
            and self.length_error <= LENGTH_LIMIT
        )


class Trials:
    """The network's own gradient, to compare runtimes with.

    It is computed by ONNX Runtime's CPU provider with graph optimization off, from the gradient
    whose pools give indices, whatever the variant of the file. Where two values in a pool lie
    within rounding of each other, or a ReLU's input lies so near zero, two right programs decide
    differently: what disagrees is tried again on another image, three times at most. A wrong
    gradient is wrong on each.

    Parameters
    ----------
    network, terms
        What the model was made from.
    size
        Height and width of the images.
    """

    def __init__(self, network: Network, terms: Sequence[Term], size: tuple[int, int]) -> None:
        self._network, self._terms, self._size = network, terms, size
        self._session = verify.open_session(
            gradient_model(network.model, terms, variant=VARIANTS["indices"]), optimize=False
        )
        self._known: dict[int, tuple[dict[str, Array], float, Array]] = {}

    def run(self, model: Path, runtime: str, modules: Path | None) -> Trial:
        """Try a model.

        Raises
        ------
        NetworkError
            The runtime does not run it.
        """
        for seed in range(_ATTEMPTS):
            feeds, loss, gradient = self._expected(seed)
            found = RUNTIMES[runtime].run(model, feeds, modules)
            trial = _compared(found, (loss, gradient))
            if trial.agrees:
                break
        return trial

    def feeds(self) -> dict[str, Array]:
        """Inputs that the network's own gradient takes."""
        return self._expected(0)[0]

    def _expected(self, seed: int) -> tuple[dict[str, Array], float, Array]:
        if seed not in self._known:
            image, other = (self._noise(number) for number in (seed, 1000 + seed))
            feeds = {IMAGE: image, **self._references(other)}
            try:
                loss, gradient = self._session.run([LOSS, GRADIENT], feeds)
            except Exception as error:  # ONNX Runtime's errors have no common base but this
                verify.check_memory(error)
                height, width = self._size
                raise NetworkError(
                    f"ONNX Runtime cannot run the network on an image of {width} × {height} "
                    f"pixels ({reason_of(error)}); give another --size"
                ) from error
            self._known[seed] = feeds, float(loss), gradient
        return self._known[seed]

    def _noise(self, seed: int) -> Array:
        shape = (1, 3, *self._size)
        return np.random.default_rng(seed).random(shape, dtype=np.float32)

    def _references(self, image: Array) -> Mapping[str, Array]:
        """What terms compare with, from another image."""
        wanted = references(self._terms)
        if not wanted:
            return {}
        layers = list(dict.fromkeys(one.layer for one in wanted))
        real = [layer for layer in layers if layer != IMAGE]
        maps = {IMAGE: image, **verify.activations(self._network.model, real, image)}
        return {
            one.input: mean_gram(maps[one.layer]) if one.source == GRAM else maps[one.layer]
            for one in wanted
        }


def rehearse(
    network: Network, terms: Sequence[Term], model: onnx.ModelProto, size: tuple[int, int]
) -> None:
    """Compute once what `Trials` does, where a network may end the process.

    Raises
    ------
    NetworkError
        ONNX Runtime does not run the network, or the model.
    """
    feeds = Trials(network, terms, size).feeds()
    open_session(model, Execution("cpu")).run([LOSS, GRADIENT], feeds)


def table(trials: Iterator[tuple[str, str, Trial]], size: tuple[int, int]) -> Iterator[str]:
    """Print trials as they come: a heading, and a line for each runtime with its version."""
    height, width = size
    yield (
        f"Against the network's own gradient, of noise of {width} × {height} pixels, by ONNX "
        f"Runtime's CPU provider without optimization:"
    )
    yield f"{'runtime':<12} {'version':<12} {'cosine':>10} {'largest error':>14} {'loss':>8}"
    for name, version, trial in trials:
        yield (
            f"{name:<12} {version[:12]:<12} {trial.cosine:>10.8f} {trial.gradient_error:>14.1e} "
            f"{trial.loss_error:>8.1e}"
        )


def _compared(found: tuple[float, Array], expected: tuple[float, Array]) -> Trial:
    length, own = (float(np.linalg.norm(one[1].astype(np.float64))) for one in (found, expected))
    both_zero = length == own == 0
    return Trial(
        loss_error=abs(found[0] - expected[0]) / max(abs(expected[0]), _NEGLIGIBLE),
        cosine=1.0 if both_zero else verify.cosine(found[1], expected[1]),
        length_error=0.0 if both_zero else abs(length - own) / max(own, 1e-300),
        gradient_error=verify.relative_error(found[1], expected[1]),
    )
