"""A network in memory: its layers, its sizes, and the models made from it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import onnx

from dreamlayer.core.autodiff.backward import differentiable
from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.errors import LayerError, nearest
from dreamlayer.core.graph.edit import tap
from dreamlayer.core.graph.inference import IMAGE
from dreamlayer.core.graph.sizes import (
    Geometry,
    activation_bytes,
    minimum_size,
    shapes_at,
    stride,
    strides,
)
from dreamlayer.core.network.files import find, load
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.shipped import known_beside, other_with
from dreamlayer.core.recipe.networks import DEFAULT_NETWORK
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime import cache
from dreamlayer.core.runtime.providers import provider_of
from dreamlayer.core.runtime.sessions import Source

_PROBE = 1024


@dataclass(frozen=True)
class Layer:
    """One layer of a network.

    Attributes
    ----------
    name : str
        Its name in recipes.
    channels : int or None
        Its number of channels, None if the file does not tell.
    stride : int or None
        Pixels of the image per position, None for a layer without positions.
    reason : str or None
        Why it cannot be dreamed; None if it can.
    """

    name: str
    channels: int | None
    stride: int | None
    reason: str | None


class Network:
    """A network file in memory.

    Parameters
    ----------
    name : str
        A name that `core.network.files.available` lists, or a path.

    Raises
    ------
    NetworkError
        It cannot be found or read, or does not meet the contract: one input `image`,
        float32 [batch, 3, height, width], opset 18 or later, standard operators.
    """

    def __init__(self, name: str = DEFAULT_NETWORK) -> None:
        self.path = find(name)
        self.model = load(self.path)
        self.metadata = {p.key: p.value for p in self.model.metadata_props}
        self.name = self.metadata.get("dreamlayer.name", self.path.stem)
        self._geometry: dict[tuple[str, ...], Geometry] = {}

    @cached_property
    def layer_names(self) -> list[str]:
        """Layer names in the file's order; all feature maps if it lists none."""
        listed = self.metadata.get("dreamlayer.layers")
        if listed:
            return [str(name) for name in json.loads(listed)]
        shapes = shapes_at(self.model, _PROBE)
        outputs = [name for node in self.model.graph.node for name in node.output]
        return [name for name in outputs if len(shapes.get(name, ())) == 4]

    def layers(self) -> list[Layer]:
        """All layers, with channels, stride and whether they can be dreamed."""
        shapes = shapes_at(self.model, _PROBE)
        reasons = differentiable(self.model, self.layer_names)
        steps = strides(self.model)
        layers = []
        for name in self.layer_names:
            dims = shapes.get(name, [])
            channels = dims[1] or None if len(dims) > 1 else None
            layers.append(Layer(name, channels, steps.get(name), reasons[name]))
        return layers

    def check(self, terms: Sequence[Term]) -> None:
        """Raise `LayerError` if a term names a layer that does not exist."""
        self.check_layers([term.layer for term in terms])

    def check_layers(self, layers: Sequence[str]) -> None:
        """Raise `LayerError` if one does not exist; the picture itself is called `image`."""
        produced = {name for node in self.model.graph.node for name in node.output}
        for layer in layers:
            if layer not in produced and layer != IMAGE:
                other = other_with(layer, self.path)
                hint = f"network {other} has it" if other else self._nearest(layer)
                raise LayerError(f"network {self.name} has no layer {layer!r}; {hint}")

    def _nearest(self, layer: str) -> str:
        known = known_beside(self.path, self.layer_names)
        return nearest(layer, known) or "see `dreamlayer layers` for those it has"

    @cached_property
    def digest(self) -> str:
        """Digest of the file's content."""
        return hashlib.sha256(self.model.SerializeToString(deterministic=True)).hexdigest()

    def gradient_model(
        self, terms: Sequence[Term], provider: str = "", size: tuple[int, int] | None = None
    ) -> onnx.ModelProto:
        """The gradient model of an objective, in the form that suits a provider.

        `provider` is a short name; see `core.network.gradient_model.gradient_model`.
        """
        self.check(terms)
        variant = VARIANTS[provider_of(provider).variant]
        return gradient_model(self.model, terms, variant=variant, size=size)

    def gradient_source(self, terms: Sequence[Term], size: tuple[int, int] | None = None) -> Source:
        """The same as a session's source, made only if it is not cached.

        Raises
        ------
        LayerError
            A term names a layer that does not exist.
        """
        self.check(terms)
        identity = ("gradient", self.digest, tuple(terms), size)
        return Source(lambda provider: self.gradient_model(terms, provider, size), identity)

    def activation_source(self, layers: Sequence[str]) -> Source:
        """The network up to some layers, as a session's source; see `core.network.activations`."""
        self.check_layers(layers)
        identity = ("activations", self.digest, tuple(layers))
        return Source(lambda _: tap(self.model, layers), identity)

    def geometry(self, layers: Sequence[str]) -> Geometry:
        """Requirements of an objective on `layers` on image sizes.

        Raises
        ------
        NetworkError
            No side up to 2048 pixels works.
        """
        multiple = int(self.metadata.get("dreamlayer.size_multiple", 1))
        key = tuple(layer for layer in layers if layer != IMAGE)
        if key not in self._geometry:
            # The picture itself needs two pixels, to compare neighbours.
            measured = self._measured(key, multiple) if key else (max(2, multiple), 1)
            self._geometry[key] = Geometry(*measured, multiple)
        return self._geometry[key]

    def activation_bytes(self, layers: Sequence[str]) -> float:
        """Bytes of feature maps per pixel of the image; see `core.graph.sizes.activation_bytes`."""
        found = cache.memoize(
            lambda: activation_bytes(self.model, layers), "bytes", self.digest, tuple(layers)
        )
        return float(found)

    def _measured(self, layers: tuple[str, ...], multiple: int) -> tuple[int, int]:
        """The smallest side in pixels that the layers accept, and their stride."""
        smallest, pixels = cache.memoize(
            lambda: [minimum_size(self.model, layers, multiple), stride(self.model, layers)],
            *("geometry", self.digest, layers, multiple),
        )
        return int(smallest), int(pixels)
