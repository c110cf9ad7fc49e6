"""Make the sizes that an exporter wrote into a network as numbers follow the image again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import onnx

from dreamlayer.core.errors import shown
from dreamlayer.core.graph.names import IMAGE
from dreamlayer.export.adopt.baked.check import problem_with
from dreamlayer.export.adopt.baked.reshape import Guesses
from dreamlayer.export.adopt.baked.rewriting import Rewriter
from dreamlayer.export.adopt.baked.trials import Trials, images_for
from dreamlayer.export.adopt.one_size import declare_outputs

Size = tuple[int, int]

_MOST_GUESSES, _NEAREST = 8, 4
_UNKNOWN = "a node with numbers whose meaning cannot be told"


@dataclass(frozen=True)
class Freed:
    """A network with as many sizes freed as can be.

    Attributes
    ----------
    model : onnx.ModelProto
        It computes the same at its own size.
    changed : int
        How many nodes were rewritten.
    stuck : list of str
        The nodes that take images of its own size only, the first of each part of the network.
    several : bool
        Whether it takes several images at a time.
    """

    model: onnx.ModelProto
    changed: int
    stuck: list[str]
    several: bool


def free_sizes(network: onnx.ModelProto, size: Size) -> Freed:
    """Free the sizes of a network that was exported for images of one size.

    Batch, height and width in Reshape, Expand, Resize, Slice, and pools of whole maps, are replaced
    by those of the tensors that they read. What results is run: at its own size it must give the
    same, at others it must run, and see the same where images are the same.

    Parameters
    ----------
    network : onnx.ModelProto
        With the input ``image``, whose sizes are symbolic; not changed.
    size : (int, int)
        Height and width of the images that it was exported for.

    Returns
    -------
    Freed
        The network, unchanged where nothing can be freed.
    """
    guesses = _search(network, size)
    found = [_attempt(network, size, guesses, batch=batch) for batch in (True, False)]
    if len(found[0][0].stuck) > len(found[1][0].stuck):
        del found[0]
    for freed, trials in found:
        right = not freed.changed or not problem_with(
            network, freed.model, trials, size, several=freed.several
        )
        if right:
            return freed
    stuck, _ = _rewritten(Trials(network, images_for(size, batch=False)), network, None)
    return Freed(network, 0, stuck or [_UNKNOWN], several=False)


def _search(network: onnx.ModelProto, size: Size) -> Guesses:
    """The guesses with which most nodes take images of other sizes, the likeliest tried first.

    Where a node is the first that does not, the guess before it is the likeliest to be wrong.
    """
    best = Guesses({}, {})
    reached = _reached(network, size, best)
    for _ in range(_MOST_GUESSES):
        if reached is None:
            break
        for guesses in _others(best):
            further = _reached(network, size, guesses)
            if further is None or further > reached:
                best, reached = guesses, further
                break
        else:
            break
    return best


def _others(best: Guesses) -> Iterator[Guesses]:
    """Guesses that differ from others in the last one made, or one before, or in several."""
    last = list(best.possible.items())[: -_NEAREST - 1 : -1]
    for key, count in last:
        for one in range(count):
            if one != best.chosen.get(key, 0):
                yield Guesses({**best.chosen, key: one}, {})
    for few in range(2, len(last) + 1):
        # Rows and columns are split alike.
        yield Guesses({**best.chosen, **{key: 1 for key, _ in last[:few]}}, {})


def _reached(network: onnx.ModelProto, size: Size, guesses: Guesses) -> int | None:
    """How many nodes there are before the first that takes no other size; None if all do."""
    trials = Trials(network, images_for(size, batch=False))
    rewriter = Rewriter(network, trials, guesses)
    for number, node in enumerate(network.graph.node):
        if rewriter.add(node)[0] is not None:
            return number
    return None


def _attempt(
    network: onnx.ModelProto, size: Size, guesses: Guesses, *, batch: bool
) -> tuple[Freed, Trials]:
    trials = Trials(network, images_for(size, batch=batch))
    rewriter = Rewriter(network, trials, guesses)
    stuck, changed = _rewritten(trials, network, rewriter)
    if not changed:
        return Freed(network, 0, stuck, batch), trials
    model = onnx.ModelProto()
    model.CopyFrom(network)
    del model.graph.node[:]
    model.graph.node.extend(rewriter.nodes)
    model.graph.initializer.extend(rewriter.weights)
    declare_outputs(model, size)
    if not batch:
        (image,) = (info for info in model.graph.input if info.name == IMAGE)
        image.type.tensor_type.shape.dim[0].dim_value = 1
    return Freed(model, changed, stuck, batch), trials


def _rewritten(
    trials: Trials, network: onnx.ModelProto, rewriter: Rewriter | None
) -> tuple[list[str], int]:
    """Rewrite a network's nodes, if there is a rewriter, and name those that take no other size."""
    stuck, changed = [], 0
    for node in network.graph.node:
        problem, new = rewriter.add(node) if rewriter else (trials.add(node), False)
        changed += new
        if problem is not None:
            stuck.append(f"{node.op_type} {shown(node.name or node.output[0])}")
    return stuck, changed
