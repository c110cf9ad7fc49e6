"""Export a network of torchvision or timm, and differentiate it with torch in float64.

Run as `python tests/families/torch_source.py FOLDER NAME...`, where torch, torchvision, timm and
onnxscript are installed. dreamlayer is not needed and not asked.
"""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Any

import images
import numpy.typing as npt
import torch
from activations import Candidate, choose, positions_of
from families import Family, named
from images import first_line

BATCH = 4


def make(family: Family, folder: Path) -> None:
    """Write the family's network and, as .npz, images with activations and gradients.

    A network that is in the folder already is kept: the same seed made it.
    """
    torch.manual_seed(0)
    torch.set_num_threads(2)
    model = _made(family)
    _shake(model, family)
    image = torch.from_numpy(images.noise(family, 1, 1))
    file = folder / f"{family.stem}.onnx"
    if not file.exists():
        export(model, image, family, file)
    outputs = _outputs(model, image)
    chosen = choose(file, {"image": image.numpy()}, outputs)
    models = {"float32": model, "float64": copy.deepcopy(model).double()}

    def gradients(pixels: npt.NDArray[Any], kind: str) -> dict[str, npt.NDArray[Any]]:
        return _gradients(models[kind], torch.from_numpy(pixels.astype(kind)), chosen)

    tried = images.without_ties(family, gradients)
    values = _outputs(model, torch.from_numpy(tried[0].pixels))
    activations = {place: values[one.module] for place, one in chosen.items()}
    images.save(folder / f"{family.stem}.npz", chosen, activations, tried, _versions(family))


def _versions(family: Family) -> str:
    package = __import__(family.package) if family.package != "small" else torch
    own = "" if package is torch else f", {family.package} {package.__version__}"
    return f"torch {torch.__version__.split('+')[0]}{own}"


def _made(family: Family) -> torch.nn.Module:
    if family.package == "torchvision":
        import torchvision

        model = torchvision.models.get_model(family.model, weights=None, **family.options)
    elif family.package == "timm":
        import timm

        model = timm.create_model(family.model, pretrained=False, **family.options)
    else:
        import small_networks

        model = getattr(small_networks, family.model)(**family.options)
    return model.eval()


def _shake(model: torch.nn.Module, family: Family) -> None:
    """Give weights that start as constants random values, and batch norms true statistics.

    Libraries start biases at 0, scales at 1 or 0, layer scales at 1e-6: activations would vanish
    in the deep layers, and errors in these weights would not show.
    """
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.numel() and parameter.max() == parameter.min():
                start = float(parameter.max())
                noise = torch.rand_like(parameter)
                if abs(start) > 0.1:
                    parameter.copy_(start * (0.7 + 0.6 * noise))
                elif start:
                    parameter.copy_(0.2 + 0.6 * noise)
                else:
                    parameter.copy_(0.4 * (noise - 0.3))
        norms = [m for m in model.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
        for norm in norms:
            norm.train()
            norm.momentum = 1.0
        model(torch.from_numpy(images.noise(family, 1, BATCH)))
        for norm in norms:
            norm.eval()
            if norm.running_mean is None or norm.running_var is None:
                continue
            deviation = norm.running_var.sqrt()
            norm.running_mean += 0.2 * deviation * torch.randn_like(deviation)
            norm.running_var *= 0.7 + 0.6 * torch.rand_like(deviation)


def export(model: torch.nn.Module, image: torch.Tensor, family: Family, file: Path) -> None:
    """Write the network as ONNX, as the family says."""
    if family.exporter == "torchscript":
        axes = {0: "batch", 2: "height", 3: "width"}
        torch.onnx.export(
            model,
            (image,),
            str(file),
            dynamo=False,
            opset_version=family.opset,
            input_names=["image"],
            dynamic_axes={"image": axes} if family.dynamic else None,
        )
        return
    dynamic = torch.export.Dim.DYNAMIC
    program = torch.onnx.export(
        model,
        (image.repeat(2, 1, 1, 1) if family.dynamic else image,),
        dynamo=True,
        opset_version=family.opset,
        input_names=["image"],
        dynamic_shapes=({0: dynamic, 2: dynamic, 3: dynamic},) if family.dynamic else None,
        verbose=False,
    )
    program.save(str(file), external_data=False)


class _Taps:
    """The outputs of all modules, by path and call: the second call of `relu` is `relu:1`."""

    def __init__(self, model: torch.nn.Module, wanted: set[str] | None = None) -> None:
        self.found: dict[str, torch.Tensor] = {}
        self._calls: dict[str, int] = {}
        self._wanted = wanted
        self._handles = [
            module.register_forward_hook(self._hook(path))
            for path, module in model.named_modules()
            if path and not isinstance(module, torch.nn.Softmax) and "attn_drop" not in path
        ]

    def _hook(self, path: str) -> Any:
        def hook(_module: Any, _inputs: Any, output: Any) -> None:
            call = self._calls.get(path, 0)
            self._calls[path] = call + 1
            name = f"{path}:{call}"
            if isinstance(output, torch.Tensor) and (self._wanted is None or name in self._wanted):
                # What follows may change it in place.
                self.found[name] = output.clone()

        return hook

    def __enter__(self) -> _Taps:
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()


def _outputs(model: torch.nn.Module, image: torch.Tensor) -> dict[str, npt.NDArray[Any]]:
    with torch.no_grad(), _Taps(model) as taps:
        model(image)
    return {name: value.numpy() for name, value in taps.found.items()}


def _gradients(
    model: torch.nn.Module, image: torch.Tensor, chosen: dict[str, Candidate]
) -> dict[str, npt.NDArray[Any]]:
    """The gradients of the mean of squares over the positions of each layer."""
    pixels = image.requires_grad_()
    with _Taps(model, {candidate.module for candidate in chosen.values()}) as taps:
        model(pixels)
    result = {}
    for place, candidate in chosen.items():
        layer = positions_of(taps.found[candidate.module], candidate.leading)
        (gradient,) = torch.autograd.grad(layer.square().mean(), pixels, retain_graph=True)
        result[place] = gradient.numpy()
    return result


if __name__ == "__main__":
    for wanted in sys.argv[2:]:
        try:
            make(named(wanted), Path(sys.argv[1]))
        except Exception as error:  # an exporter's; it must not keep the others from their turn
            print(f"{wanted}: {first_line(error)}", file=sys.stderr)
