"""`--plot`: a figure of each run of `dreamlayer dream`, beside its picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dreamlayer.core.cli.targets import clash
from dreamlayer.core.errors import OptionError, OutputError
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.stored import stored

if TYPE_CHECKING:
    from dreamlayer.core.visualize.run_plot import Recorder

HELP = (
    "also plot the run to this file, or folder for several pictures: objective, clipped "
    "pixels and the gradient's divisor over all steps, and pictures of the gradient"
)

_NAMELESS = ("-", "noise/")
"""What stands for standard input and for noise."""


def plot_targets(
    plot: str | None,
    sources: Sequence[str],
    targets: Sequence[str],
    recipe: Recipe,
    others: Sequence[str] = (),
) -> list[str | None]:
    """Where the figure of each picture goes, all found writable; None without `--plot`.

    Raises
    ------
    OutputError
        A figure could not be written, or would be written over something else.
    OptionError
        The recipe makes no step that could be plotted.
    """
    if plot is None:
        return [None] * len(sources)
    from dreamlayer.core import images

    if recipe.idle or recipe.steps == 0:
        raise OptionError("--plot draws steps, but the recipe has none; set some with --steps")
    folder = bool(plot) and (plot.endswith(("/", "\\")) or Path(plot).is_dir())
    if plot == "-":
        raise OutputError("--plot needs the name of a file; standard output is for the picture")
    if len(sources) > 1 and not folder:
        raise OutputError(
            f"{plot!r} is not a folder; the plots of several pictures need one, so create it first"
        )
    found = [str(Path(plot) / f"{_stem(s)}.png") if folder else plot for s in sources]
    for name in found:
        if found.count(name) > 1:
            raise OutputError(f"two figures would both be written to {name!r}; rename a picture")
        taken = clash(name, [*sources, *targets, *filter(None, [recipe.guide, *others])])
        if taken is not None:
            raise OutputError(f"the figure would be written over {taken!r}; give another --plot")
        images.check_target(name)
    return list(found)


def _stem(source: str) -> str:
    return "dream-plot" if source in _NAMELESS else f"{Path(source).stem}-plot"


def recorder(recipe: Recipe) -> Recorder:
    """What records a run."""
    from dreamlayer.core.visualize.run_plot import Recorder

    return Recorder(recipe.steps)


def write_plot(record: Recorder, target: str, source: str, recipe: Recipe) -> None:
    """Draw a run and write it."""
    from dreamlayer.core.recipe.term import format_terms
    from dreamlayer.core.visualize.run_plot import figure
    from dreamlayer.core.visualize.sheets import write_sheet

    layers = format_terms(recipe.layers)
    name = Path(source).name or "standard input"
    drawn = figure(record, f"Objective and gradients: {layers}")
    write_sheet(drawn, target, f"run on {name}, recipe {stored(recipe)}")
