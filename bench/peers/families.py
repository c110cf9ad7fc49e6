"""Eight families of torchvision, as network files: `python -m bench.peers.families FOLDER`.

The weights are random, from a seed, since a gradient takes as long with any. Batch normalizations
have the statistics of the noise that is timed, so that activations and gradients are as large in
each layer as those of a trained network.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import BenchError, UnavailableError
from dreamlayer.core.cli.program import Program
from dreamlayer.core.version import VERSION

MIDDLE, LATE = "middle", "late"
"""Names of the two layers of each network file; the objective is the sum of both."""

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""What torchvision's networks expect of the pixels 0..1 to be subtracted and divided by."""

_SEED, _BATCH, _SIDE, _OPSET = 0, 4, 224, 18
_MANIFEST = "families.json"


@dataclass(frozen=True)
class Family:
    """One network of torchvision.

    Attributes
    ----------
    name : str
        The function in `torchvision.models` that makes it.
    middle, late : str
        The modules whose outputs are `MIDDLE` and `LATE`.
    """

    name: str
    middle: str
    late: str


FAMILIES = (
    Family("resnet50", "layer2", "layer4"),
    Family("mobilenet_v3_large", "features.6", "features.15"),
    Family("efficientnet_b0", "features.4", "features.7"),
    Family("convnext_tiny", "features.3", "features.7"),
    Family("densenet121", "features.denseblock2", "features.denseblock4"),
    Family("vgg16", "features.15", "features.29"),
    Family("squeezenet1_1", "features.7", "features.12"),
    Family("regnet_y_400mf", "trunk_output.block2", "trunk_output.block4"),
)
"""A network of residual blocks, three mobile ones, one of layer norms, dense connections, plain
convolutions, small squeezed ones and grouped ones: what people dream with or would."""


def family(name: str) -> Family:
    """The family of that name; `BenchError` if there is none."""
    for one in FAMILIES:
        if one.name == name:
            return one
    known = ", ".join(one.name for one in FAMILIES)
    raise BenchError(f"there is no family {name!r}; known are {known}")


def features(name: str, folder: Path | None = None) -> Any:
    """The part of a torchvision network up to the late layer, as its users cut it out.

    Parameters
    ----------
    name : str
        One of `FAMILIES`.
    folder : Path, optional
        Where `write` put the weights; random ones by default.

    Returns
    -------
    torch.nn.Module
        From pixels [batch, 3, height, width] less `MEAN`, over `STD`, to a dictionary of
        `MIDDLE` and `LATE`; in evaluation mode, its weights without gradients.
    """
    import torch
    import torchvision
    from torchvision.models.feature_extraction import create_feature_extractor

    one = family(name)
    torch.manual_seed(_SEED)
    whole = getattr(torchvision.models, name)(weights=None).eval()
    cut = create_feature_extractor(whole, {one.middle: MIDDLE, one.late: LATE})
    if folder is not None:
        cut.load_state_dict(torch.load(folder / f"{name}.pt", weights_only=True))
    return cut.eval().requires_grad_(False)


def write(folder: Path, names: Iterable[str] = ()) -> list[Path]:
    """Write NAME.onnx, a network file, and NAME.pt, the same weights, for each family.

    What is in the folder already, from the same versions, stays.

    Parameters
    ----------
    folder : Path
        Is made if it does not exist.
    names : iterable of str
        The families; all by default.

    Returns
    -------
    list of Path
        The network files.

    Raises
    ------
    UnavailableError
        torchvision is not installed.
    BenchError
        The folder cannot be written to.
    """
    try:
        import torch
        import torchvision
    except ImportError as error:
        raise UnavailableError(f"torchvision is not installed ({error})") from error
    versions = [VERSION, str(torch.__version__), str(torchvision.__version__)]
    found = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = folder / _MANIFEST
        known = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else {}
        for name in names or [one.name for one in FAMILIES]:
            found.append(folder / f"{name}.onnx")
            if known.get(name) == versions and found[-1].exists():
                continue
            _write_one(name, folder)
            known[name] = versions
            manifest.write_text(json.dumps(known, indent=1), encoding="utf-8")
    except OSError as error:
        raise BenchError(f"the families cannot be written to {folder}: {error}") from error
    return found


def _write_one(name: str, folder: Path) -> None:
    import onnx
    import torch

    from dreamlayer.export.adopt.adopt import adopt
    from dreamlayer.export.adopt.input_guess import InputOptions

    cut = features(name)
    _calibrate(cut)
    # The legacy exporter writes to streams too, which its signature does not tell.
    foreign: Any = io.BytesIO()
    with warnings.catch_warnings():
        # The newer exporter needs a further package.
        warnings.filterwarnings("ignore", "You are using the legacy", DeprecationWarning)
        torch.onnx.export(
            _in_order(cut),
            (torch.zeros(1, 3, _SIDE, _SIDE),),
            foreign,
            input_names=["pixels"],
            output_names=[MIDDLE, LATE],
            dynamic_axes={"pixels": {0: "batch", 2: "height", 3: "width"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    network, _ = adopt(
        onnx.load_from_string(foreign.getvalue()),
        InputOptions(layout="nchw", channels="rgb", range="0..1", mean=MEAN, std=STD),
        name=name,
        origin="torchvision, random weights",
        license_text="random weights, free to use",
    )
    torch.save(cut.state_dict(), folder / f"{name}.pt")
    onnx.save(network, folder / f"{name}.onnx")


def _calibrate(cut: Any) -> None:
    """Give batch normalizations the statistics that they see on noise, which is what is timed."""
    import torch

    noise = np.random.default_rng(_SEED).random((_BATCH, 3, _SIDE, _SIDE), dtype=np.float32)
    mean, std = (torch.tensor(one).reshape(3, 1, 1) for one in (MEAN, STD))
    norms = [one for one in cut.modules() if isinstance(one, torch.nn.BatchNorm2d)]
    for norm in norms:
        # The mean over all batches, of which there is one.
        norm.momentum = None
        norm.reset_running_stats()
        norm.train()
    with torch.no_grad():
        cut((torch.from_numpy(noise) - mean) / std)
    cut.eval()


def _in_order(cut: Any) -> Any:
    """The same with a tuple in place of the dictionary, as the exporter names outputs in order."""
    import torch

    def forward(_: Any, pixels: Any) -> Any:
        found = cut(pixels)
        return found[MIDDLE], found[LATE]

    whole = type("InOrder", (torch.nn.Module,), {"forward": forward})()
    whole.cut = cut
    return whole


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder for the files")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="FAMILY",
        help=f"which to write: {', '.join(one.name for one in FAMILIES)} (default: all)",
    )


def run(options: argparse.Namespace) -> int:
    """Write the files, and print each one's path and layers."""
    for path in write(options.folder, options.names):
        print(f"{path}: layers {MIDDLE} and {LATE}", flush=True)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Write the families; see `core.cli.program.Program.main`."""
    return Program(
        "python -m bench.peers.families",
        description="Write torchvision's families as network files with random weights.",
        example="families",
        load=lambda _: sys.modules[__name__],
        commands={},
        extras="bench",
        cancelled="what is whole stays",
    ).main(argv)


if __name__ == "__main__":
    sys.exit(main())
