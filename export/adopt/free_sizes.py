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

_MOST_GUESSES = 8
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
    for guesses in _guesses():
        freed, trials = _attempt(network, size, guesses, batch=False)
        if problem_with(network, freed.model, trials, size) is None:
            break
    else:
        _, stuck, _ = _rewritten(network, size, None, batch=False)
        return Freed(network, 0, stuck or [_UNKNOWN], False)
    several, trials = _attempt(network, size, guesses, batch=True)
    if len(several.stuck) > len(freed.stuck):
        return freed
    return freed if problem_with(network, several.model, trials, size) else several


def _guesses() -> Iterator[Guesses]:
    """The likeliest ones, then others."""
    guesses = Guesses({}, {})
    yield guesses
    possible = {key: count for key, count in guesses.possible.items() if count > 1}
    if len(possible) > 1:
        yield Guesses(dict.fromkeys(possible, 1), {})
    others = [(key, one) for key, count in possible.items() for one in range(1, count)]
    for key, one in others[:_MOST_GUESSES]:
        yield Guesses({key: one}, {})


def _attempt(
    network: onnx.ModelProto, size: Size, guesses: Guesses, *, batch: bool
) -> tuple[Freed, Trials]:
    rewriter, stuck, changed = _rewritten(network, size, guesses, batch=batch)
    model = onnx.ModelProto()
    model.CopyFrom(network)
    del model.graph.node[:], model.graph.value_info[:]
    model.graph.node.extend(rewriter.nodes)
    model.graph.initializer.extend(rewriter.weights)
    declare_outputs(model, size)
    if not batch:
        (image,) = (info for info in model.graph.input if info.name == IMAGE)
        image.type.tensor_type.shape.dim[0].dim_value = 1
    return Freed(model if changed else network, changed, stuck, batch), rewriter.trials


def _rewritten(
    network: onnx.ModelProto, size: Size, guesses: Guesses | None, *, batch: bool
) -> tuple[Rewriter, list[str], int]:
    """Rewrite a network, or, without guesses, find what keeps it from other sizes."""
    trials = Trials(network, images_for(size, batch=batch))
    rewriter = Rewriter(network, trials, guesses or Guesses({}, {}))
    stuck, changed = [], 0
    for node in network.graph.node:
        if guesses is None:
            problem, new = trials.add(node), False
        else:
            problem, new = rewriter.add(node)
        changed += new
        if problem is not None:
            stuck.append(f"{node.op_type} {shown(node.name or node.output[0])}")
    return rewriter, stuck, changed
