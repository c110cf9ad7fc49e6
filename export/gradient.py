"""``python -m export gradient``: a stand-alone model of loss and gradient, for other runtimes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dreamlayer.core.files import check_writable, replace_file
from dreamlayer.export import network_file


def run(network: str, layers: Sequence[str], output: Path, taps: Sequence[str]) -> str:
    """Write the gradient model of an objective.

    Parameters
    ----------
    network
        Name or path of a network file, as for `core.network.files.find`; ``default`` for the
        first of ours that has the layers.
    layers
        Texts for `core.recipe.term.parse_term`.
    output
        Where the model goes.
    taps
        Tensors that become outputs too.

    Returns
    -------
    str
        What was written, for the terminal.

    Raises
    ------
    DreamlayerError
        The network has no such layer or cannot be read, an operator has no gradient, or the file
        cannot be written.
    """
    from dreamlayer.core.network.gradient_model import gradient_model
    from dreamlayer.core.network.network import Network
    from dreamlayer.core.network.shipped import network_for
    from dreamlayer.core.recipe.term import Term, parse_term

    check_writable(output)
    terms = [parse_term(text) for text in layers]
    opened = Network(network_for(network, [*(term.layer for term in terms), *taps]))
    opened.check(terms + [Term(name) for name in taps])
    result = gradient_model(opened.model, terms, list(taps))
    network_file.check(result, "the network gives no valid gradient model")
    content = result.SerializeToString(deterministic=True)
    replace_file(output, content)
    outputs = ", ".join(info.name for info in result.graph.output)
    return f"{output}: {len(content) / 1e6:.1f} MB, input image, outputs {outputs}"
