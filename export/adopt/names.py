"""Short names for the layers of a foreign network, and the longer ones that stand for them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence

import onnx

from dreamlayer.core.graph.names import GRADIENT, IMAGE, LOSS
from dreamlayer.export.adopt.origins import Origin, origin_of

MOST_CHARACTERS = 72
_DIGEST = 8
_FOREIGN = re.compile(r"[^A-Za-z0-9_.\-]+")
_COMMON_NUMBER = re.compile(r"_\d+$")
_MANY = 4
"""From this many modules on, what all of them begin or end with tells nothing."""


def layer_names(
    graph: onnx.GraphProto,
    tensors: Sequence[str],
    originals: Mapping[str, str],
    kept: Iterable[str] = (),
) -> dict[str, str]:
    """Name layers by the module that computes them.

    The name of a module alone belongs to the last layer in it: ``layer1.0`` is a block's result,
    and ``layer1.0.add`` the sum before its activation. Layers with the same name are numbered.

    Parameters
    ----------
    graph
        The network with the source's names.
    tensors
        The layers, in topological order.
    originals
        What tensors were called in the source, where that was something else.
    kept
        Outputs of the network, which keep their names.

    Returns
    -------
    dict
        The name of each, unique also where upper and lower case are one: letters, digits, ``_``,
        ``-`` and ``.`` only, which neither shells nor the form of a term take for something else.
    """
    makers = {name: node for node in graph.node for name in node.output}
    weights = {tensor.name for tensor in graph.initializer}
    outputs = {info.name for info in graph.output}
    origins = [
        origin_of(makers[name], originals.get(name, name), makers, weights) for name in tensors
    ]
    origins = _without_common(origins)
    last, deeds = _last_and_deeds(origins)
    own = frozenset(kept)
    taken = {name.casefold() for name in (IMAGE, LOSS, GRADIENT, *outputs)}
    found: dict[str, str] = {}
    for place, (tensor, origin) in enumerate(zip(tensors, origins, strict=True)):
        if tensor in own:
            found[tensor] = tensor
            continue
        alone = last.get(origin.path) == place or deeds[origin.path] == {origin.deed}
        whole = origin.path if alone else f"{origin.path}.{origin.deed}"
        found[tensor] = _free(_plain(whole if origin.path else origin.deed), taken)
        taken.add(found[tensor].casefold())
    return found


def is_name(name: str) -> bool:
    """Whether a tensor's own name may be a layer's: it is short, plain, and no number."""
    return _plain(name) == name and not name.isdigit()


def _last_and_deeds(origins: Sequence[Origin]) -> tuple[dict[str, int], dict[str, set[str]]]:
    """For each module: its last layer, and all that is done in it and in the modules within."""
    last: dict[str, int] = {}
    deeds: dict[str, set[str]] = {}
    for place, origin in enumerate(origins):
        parts = origin.path.split(".")
        for count in range(1, len(parts) + 1):
            module = ".".join(parts[:count])
            last[module] = place
            own = origin.deed if count == len(parts) else origin.path
            deeds.setdefault(module, set()).add(own)
    return last, deeds


def _without_common(origins: Sequence[Origin]) -> list[Origin]:
    """The same without a first module that all share, and without a number that all end with."""
    paths = {one.path for one in origins if one.path}
    shorter = {path: path for path in paths}
    if len(paths) < _MANY:
        return list(origins)
    while True:
        first = {path.partition(".")[0] for path in shorter.values()}
        rest = {path: one.partition(".")[2] for path, one in shorter.items()}
        if len(first) > 1 or not all(one[:1].isalpha() for one in rest.values()):
            break
        shorter = rest
    ends = {_ended(one) for one in shorter.values()}
    stripped = {path: _without_end(one) for path, one in shorter.items()}
    if len(ends) == 1 and len(set(stripped.values())) == len(paths):
        shorter = stripped
    return [Origin(shorter.get(one.path, ""), one.deed) for one in origins]


def _ended(path: str) -> str:
    """The number that the first module's name ends with."""
    found = _COMMON_NUMBER.search(path.partition(".")[0])
    return found[0] if found else ""


def _without_end(path: str) -> str:
    first, dot, rest = path.partition(".")
    return f"{_COMMON_NUMBER.sub('', first)}{dot}{rest}"


def _plain(name: str) -> str:
    """A name of allowed characters and length."""
    plain = _FOREIGN.sub("_", name.replace("/", ".")).strip("-._") or "layer"
    if len(plain) <= MOST_CHARACTERS:
        return plain
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{plain[: MOST_CHARACTERS - _DIGEST - 1]}_{digest}"


def _free(name: str, taken: Iterable[str]) -> str:
    """The name, or the first of name_1, name_2, ... that no other layer has."""
    number, found = 0, name
    while found.casefold() in taken:
        number += 1
        found = f"{name}_{number}"
    return found
