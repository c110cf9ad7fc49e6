"""Make the gradient model of an objective, and write it with its JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import onnx

from dreamlayer.core.autodiff.variants import VARIANTS
from dreamlayer.core.errors import NetworkError, OptionError, bare
from dreamlayer.core.network.gradient_model import gradient_model
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.shipped import network_for
from dreamlayer.core.recipe.term import Term, parse_term
from dreamlayer.export import network_file
from dreamlayer.export.gradient import sidecar
from dreamlayer.export.gradient.class_output import class_output
from dreamlayer.export.gradient.crops import crop_by_slices
from dreamlayer.export.gradient.fold import fold_constants
from dreamlayer.export.gradient.request import Request
from dreamlayer.export.gradient.sizes import Sizes, sizes_of
from dreamlayer.export.gradient.trial import rehearse

_MOST_BYTES = 2**31 - 1
"""What ONNX can hold in one file."""


@dataclass(frozen=True)
class Written:
    """What was written, for those who try it.

    Attributes
    ----------
    network : str
        Path of the network file.
    terms : tuple of Term
        The objective, by names of tensors.
    sizes : Sizes
        The images that the model takes.
    lines : tuple of str
        What to tell of it.
    """

    network: str
    terms: tuple[Term, ...]
    sizes: Sizes
    lines: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON knows."""
        terms = [term.to_dict() for term in self.terms]
        return {**asdict(self), "terms": terms, "lines": list(self.lines)}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Written:
        """Read what `to_dict` gives."""
        sizes = dict(told["sizes"])
        sizes["fixed"] = tuple(sizes["fixed"]) if sizes["fixed"] else None
        terms = tuple(map(Term.from_dict, told["terms"]))
        return cls(told["network"], terms, Sizes(**sizes), tuple(told["lines"]))


def write(request: Request, *, rehearsed: bool = False) -> dict[str, Any]:
    """Write the gradient model of an objective and its JSON.

    Parameters
    ----------
    request
        What to write.
    rehearsed
        Whether to run it and the network before, as whoever verifies it will.

    Returns
    -------
    dict
        For `Written.from_dict`.

    Raises
    ------
    DreamlayerError
        As for `export.gradient.command.run`; nothing is written then.
    """
    lines: list[str] = []
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
    taps = [network.tensor(name) for name in request.taps]
    if request.classes:
        found = class_output(network.model, request.size)
        for index, weight in request.classes:
            found.check(index)
            terms.append(Term(found.tensor, weight, (index,), "mean"))
        listed = ", ".join(str(index) for index, _ in request.classes)
        lines.append(f"Class {listed} of {found.told()}")
    layers = [*(term.layer for term in terms), *taps]
    sizes = sizes_of(network, layers, request.size)
    model = made(network, terms, taps, request, sizes)
    content = _serialized(model)
    if rehearsed:
        rehearse(network, terms, model, sizes.sample())
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
    lines.append(_told(model, content, request.output, sizes))
    return Written(str(network.path), tuple(terms), sizes, tuple(lines)).to_dict()


def made(
    network: Network,
    terms: Sequence[Term],
    taps: Sequence[str],
    request: Request,
    sizes: Sizes,
) -> onnx.ModelProto:
    """Make the gradient model; see `run`."""
    variant = VARIANTS[request.variant]
    model = gradient_model(network.model, terms, taps, variant, sizes.fixed)
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
