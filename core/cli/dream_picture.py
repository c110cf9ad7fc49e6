"""One picture of `dreamlayer dream`: read, dreamt and written."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from dreamlayer.core.cli.inputs import NOISE
from dreamlayer.core.cli.plan import Job
from dreamlayer.core.cli.plot import recorder, write_plot
from dreamlayer.core.cli.progress import Reporter
from dreamlayer.core.cli.results import check_result, until_written, write_result
from dreamlayer.core.cli.targets import STREAM, claimed, make_folder_of
from dreamlayer.core.errors import OptionError
from dreamlayer.core.recipe.recipe import Recipe

if TYPE_CHECKING:
    from dreamlayer.core.cli.mask import Mask
    from dreamlayer.core.dreaming.dreamer import Dreamer
    from dreamlayer.core.dreaming.memory import Estimate
    from dreamlayer.core.images import Picture


class Dreams:
    """Makes the pictures of one run, all by the same recipe.

    Parameters
    ----------
    recipe : Recipe
        The parameters.
    dreamer : Dreamer
        Has the network.
    reporter : Reporter
        Is told of each picture's start, progress and end.
    options : argparse.Namespace
        The command's options.
    mask : Mask or None
        Where to dream.
    """

    def __init__(
        self,
        recipe: Recipe,
        dreamer: Dreamer,
        reporter: Reporter,
        options: argparse.Namespace,
        mask: Mask | None,
    ) -> None:
        self._recipe, self._dreamer, self._reporter = recipe, dreamer, reporter
        self._options, self._mask = options, mask

    def make(self, job: Job, plot: str | None, finished: Callable[[str], None]) -> None:
        """Make one picture.

        Parameters
        ----------
        job : Job
            What to read and to write.
        plot : str or None
            The file for a figure of the run.
        finished : callable
            Called with the name of the file once the picture is written.
        """
        import numpy as np

        from dreamlayer.core import images
        from dreamlayer.core.ascent.loop import Callbacks
        from dreamlayer.core.images.compact import compacted
        from dreamlayer.core.runtime.graph_cache import fill

        options, recipe, dreamer = self._options, self._recipe, self._dreamer
        is_noise = job.source == NOISE.name
        # The source is looked at first: what is wrong with it is no fault of the output.
        opened = (
            _noise(recipe, options.max_megapixels)
            if is_noise
            else images.open(job.source, options.max_megapixels)
        )
        try:
            for one in check_result(opened, job.target, recipe, options, may_make=job.may_make):
                self._reporter.remark(f"{job.source}: {one}", source=job.source)
            where = None
            if self._mask is not None:
                where = self._mask.for_size(opened.width, opened.height)
            weighed = where is not None or opened.has_alpha
            # Noise, and floats in files, are held as they are.
            compact = not is_noise and opened.depth < 32 and not opened.has_alpha
            estimate = dreamer.estimate(
                opened.width,
                opened.height,
                recipe,
                weighed=weighed,
                compact=compact,
                encoder=images.encoder_bytes(job.target, options.format),
                # Noise is made, not read.
                decoder=getattr(opened, "decoder_bytes", 0.0),
                extras=getattr(opened, "extra_bytes", 0.0),
            )
            used = recipe.replace(tile=estimate.tile)
            if is_noise:
                # The tone of noise is nothing to hold on to.
                used = used.replace(anchor=0.0)
            provider = "none" if used.idle else dreamer.objective(used).provider
            name = "noise" if is_noise else job.source
            self._announce(name, opened.width, opened.height, used, estimate, provider)
            picture = opened if isinstance(opened, images.Picture) else opened.load()
        finally:
            if isinstance(opened, images.Source):
                opened.close()
        record = None if plot is None else recorder(used)
        pixels = (compacted(picture.pixels) if compact else None) or picture.pixels
        # The dream needs the memory of their floats, if it can.
        picture.pixels = np.empty((0, 0, 3), np.float32)
        picture.pixels = dreamer.dream(
            pixels,
            used,
            mask=where,
            alpha=picture.alpha,
            tile=estimate.tile,
            callbacks=Callbacks(on_progress=self._reporter.progress, on_step=record),
        )
        if job.may_make:
            make_folder_of(job.target)
        with until_written(job.target), _place(job) as target:
            write_result(picture, target, used, options)
            finished(target)
            self._reporter.done(target)
        if plot is not None and record is not None:
            write_plot(record, plot, name, used)
        fill()

    def _announce(
        self,
        source: str,
        width: int,
        height: int,
        recipe: Recipe,
        estimate: Estimate,
        provider: str,
    ) -> None:
        """Say before the start what is about to be done and what it needs."""
        from dreamlayer.core.dreaming.free_memory import in_units

        sizes = [f"{wide} × {high}" for high, wide in estimate.octaves]
        span = f" ({sizes[0]} to {sizes[-1]})" if len(sizes) > 1 else ""
        name = "standard input" if source == STREAM else source
        self._reporter.start(
            f"{name}: {width} × {height} pixels, octaves {len(sizes)}{span}, "
            f"steps {recipe.steps}, tile {recipe.tile}, provider {provider}, "
            f"about {in_units(estimate.bytes)} of memory",
            source=source,
            width=width,
            height=height,
            octaves=len(sizes),
            tile=recipe.tile,
            provider=provider,
            memory_bytes=int(estimate.bytes),
        )


def _place(job: Job) -> contextlib.AbstractContextManager[str]:
    """Where a picture is written: another place than planned where a file has come there since."""
    return claimed(job.target) if job.keeps_existing else contextlib.nullcontext(job.target)


def _noise(recipe: Recipe, megapixels: float) -> Picture:
    """The noise to start from, if it is not too large."""
    from dreamlayer.core.dreaming.dreamer import noise_picture
    from dreamlayer.core.dreaming.memory import check_memory
    from dreamlayer.core.images import Picture

    if recipe.canvas**2 > megapixels * 1e6:
        raise OptionError(
            f"a canvas of {recipe.canvas} × {recipe.canvas} pixels is more than the "
            f"{megapixels:g} megapixels allowed; give a smaller --canvas, or raise the limit with "
            f"--max-megapixels"
        )
    check_memory(recipe.canvas, recipe.canvas)
    return Picture(noise_picture(recipe))
