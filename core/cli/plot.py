"""`--plot`: a figure of each run of `dreamlayer dream`, beside its picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dreamlayer.core.cli.plan import Job
from dreamlayer.core.cli.targets import (
    STREAM,
    check_output,
    identity,
    is_folder,
    looks_like_file,
    make_folder_of,
)
from dreamlayer.core.errors import OptionError, OutputError, shown
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
    plot: str | None, jobs: Sequence[Job], recipe: Recipe, others: Sequence[str] = ()
) -> dict[Job, str]:
    """Where the figure of each picture goes, all found writable; empty without `--plot`.

    Parameters
    ----------
    plot : str or None
        The file or folder that was asked for.
    jobs : sequence of Job
        The pictures.
    recipe : Recipe
        What is plotted.
    others : sequence of str
        Files that are read too.

    Raises
    ------
    OutputError
        A figure could not be written, or would be written over something else.
    OptionError
        The recipe makes no step that could be plotted.
    """
    if plot is None:
        return {}
    if recipe.idle or recipe.steps == 0:
        raise OptionError("--plot draws steps, but the recipe has none; set some with --steps")
    if plot == STREAM:
        raise OutputError("--plot needs the name of a file; standard output is for the picture")
    made = [one for one in jobs if not (one.problem or one.skipped)]
    folder = bool(plot) and is_folder(plot)
    if len(jobs) > 1 and not folder:
        if Path(plot).exists() or looks_like_file(plot):
            raise OutputError(
                f"{shown(Path(plot))} is not a folder; the plots of several pictures need one, so "
                "give a folder with --plot"
            )
        folder = True
    found = {one: str(Path(plot) / _name(one)) if folder else plot for one in made}
    names = [*(n for one in made for n in (one.source, one.target)), *others]
    taken = {identity(name): name for name in names if name not in _NAMELESS}
    written: set[object] = set()
    for name in found.values():
        file = identity(name)
        if file in written:
            raise OutputError(
                f"two figures would both be written to {shown(Path(name))}; rename a picture"
            )
        written.add(file)
        if file in taken:
            raise OutputError(
                f"the figure would be written over {shown(Path(taken[file]))}; give another --plot"
            )
        check_output(name, may_make=folder)
    return found


def _name(job: Job) -> str:
    if job.source in _NAMELESS:
        return "dream-plot.png"
    below = Path(job.below)
    return str(below.with_name(f"{below.stem}-plot.png"))


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
    make_folder_of(target)
    drawn = figure(record, f"Objective and gradients: {layers}")
    write_sheet(drawn, target, f"run on {name}, recipe {stored(recipe)}")
