"""The table of docs/networks.md, from what `measure.py` found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from families import Family
from images import ERROR, PLACES

SHARE = 0.9
"""Of the source's convolutions, activations and concatenations, so many must be offered."""
TIMES, ROUNDING = 10, 1e-2
"""How much float32 may miss float64 by: times what the framework's misses, or this much."""
Result = Mapping[str, Any]

HEAD = """\
# Networks

Which networks dreamlayer can dream with, tried out. Each comes with random weights from its \
library, so no training is judged here, only whether layers, gradients and dreams are right.

    python tests/families/run.py --torch PYTHON --keras PYTHON --output docs/networks.md

makes this table: each network is exported by its framework, adopted by `dreamlayer-export \
adopt`, and dreamed with for two steps. With `--only NAME...` the other rows are written from what \
was found before, which is kept in `tests/families/results/`.

- **Layers**: the layers that can be dreamed, of all convolutions, activations and concatenations \
with more than one position in the exported file. They are found by running the file in ONNX \
Runtime, and count as offered where a layer has the same values.
- **Gradient**: the largest difference between dreamlayer's gradient of the mean of a layer's \
squares and the framework's own in float64, as a part of the largest value; then what the \
framework's own float32 misses. A middle layer and the last that has positions. Where the input of \
a ReLU is 0 to rounding, or two values in a pool's window are alike, float32 may take either side; \
of three images, the one with the smallest difference is told. Some networks amplify rounding \
until float32 tells little, whoever computes with it. Where dreamlayer's gradient misses by more \
than {error:.0e}, it is computed in float64 too, and compared with the slopes of the loss along \
three random directions, by central differences or, where a ReLU changes sides within the step, \
by smaller or one-sided ones. The remark tells the largest difference, as a part of the \
gradient's length, and then by how much float32 misses float64, which may be {times} times what \
the framework's misses, or {rounding:.0e}. Rows above {error:.0e} without such a remark were \
measured before that comparison existed, and those whose remark tells one number before the second \
was measured.
- **Dream**: two steps of `dreamlayer dream` on the last of these layers.

Of levit_128s, torch 2.14.1's own gradient differs from what small steps of torch's own loss show \
in float64 (-0.20 and -5.36 along one direction); dreamlayer's agrees with the steps.

Keras 3's ConvNeXt is not in the table: tf2onnx 1.17 leaves its grouped convolutions as calls of \
StatefulPartitionedCall, which no runtime of ONNX has. Keras's NASNetMobile has one size only.
"""

COLUMNS = (
    "| network | exporter, opset | sizes | layers | gradient, middle | gradient, late "
    "| dream | remark |\n|---|---|---|--:|--:|--:|---|---|"
)


def document(results: Mapping[Family, Result | None]) -> str:
    """The whole page as Markdown.

    Parameters
    ----------
    results
        For each family what `measure.py` found, or None if it has not been tried.
    """
    sections = [HEAD.format(error=ERROR, times=TIMES, rounding=ROUNDING)]
    good = [family for family, result in results.items() if passed(family, result)]
    tried = sum(result is not None for result in results.values())
    others = f"; {len(results) - tried} were not tried" if tried < len(results) else ""
    sections.append(
        f"{len(good)} of {tried} networks are right in all of these: at least {SHARE:.0%} of the "
        f"layers, gradients within {ERROR:.0e} in float32 or float64, or within what the "
        f"framework's own float32 misses where float64 was not tried, and a dream{others}.\n"
    )
    titles = {"torchvision": "torchvision", "timm": "timm", "small": "Small", "keras": "Keras"}
    for package, title in titles.items():
        own = {one: found for one, found in results.items() if one.package == package}
        if not own:
            continue
        sections.append(f"## {title}\n\n{COLUMNS}")
        sections[-1] += "".join(f"\n{row(family, result)}" for family, result in own.items()) + "\n"
    sections.append(f"Measured with {_versions(results)}.\n")
    return "\n".join(sections)


def row(family: Family, result: Result | None) -> str:
    """One line of the table."""
    result = result or {"problem": "not tried"}
    exporter = {"torchscript": "TorchScript"}.get(family.exporter, family.exporter)
    sizes = "any" if family.dynamic else f"{family.side} × {family.side}"
    layers = f"{result['offered']} / {result['maps']}" if "maps" in result else "–"
    gradients = [_gradient(result.get(place)) for place in PLACES]
    dream = "yes" if result.get("dream") == "yes" else "no"
    name = family.name.removeprefix("keras ")
    cells = [name, f"{exporter} {family.opset}", sizes, layers, *gradients, dream, _remark(result)]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def passed(_family: Family, result: Result | None) -> bool:
    """Whether layers, gradients and dream are right."""
    if not result or "maps" not in result or result.get("dream") != "yes":
        return False
    share = result["offered"] >= SHARE * result["maps"]
    return share and all(_is_right(result[place]) for place in PLACES)


def _is_right(gradient: Mapping[str, Any]) -> bool:
    """Whether a gradient is, by float64 where float32 did not show it."""
    if "ours" not in gradient:
        return False
    if "slopes" in gradient:
        # Older results do not tell it.
        rounding = gradient.get("rounding", 0.0)
        is_bounded = rounding <= max(TIMES * gradient["theirs"], ROUNDING)
        return bool(gradient["slopes"] <= ERROR and is_bounded)
    return bool(gradient["ours"] <= max(ERROR, gradient["theirs"]))


def _gradient(found: Mapping[str, Any] | None) -> str:
    if not found or "ours" not in found:
        return "–"
    return f"{found['ours']:.1e} ({found['theirs']:.1e})"


def _remark(result: Result) -> str:
    """What a user should know: the refusal, the fault, or the limits that adoption tells."""
    for key in ("problem", "refused"):
        if key in result:
            return str(result[key])
    problems = [result[place]["problem"] for place in PLACES if "problem" in result[place]]
    if result["dream"] != "yes":
        problems.append(f"dream: {result['dream']}")
    if problems:
        return "; ".join(problems)
    kept = [line for line in result["adopt"] if line.startswith(("Size ", "Fixed ", "Tiles "))]
    limits = [" ".join(line.split()[1:]) for line in kept]
    slopes = [
        f"{place}, in float64: {result[place]['slopes']:.1e}{_rounding(result[place])}"
        for place in PLACES
        if "slopes" in result[place]
    ]
    return "; ".join([*limits, *slopes])


def _rounding(found: Mapping[str, Any]) -> str:
    return f" ({found['rounding']:.1e})" if "rounding" in found else ""


def _versions(results: Mapping[Family, Result | None]) -> str:
    """Packages with their versions, of which there are several where networks were tried at times.

    What the framework brought comes last.
    """
    found = [one for result in results.values() if result for one in result.get("versions", ())]
    return ", ".join(dict.fromkeys(found))
