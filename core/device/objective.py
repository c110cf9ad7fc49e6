"""An objective that is loaded on a device, and climbs there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.device.backend import DeviceBackend
from dreamlayer.core.device.buffers import Buffer, telling
from dreamlayer.core.device.float16 import loss_scale, to_float16
from dreamlayer.core.device.graphs import Graphs, LoadedGraph
from dreamlayer.core.device.tile_graph import Layout, tile_model
from dreamlayer.core.errors import NetworkError
from dreamlayer.core.graph.edit import FLOAT, blank, finished, tap
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.objective import references
from dreamlayer.core.network.references import compared_with
from dreamlayer.core.recipe.kinds import ORIGINALS
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.providers import FAST, Execution, provider_of
from dreamlayer.core.runtime.sessions import open_session, short_name


class DeviceObjective:
    """A loaded objective whose images stay on the provider's device.

    Parameters
    ----------
    network : Network
        The network that holds the layers.
    terms : sequence of Term
        The objective.
    guide : str
        File of the picture that guided terms are compared with; empty for none.
    execution : Execution
        The provider, threads and precision.

    Attributes
    ----------
    provider : str
        Short name of the provider that really runs it.
    graphs : Graphs
        The graphs of arithmetic on images, and the device.
    fixed : dict
        What the guide gives, on the device.
    scale : float
        What the objective is multiplied by within the network.

    Raises
    ------
    RecipeError, LayerError, UnsupportedOperatorError, NetworkError, ProviderError, PictureError
        As for `core.dreaming.objective.Objective`.
    MemoryLimitError
        The device has no room for the guide's activations.
    """

    def __init__(
        self,
        network: Network,
        terms: Sequence[Term],
        guide: str = "",
        execution: Execution = Execution(),
    ) -> None:
        network.check(terms)
        self.provider = loaded_provider(execution)
        self._execution = execution.on(self.provider)
        self.scale, model = 1.0, network.model
        fixed = compared_with(network, terms, guide, self._execution)
        if execution.precision == FAST:
            self.scale = loss_scale(network, terms)
            model = to_float16(model, [term.layer for term in terms])
        scaled = [_scaled(term, self.scale) for term in terms]
        self._gradient = gradient_model(
            model, scaled, variant=VARIANTS[provider_of(self.provider).variant]
        )
        own = [one.layer for one in references(terms) if one.source == ORIGINALS]
        self._originals = tap(model, own) if own else None
        self.graphs = Graphs(self._execution)
        device = self.graphs.device
        self.fixed: Mapping[str, Buffer] = {n: device.upload(maps) for n, maps in fixed.items()}
        self._loaded: dict[tuple[object, ...], LoadedGraph] = {}

    def backend(self, recipe: Recipe) -> DeviceBackend:
        """Where to dream by a recipe of these terms and this precision."""
        return DeviceBackend(recipe, self)

    def tile_graph(
        self, recipe: Recipe, layout: Layout, shapes: Mapping[str, tuple[int, ...]], runs: int
    ) -> LoadedGraph:
        """The graph of tiles that lie so, loaded.

        One serves all sizes; but where a size is run often enough on a device that can record
        kernels, it gets one of its own.

        Parameters
        ----------
        shapes : mapping
            Of the inputs, by name.
        runs : int
            How often it will be run, about.
        """
        even = recipe.tiling != "random"
        row = provider_of(self.provider)
        if even and row.records(self._execution.precision, runs):
            try:
                # Not kept: a recording holds the addresses of one octave's buffers.
                return self._load(recipe, layout, shapes)
            except NetworkError:
                # Part of this network runs on the CPU, which no recording can hold.
                pass
        key = layout, recipe.normalize_tiles, recipe.epsilon, recipe.min_divisor
        if key not in self._loaded:
            # Each has the network's weights and working memory of its own.
            while len(self._loaded) >= _LOADED:
                del self._loaded[next(iter(self._loaded))]
            self._loaded[key] = self._load(recipe, layout, None)
        return self._loaded[key]

    def _load(
        self, recipe: Recipe, layout: Layout, recorded: Mapping[str, tuple[int, ...]] | None
    ) -> LoadedGraph:
        """A session of its own; with the shapes of its inputs it records its kernels."""
        model = tile_model(self._gradient, self._originals, recipe, layout, recorded)
        options = None if recorded is None else provider_of(self.provider).recording
        with telling("the network"):
            session = open_session(model, self._execution.on(self.provider), options)
        return LoadedGraph(session, self.graphs.device, recording=recorded is not None)


_LOADED = 8


def _scaled(term: Term, scale: float) -> Term:
    return dataclasses.replace(term, weight=term.weight * scale)


def loaded_provider(execution: Execution) -> str:
    """Short name of the provider that loads, found out by the smallest of sessions.

    Raises
    ------
    ProviderError
        As for `core.runtime.sessions.open_session`.
    """
    graph = blank({"x": (FLOAT, [1])}, "probe")
    model = finished(graph, {"y": graph.value("x") + graph.value("x")})
    return short_name(open_session(model, execution.in_full()).get_providers()[0])
