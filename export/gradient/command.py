"""``python -m export gradient``: a stand-alone model of loss and gradient, for other runtimes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import onnx

from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.errors import NetworkError, OptionError, bare, shown
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.shipped import network_for
from dreamlayer.core.recipe.term import Term, parse_term
from dreamlayer.export import network_file
from dreamlayer.export.gradient import sidecar
from dreamlayer.export.gradient.class_output import class_output
from dreamlayer.export.gradient.crops import crop_by_slices
from dreamlayer.export.gradient.fold import fold_constants
from dreamlayer.export.gradient.runtimes import RUNTIMES
from dreamlayer.export.gradient.sizes import Sizes, sizes_of
from dreamlayer.export.gradient.trial import Trial, Trials, table
from dreamlayer.export.verify import COSINE_LIMIT

_MOST_BYTES = 2**31 - 1
"""What ONNX can hold in one file."""


@dataclass(frozen=True)
class Request:
    """What to export.

    Attributes
    ----------
    network : str
        Name or path of a network file, as for `core.network.files.find`; ``default`` for the first
        of ours that has the layers.
    layers : tuple of str
        Texts for `core.recipe.term.parse_term`.
    output : Path
        Where the model goes; its JSON goes beside it.
    classes : tuple of (int, float)
        Classes of a classifier, counted from 0, and their weights.
    taps : tuple of str
        Tensors that become outputs too.
    size : (int, int) or None
        Height and width of the images, one at a time; None for any.
    variant : str
        A key of `core.autodiff.variants.VARIANTS`.
    fold : bool
        Whether to store as plain numbers what is computed from weights.
    """

    network: str
    layers: tuple[str, ...]
    output: Path
    classes: tuple[tuple[int, float], ...] = ()
    taps: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    variant: str = "portable"
    fold: bool = False


def run(
    request: Request, runtimes: Sequence[str] = (), modules: Path | None = None
) -> Iterator[str]:
    """Write the gradient model of an objective and its JSON, and try it in runtimes.

    Parameters
    ----------
    request
        What to export.
    runtimes
        Keys of `export.gradient.runtimes.RUNTIMES`.
    modules
        The folder where onnxruntime-web was installed; the current one where None.

    Yields
    ------
    str
        Lines for the terminal.

    Raises
    ------
    DreamlayerError
        The network has no such layer or cannot be read, an operator has no gradient, the file
        cannot be written, or a runtime is missing, all before anything is written; or a runtime
        does not agree.
    """
    sidecar.check_both(request.output)
    versions = {name: RUNTIMES[name].version(modules) for name in dict.fromkeys(runtimes)}
    terms = [parse_term(text) for text in request.layers]
    if not terms and not request.classes:
        raise OptionError(
            "nothing to differentiate: give --layer, such as --layer mixed3, or --class for a "
            "class of a classifier"
        )
    named = [*(term.layer for term in terms), *request.taps]
    network = Network(network_for(request.network, named))
    network.check_layers(named)
    terms = list(network.resolved(terms))
    request = replace(request, taps=tuple(map(network.tensor, request.taps)))
    if request.classes:
        found = class_output(network.model, request.size)
        for index, weight in request.classes:
            found.check(index)
            terms.append(Term(found.tensor, weight, (index,), "mean"))
        listed = ", ".join(str(index) for index, _ in request.classes)
        yield f"Class {listed} of {found.told()}"
    layers = [*(term.layer for term in terms), *request.taps]
    sizes = sizes_of(network, layers, request.size)
    model = made(network, terms, request, sizes)
    content = _serialized(model)
    description = sidecar.describe(
        model,
        content,
        request.output.name,
        network,
        terms,
        sizes,
        variant=request.variant,
        folded=request.fold,
    )
    sidecar.write(request.output, content, description)
    yield _told(model, content, request.output, sizes)
    if versions:
        yield from _verified(
            Trials(network, terms, sizes.sample()), request, versions, modules, sizes
        )


def made(
    network: Network, terms: Sequence[Term], request: Request, sizes: Sizes
) -> onnx.ModelProto:
    """Make the gradient model; see `run`."""
    variant = VARIANTS[request.variant]
    model = gradient_model(network.model, terms, list(request.taps), variant, sizes.fixed)
    if request.fold or sizes.fixed:
        model = fold_constants(model, sizes.fixed, weights=request.fold)
    model = crop_by_slices(model)
    # Importers that infer sizes themselves may name them otherwise, and refuse the two names.
    del model.graph.value_info[:]
    network_file.check(model, "the network gives no valid gradient model")
    return model


def _serialized(model: onnx.ModelProto) -> bytes:
    size = model.ByteSize()
    if size > _MOST_BYTES:
        raise NetworkError(
            f"the gradient model has {size / 1e9:.1f} GB, and one ONNX file holds at most 2.1 GB; "
            f"leave out --fold, or choose layers nearer to the image"
        )
    return bytes(model.SerializeToString(deterministic=True))


def _told(model: onnx.ModelProto, content: bytes, output: Path, sizes: Sizes) -> str:
    names = [
        ", ".join(bare(info.name) for info in infos)
        for infos in (model.graph.input, model.graph.output)
    ]
    if sizes.fixed:
        height, width = sizes.fixed
        taken = f"one image, {height} pixels high and {width} wide"
    else:
        taken = f"images from {sizes.smallest} pixels a side"
        taken += f", multiples of {sizes.multiple} only" * (sizes.multiple > 1)
    return (
        f"{output}: {len(content) / 1e6:.1f} MB, inputs {names[0]}, outputs {names[1]}; {taken}; "
        f"described in {sidecar.beside(output).name}"
    )


def _verified(
    trials: Trials,
    request: Request,
    versions: dict[str, str],
    modules: Path | None,
    sizes: Sizes,
) -> Iterator[str]:
    wrong: list[str] = []

    def rows() -> Iterator[tuple[str, str, Trial]]:
        for name, version in versions.items():
            trial = trials.run(request.output, name, modules)
            if not trial.agrees:
                wrong.append(f"{name} (cosine {trial.cosine:.6f}, loss {trial.loss_error:.1e} off)")
            yield name, version, trial

    yield from table(rows(), sizes.sample())
    if wrong:
        raise NetworkError(
            f"{shown(request.output)} is written, but not right in {' and '.join(wrong)}: the "
            f"cosine must be {COSINE_LIMIT} or more; use --variant portable, or another runtime"
        )
