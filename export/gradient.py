"""``python -m export gradient``: a stand-alone model with the gradient, for other runtimes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnx

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.files import check_writable, replace_file


def run(network: str, layers: Sequence[str], output: Path, taps: Sequence[str]) -> str:
    """Write the gradient model of an objective.

    Parameters
    ----------
    network
        Name or path of a network file, as `core.network.files.find` takes it; ``default`` for ours.
    layers
        Texts for `core.recipe.term.parse_term`.
    output
        Where the model goes.
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
    from dreamlayer.core.network.gradient_model import gradient_model
    from dreamlayer.core.network.network import Network
    from dreamlayer.core.recipe.term import Term, parse_term

    check_writable(output)
    opened = Network(network)
    terms = [parse_term(text) for text in layers]
    opened.check(terms + [Term(name) for name in taps])
    result = gradient_model(opened.model, terms, list(taps))
    try:
        onnx.checker.check_model(result, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        reason = str(error).strip().splitlines()[0]
        raise NetworkError(f"the network gives no valid gradient model: {reason}") from error
    content = result.SerializeToString(deterministic=True)
    replace_file(output, content)
    outputs = ", ".join(info.name for info in result.graph.output)
    return f"{output}: {len(content) / 1e6:.1f} MB, input image, outputs {outputs}"
