"""A network in memory: its layers, its sizes, and the models made from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from dreamlayer.core.errors import LayerError, bare, nearest, shown
from dreamlayer.core.graph.geometry import Geometry
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.core.isolation.place import inside, possible
from dreamlayer.core.network import trials
from dreamlayer.core.network.files import SHIPPED, find
from dreamlayer.core.network.image_size import image_size
from dreamlayer.core.network.layers import Layer, described, feature_maps, read_layers
from dreamlayer.core.network.lazy_model import LazyModel
from dreamlayer.core.network.shipped import known_beside, other_with
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime import cache
from dreamlayer.core.runtime.facts import (
    finite_number,
    strings,
    truth,
    whole,
)
from dreamlayer.core.runtime.providers import provider_of
from dreamlayer.core.runtime.sessions import Source

if TYPE_CHECKING:
    import onnx

Value = TypeVar("Value")


class Network:
    """A network file in memory.

    Parameters
    ----------
    name : str
        A name that `core.network.files.available` lists, or a path.
    content : bytes, optional
        What this process is about to write to this path, which needs no trial in another one.

    Raises
    ------
    NetworkError
        It cannot be found or read, or does not meet the contract: one input `image`,
        float32 [batch, 3, height, width], opset 18 or later, standard operators.
    """

    def __init__(self, name: str = DEFAULT_NETWORK, content: bytes | None = None) -> None:
        self.path = find(name) if content is None else Path(name)
        self._lazy = LazyModel(self.path, content)
        self._is_trusted = content is not None or self.path in SHIPPED.values()
        self.metadata = self._lazy.summary.metadata
        self.name = bare(self.metadata.get("dreamlayer.name", self.path.stem))
        self._geometry: dict[tuple[str, ...], Geometry] = {}
        self._tried: set[tuple[str, ...]] = set()

    @property
    def model(self) -> onnx.ModelProto:
        """The network's graph, parsed when it is first asked for; not to be changed."""
        return self._lazy.model()

    @property
    def digest(self) -> str:
        """Digest of the file's content, weights in other files included."""
        return self._lazy.digest

    @property
    def weight_count(self) -> int:
        """The number of weights."""
        return self._lazy.summary.weights

    @cached_property
    def image_size(self) -> tuple[int, int] | None:
        """Height and width of the only images that it takes; None if it takes any size."""
        return image_size(self.metadata)

    @cached_property
    def layer_names(self) -> list[str]:
        """Layer names in the file's order; all feature maps if it lists none."""
        listed = self._lazy.summary.listed
        return self._memoize(self._feature_maps, "maps", read=strings) if listed is None else listed

    def _feature_maps(self) -> list[str]:
        return feature_maps(self.model, self._lazy.summary.tensors)

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Layers by other names that stand for them: those of the file that it was made from."""
        return self._lazy.summary.aliases

    def tensor(self, layer: str) -> str:
        """The tensor that a layer's name means: that name, or the layer that it is an alias of."""
        return layer if layer in self._tensors else self.aliases.get(layer, layer)

    def resolved(self, terms: Sequence[Term]) -> tuple[Term, ...]:
        """Terms with the names of tensors in the place of their aliases."""
        return tuple(replace(term, layer=self.tensor(term.layer)) for term in terms)

    @cached_property
    def _tensors(self) -> frozenset[str]:
        return frozenset((IMAGE, *self._lazy.summary.tensors))

    def layers(self) -> list[Layer]:
        """All layers, with channels, stride and whether they can be dreamed."""
        return self._memoize(
            lambda: described(self.model, self.layer_names), "layers", read=read_layers
        )

    def told(self) -> dict[str, Any]:
        """What `core.network.trials.look` tells the process that asked."""
        return self._lazy.told()

    def prepare(self, layers: Sequence[str]) -> None:
        """Try in a process of its own what these layers need, unless that was done before.

        Called before anything is computed of them that differs from layer to layer; a network that
        ships needs no trial.

        Raises
        ------
        NetworkError
            The process ended or did not come to an end; the message says how.
        """
        tensors = {self.tensor(layer) for layer in layers}
        wanted = tuple(sorted((tensors & self._tensors) - {IMAGE}))
        known = not wanted or wanted in self._tried or self._is_trusted or inside()
        if not known:
            # Where it cannot be tried, it is not known to those who can.
            self._memoize(
                lambda: trials.try_layers(self.path, self.digest, wanted),
                *("tried", possible(), *wanted),
                read=truth,
            )
            # Those that are wanted together are tried one by one too.
            self._tried.update([wanted, *((layer,) for layer in wanted)])

    def _memoize(
        self, compute: Callable[[], Any], *parts: object, read: Callable[[Any], Value]
    ) -> Value:
        """A value that depends on the file and `parts` only, from the cache if possible."""
        return cache.memoize(compute, *parts, self.digest, read=read)

    def check(self, terms: Sequence[Term]) -> None:
        """Raise `LayerError` if a term names a layer that does not exist."""
        self.check_layers([term.layer for term in terms])

    def check_layers(self, layers: Sequence[str]) -> None:
        """Raise `LayerError` if one does not exist; the picture itself is called `image`."""
        for layer in layers:
            if self.tensor(layer) not in self._tensors:
                raise LayerError(
                    f"network {bare(self.name)} has no layer {shown(layer)}; {self._hint(layer)}"
                )

    def _hint(self, layer: str) -> str:
        """What to do about a layer that it does not have."""
        near = nearest(layer, known_beside(self.path, self.layer_names))
        other = other_with(layer, self.path)
        if other is None and near:
            return near
        names = self.layer_names
        own = ", ".join(bare(names[len(names) * part // 4]) for part in (1, 2, 3)) if names else ""
        if other is None or self.path not in SHIPPED.values():
            has = f" (network {other} has it)" if other else ""
            return f"it has {own}, ...: choose with --layer; `dreamlayer layers` lists all{has}"
        return f"network {other} has it"

    def gradient_model(
        self, terms: Sequence[Term], provider: str = "", size: tuple[int, int] | None = None
    ) -> onnx.ModelProto:
        """The gradient model of an objective, in the form that suits a provider.

        `provider` is a short name; see `core.network.gradient_model.gradient_model`. The size of a
        network of one size is known.
        """
        from dreamlayer.core.autodiff.variants import VARIANTS
        from dreamlayer.core.network.gradient_model import gradient_model

        self.check(terms)
        self.prepare([term.layer for term in terms])
        variant = VARIANTS[provider_of(provider).variant]
        size = size or self.image_size
        return gradient_model(self.model, self.resolved(terms), variant=variant, size=size)

    def gradient_source(self, terms: Sequence[Term], size: tuple[int, int] | None = None) -> Source:
        """The same as a session's source, made only if it is not cached.

        Raises
        ------
        LayerError
            A term names a layer that does not exist.
        """
        self.check(terms)
        self.prepare([term.layer for term in terms])
        identity = ("gradient", self.digest, tuple(terms), size)
        return Source(lambda provider: self.gradient_model(terms, provider, size), identity)

    def activation_source(self, layers: Sequence[str]) -> Source:
        """The network up to some layers, as a session's source; see `core.network.activations`.

        Its outputs are called by the tensors' names.
        """
        self.check_layers(layers)
        self.prepare(layers)
        identity = ("activations", self.digest, tuple(layers))
        return Source(lambda _: self._tapped(layers), identity)

    def _tapped(self, layers: Sequence[str]) -> onnx.ModelProto:
        from dreamlayer.core.graph.edit import tap

        return tap(self.model, [self.tensor(layer) for layer in layers])

    def geometry(self, layers: Sequence[str]) -> Geometry:
        """Requirements of an objective on `layers` on image sizes.

        Raises
        ------
        LayerError
            A layer does not exist.
        NetworkError
            No side up to 2048 pixels works.
        """
        self.check_layers(layers)
        self.prepare(layers)
        multiple = int(self.metadata.get("dreamlayer.size_multiple", 1))
        key = tuple(self.tensor(layer) for layer in layers if layer != IMAGE)
        if key not in self._geometry:
            # The picture itself needs two pixels, to compare neighbours.
            measured = self._measured(key, multiple) if key else (max(2, multiple), 1)
            self._geometry[key] = Geometry(*measured, multiple, self.image_size)
        return self._geometry[key]

    def activation_bytes(self, layers: Sequence[str]) -> float:
        """Bytes of feature maps per pixel of the image; see `core.graph.sizes.activation_bytes`."""
        tensors = [self.tensor(layer) for layer in layers]
        self.prepare(layers)
        return self._memoize(
            lambda: self._bytes(tensors), "bytes", tuple(tensors), read=finite_number
        )

    def _bytes(self, layers: Sequence[str]) -> float:
        from dreamlayer.core.graph.sizes import activation_bytes

        return activation_bytes(self.model, layers)

    def _measured(self, layers: tuple[str, ...], multiple: int) -> tuple[int, int]:
        """The smallest side in pixels that the layers accept, and their stride."""
        return self._memoize(
            lambda: self._measure(layers, multiple), "geometry", layers, multiple, read=_two_wholes
        )

    def _measure(self, layers: tuple[str, ...], multiple: int) -> tuple[int, int]:
        from dreamlayer.core.graph.sizes import minimum_size, stride

        steps = stride(self.model, layers)
        # Smaller pictures are continued up to a network's one size.
        return 1 if self.image_size else minimum_size(self.model, layers, multiple), steps


def _two_wholes(value: Any) -> tuple[int, int]:
    first, second = map(whole, value)
    return first, second
