"""The layers of a foreign network: found, made feature maps, named, tried, and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import onnx

from dreamlayer.core.autodiff.backward import differentiable
from dreamlayer.core.errors import NetworkError, bare
from dreamlayer.core.graph.edit import rename_tensors
from dreamlayer.export import network_file
from dreamlayer.export.adopt.aliases import aliases_of
from dreamlayer.export.adopt.layers import find_layers
from dreamlayer.export.adopt.maps import FeatureMap, Size
from dreamlayer.export.adopt.modernize import free_name
from dreamlayer.export.adopt.names import is_name, layer_names
from dreamlayer.export.adopt.token_maps import SideBranches
from dreamlayer.export.adopt.trial import failing_layers


@dataclass(frozen=True)
class Layers:
    """The layers of an adopted network.

    Attributes
    ----------
    names
        In topological order.
    aliases
        Layers by other names.
    notes
        Lines that tell how many there are, and which of them can be dreamed of.
    """

    names: list[str]
    aliases: dict[str, str]
    notes: list[str]


def choose_layers(
    network: onnx.ModelProto,
    originals: Mapping[str, str],
    only: Size | None = None,
    usual: Size | None = None,
) -> Layers:
    """Find the layers of a network, name them, and try whether they run.

    Parameters
    ----------
    network
        With the input ``image`` and the source's names; changed in place: layers get their names,
        and those that are no [batch, channels, height, width] get a branch that makes it.
    originals
        What tensors were called in the source, where that was something else.
    only, usual
        As for `export.adopt.layers.find_layers`.

    Returns
    -------
    Layers
        Those that run at two sizes, or at the only one.

    Raises
    ------
    NetworkError
        The network has no layer that runs.
    """
    found = find_layers(network, only, usual)
    outputs = {info.name for info in network.graph.output}
    plain = {name for name in outputs.intersection(found.maps) if found.maps[name].plain}
    names = layer_names(network.graph, list(found.maps), originals, filter(is_name, plain))
    aliases = aliases_of(network.graph, names, originals)
    _name_nodes(network.graph)
    _rename(network, found.maps, names)
    network_file.declare_layers(network, list(names.values()))
    reasons = differentiable(network, list(names.values()))
    dreamable = [name for name in names.values() if reasons[name] is None]
    failing = failing_layers(network, dreamable, [*found.sizes[:1], *found.sizes[2:]])
    run = [name for name in names.values() if name not in failing]
    if not run:
        raise NetworkError(
            f"no layer of the network runs in ONNX Runtime: {next(iter(failing.values()))}"
        )
    lost = [*found.missing.values(), *found.hidden.values(), *failing.values()]
    stopped = {name: why for name in run if (why := reasons[name]) is not None}
    return Layers(
        run,
        {alias: layer for alias, layer in aliases.items() if layer in run},
        [_counted(run, lost), _dreamable(run, stopped), *_outputs(found.outputs, usual)],
    )


def _name_nodes(graph: onnx.GraphProto) -> None:
    """Give each node a name of its own, which errors of ONNX Runtime then tell."""
    taken: set[str] = set()
    for node in graph.node:
        if not node.name or node.name in taken:
            node.name = free_name(node.output[0], taken)
        taken.add(node.name)


def _rename(
    network: onnx.ModelProto, maps: Mapping[str, FeatureMap], names: Mapping[str, str]
) -> None:
    """Give layers their names, and what holds them in another form or had that name another."""
    branches = SideBranches(network)
    made = {found.tensor: branches.add(found) for found in maps.values() if not found.plain}
    branches.write()
    tensors = {name for node in network.graph.node for name in (*node.input, *node.output)}
    wanted = {made.get(tensor, tensor): name for tensor, name in names.items()}
    outputs = {info.name for info in network.graph.output}
    taken = tensors | set(wanted.values()) | outputs
    # The name in the source is to mean the map.
    moved = [(tensor, f"{names[tensor]}/in_source") for tensor in made if tensor not in outputs]
    moved += [(name, f"{name}_") for name in wanted.values() if name in tensors]
    for tensor, other in moved:
        if tensor not in wanted and tensor not in outputs:
            wanted[tensor] = free_name(other, taken)
            taken.add(wanted[tensor])
    rename_tensors(network, wanted)
    for info in network.graph.output:
        info.name = wanted.get(info.name, info.name)


def _counted(layers: Sequence[str], lost: Sequence[str]) -> str:
    """How many layers there are, of how many, and why the first of the others is not one."""
    if not lost:
        ends = f"from {layers[0]} to {layers[-1]}" if len(layers) > 1 else layers[0]
        return f"Layers    {len(layers)}, {ends}"
    return f"Layers    {len(layers)} of {len(layers) + len(lost)}, because {lost[0]}"


def _dreamable(layers: Sequence[str], stopped: Mapping[str, str]) -> str:
    """How many layers have a gradient, and why the first of the others has none."""
    if not stopped:
        return "Dreams    on every layer"
    first = next(iter(stopped))
    count = len(layers) - len(stopped)
    return f"Dreams    on {count} of them; not on {first}: {stopped[first]}"


def _outputs(fixed: Sequence[str], usual: Size | None) -> list[str]:
    """Say which outputs, such as a classifier's, need images of the source's size."""
    if not fixed:
        return []
    those = f"of {usual[1]} × {usual[0]} pixels" if usual else "of some sizes"
    return [f"Outputs   {', '.join(map(bare, fixed))} only for images {those}"]
