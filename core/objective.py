"""What a dream climbs: a weighted sum over layers, as ordinary ONNX nodes."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import TensorProto

from core.errors import LayerError, RecipeError, nearest
from core.graph import Graph, Value
from core.rules.shapes import cast
from core.term import Term


def loss_of(graph: Graph, terms: Sequence[Term]) -> Value:
    """Append the nodes of the objective and return it, a float32 scalar.

    Raises
    ------
    LayerError
        Where the network has no such layer or channel.
    RecipeError
        Where there is no term at all.
    """
    if not terms:
        raise RecipeError("the objective names no layer; give at least one, such as --layer mixed3")
    loss: Value | None = None
    for term in terms:
        score = _score(graph, term) * term.weight
        loss = score if loss is None else loss + score
    assert loss is not None
    return loss


def _score(graph: Graph, term: Term) -> Value:
    if term.layer not in graph:
        hint = nearest(term.layer, [n for n in graph.producers if not n.startswith("gradient/")])
        raise LayerError(
            f"the network has no layer {term.layer!r}; "
            f"{hint or 'see `dreamlayer layers` for those it has'}"
        )
    a = graph.value(term.layer)
    if term.channels:
        if a.dims is not None and len(a.dims) < 2:
            raise LayerError(f"layer {term.layer!r} has no channels to choose from; name none")
        count = a.static(1)
        wrong = [c for c in term.channels if c < 0 or (count is not None and c >= count)]
        if wrong:
            raise LayerError(
                f"layer {term.layer!r} has no channel {wrong[0]}; "
                f"channels 0 to {count - 1 if count else '?'} are allowed"
            )
        a = graph.emit("Gather", a, graph.ints(*term.channels), axis=1)
    # In float32 whatever the network computes in: squares of float16 soon overflow.
    a = cast(a, TensorProto.FLOAT)
    if term.kind == "squares":
        a = a * a
    return graph.emit("ReduceMean", a, keepdims=0)
