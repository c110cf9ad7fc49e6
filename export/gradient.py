"""``python -m export gradient``: a stand-alone model with the gradient, for other runtimes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

from core.errors import RecipeError
from export.files import check_target, write_atomically

if TYPE_CHECKING:
    from core.term import Term

SYNTAX = "NAME[:WEIGHT[:CHANNELS]], such as mixed3, mixed4:-0.5 or conv2d_40:1:13+139+200-207"


def parse_layer(text: str, known: Sequence[str], kind: str) -> Term:
    """Parse one ``--layer``.

    Parameters
    ----------
    text
        ``NAME[:WEIGHT[:CHANNELS]]``. CHANNELS are numbers from 0 and ranges such as ``3-7``, its
        end included, joined by ``+``. A name may hold colons itself, if the network knows it.
    known
        Layers of the network.
    kind
        ``squares`` or ``mean``.

    Returns
    -------
    core.term.Term
        The term; whether its layer exists is for the differentiation to say.

    Raises
    ------
    RecipeError
        The weight is no number or the channels are none.
    """
    from core.term import Term

    named = [name for name in known if text == name or text.startswith(f"{name}:")]
    name = max(named, key=len) if named else text.partition(":")[0]
    weight, _, channels = text[len(name) + 1 :].partition(":")
    try:
        factor = float(weight or 1)
    except ValueError as error:
        raise RecipeError(
            f"the weight {weight!r} in --layer {text} is no number; write {SYNTAX}"
        ) from error
    return Term(name, factor, parse_channels(channels), kind)


def parse_channels(text: str) -> tuple[int, ...]:
    """Parse ``13+139+200-207``; nothing gives no channels, which means all.

    Parameters
    ----------
    text
        Numbers and ranges joined by ``+``.

    Returns
    -------
    tuple of int
        In the order given.

    Raises
    ------
    RecipeError
        A part is neither a number nor a range.
    """
    channels: list[int] = []
    for part in text.split("+") if text else []:
        found = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if found is None or int(found.group(2) or found.group(1)) < int(found.group(1)):
            raise RecipeError(f"the channels {text!r} cannot be read; write {SYNTAX}")
        channels += range(int(found.group(1)), int(found.group(2) or found.group(1)) + 1)
    return tuple(channels)


def run(network: str, layers: Sequence[str], output: Path, kind: str, taps: Sequence[str]) -> str:
    """Write the gradient model of an objective.

    Parameters
    ----------
    network
        Name or path of a network file, as `core.network.find` takes it; ``default`` for ours.
    layers
        Texts for `parse_layer`.
    output
        Where the model goes.
    kind
        ``squares`` or ``mean``.
    taps
        Tensors to give as outputs too.

    Returns
    -------
    str
        What was written, for the terminal.

    Raises
    ------
    DreamlayerError
        One of its kinds: an unknown layer, an operator without a gradient, a bad file.
    """
    from core.gradient import gradient_model
    from core.network import Network
    from core.term import Term

    check_target(output)
    opened = Network(network)
    terms = [parse_layer(text, opened.layer_names, kind) for text in layers]
    opened.check(terms + [Term(name) for name in taps])
    result = gradient_model(opened.model, terms, list(taps))
    onnx.checker.check_model(result, full_check=True)
    content = result.SerializeToString(deterministic=True)
    write_atomically(output, content)
    outputs = ", ".join(info.name for info in result.graph.output)
    return f"{output}: {len(content) / 1e6:.1f} MB, input image, outputs {outputs}"
