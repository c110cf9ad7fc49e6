"""An objective loaded on a device, for images that stay there."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence

from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.device.backend import DeviceBackend
from dreamlayer.core.device.buffers import Buffer, device_errors
from dreamlayer.core.device.float16 import loss_scale, to_float16
from dreamlayer.core.device.graphs import Graphs, LoadedGraph
from dreamlayer.core.device.tile_graph import Layout, tile_model
from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.edit import FLOAT, new_graph, tap, to_model
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.inputs import references
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.references import Guide, compared_with
from dreamlayer.core.recipe.kinds import ORIGINALS
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import FAST, Execution, provider_of
from dreamlayer.core.runtime.sessions import open_native


class DeviceObjective:
    """A loaded objective whose images stay on the provider's device.

    Parameters and errors are those of `core.dreaming.objective.Objective`.

    Attributes
    ----------
    provider : str
        Short name of the provider that loaded.
    graphs : Graphs
        The graphs of arithmetic on images, and the device.
    fixed : dict
        The guide's activations or Gram matrices, on the device.
    scale : float
        Factor of the objective within the network, for float16.

    Raises
    ------
    MemoryLimitError
        The device has not enough memory for the guide's activations.
    """

    def __init__(
        self,
        network: Network,
        terms: Sequence[Term],
        guide: Guide = "",
        execution: Execution = Execution(),
    ) -> None:
        network.check(terms)
        terms = network.resolved(terms)
        network.prepare([term.layer for term in terms])
        self.provider = loaded_provider(execution)
        self._execution = execution.on(self.provider)
        self.scale, model = 1.0, network.model
        fixed = compared_with(network, terms, guide, self._execution)
        if execution.precision == FAST:
            self.scale = loss_scale(network, terms)
            model = to_float16(model, [term.layer for term in terms])
        scaled = [dataclasses.replace(term, weight=term.weight * self.scale) for term in terms]
        self._gradient = gradient_model(
            model,
            scaled,
            variant=VARIANTS[provider_of(self.provider).variant],
            size=network.image_size,
        )
        own = [one.layer for one in references(terms) if one.source == ORIGINALS]
        self._originals = tap(model, own) if own else None
        self.graphs = Graphs(self._execution)
        device = self.graphs.device
        self.fixed: Mapping[str, Buffer] = {n: device.upload(maps) for n, maps in fixed.items()}
        self._loaded: dict[tuple[object, ...], LoadedGraph] = {}

    def backend(self, recipe: Recipe) -> DeviceBackend:
        """The backend for a recipe with these terms and this precision."""
        return DeviceBackend(recipe, self)

    def tile_graph(
        self, recipe: Recipe, layout: Layout, shapes: Mapping[str, tuple[int, ...]], runs: int
    ) -> LoadedGraph:
        """The loaded graph of tiles with a layout.

        One graph serves all sizes; but a size that runs often on a device that can record kernels
        gets its own.

        Parameters
        ----------
        shapes : mapping
            Shapes of the inputs, by name.
        runs : int
            Approximate number of runs.
        """
        records = provider_of(self.provider).records(self._execution.precision, runs)
        if records and recipe.tiling != "random":
            # Not cached, since a recording has the addresses of one octave's buffers. It fails for
            # a network that runs partly on the CPU.
            with contextlib.suppress(NetworkError):
                return self._load(recipe, layout, shapes)
        key = layout, recipe.normalize_tiles, recipe.epsilon_of_tiles, recipe.min_divisor
        if key not in self._loaded:
            # Each has its own copy of the network's weights, and working memory.
            while len(self._loaded) >= _MAX_LOADED:
                del self._loaded[next(iter(self._loaded))]
            self._loaded[key] = self._load(recipe, layout, None)
        return self._loaded[key]

    def _load(
        self, recipe: Recipe, layout: Layout, recorded: Mapping[str, tuple[int, ...]] | None
    ) -> LoadedGraph:
        """Open a session; with the shapes of its inputs it records its kernels."""
        model = tile_model(self._gradient, self._originals, recipe, layout, recorded)
        options = None if recorded is None else provider_of(self.provider).recording
        with device_errors("the network"):
            session = open_native(model, self._execution.on(self.provider), options)
        return LoadedGraph(session.native, self.graphs.device, recording=recorded is not None)


_MAX_LOADED = 8


def loaded_provider(execution: Execution) -> str:
    """Short name of the provider that loads, found by opening a tiny session.

    Raises
    ------
    ProviderError
        As for `core.runtime.sessions.open_native`.
    """
    graph = new_graph({"x": (FLOAT, [1])}, "probe")
    model = to_model(graph, {"y": graph.value("x") + graph.value("x")})
    return open_native(model, execution.in_full()).provider
