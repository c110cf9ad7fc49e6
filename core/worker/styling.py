"""Handle a style request: the content's pixels in the style of the pictures that came with it."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from dreamlayer.core.ascent.progress import check_cancelled
from dreamlayer.core.images.arrays import check_image, planar
from dreamlayer.core.images.resampling import resize
from dreamlayer.core.images.transparency import keep_hidden
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.style.lbfgs import StyleProgress
from dreamlayer.core.style.optimization import Round
from dreamlayer.core.style.transfer import StyleTransfer
from dreamlayer.core.worker.progress import ProgressSender, send_preview
from dreamlayer.core.worker.queue import Job
from dreamlayer.core.worker.requests import StyleRequest
from dreamlayer.core.worker.result import send_result
from dreamlayer.core.worker.wire_pixels import Array, Raster
from dreamlayer.core.worker.writer import ReplyWriter


def style(
    replies: ReplyWriter, job: Job, request: StyleRequest, network_for: Callable[[str], Network]
) -> None:
    """Style one picture, and send progress, previews and the result.

    Parameters
    ----------
    replies : ReplyWriter
        Sends the replies.
    job : Job
        Has the pixels, which are taken from it.
    request : StyleRequest
        What is asked for.
    network_for : callable
        Loads a network by its name.

    Raises
    ------
    DreamlayerError
        Something does not fit, or the job was cancelled.
    """
    began = time.monotonic()
    raster, job.raster = job.raster, None
    further, job.further = job.further, []
    assert raster is not None
    recipe = request.recipe.replace(styles=tuple(one.name for one in further))
    provider, pixels = "none", raster.rgb
    check_image(raster.rgb, raster.mask)
    if not recipe.idle:
        replies.send({"type": "progress", "id": request.id, "stage": "loading"})
        network = network_for(network_of(recipe))
        transfer = StyleTransfer(network, request.provider, request.threads)
        styles = [one.picture() for one in further]
        further.clear()
        transfer.estimate(request.width, request.height, recipe, styles, held=True)
        cancelled = job.cancelled.is_set
        optimization = transfer.prepare(raster.rgb, recipe, styles, raster.alpha, cancelled)
        styles.clear()
        provider = optimization.provider
        sender = ProgressSender(request.id, replies, "styling")
        shown = _Previews(replies, request, raster) if request.preview else None
        pixels = optimization.run(
            on_progress=lambda progress: sender.update(_facts(progress)),
            on_round=shown,
            cancelled=cancelled,
        )
        sender.flush()
        pixels = _within(pixels, raster)
    check_cancelled(job.cancelled.is_set, "style")
    send_result(replies, request, recipe, raster, pixels, provider, began)


class _Previews:
    """Sends a reduced picture after each round, as it would look if it were the result."""

    def __init__(self, replies: ReplyWriter, request: StyleRequest, raster: Raster) -> None:
        self._replies, self._request, self._raster = replies, request, raster
        longer = max(request.width, request.height)
        scale = min(1.0, request.preview / longer)
        sides = request.height * scale, request.width * scale
        self._size = max(1, round(sides[0])), max(1, round(sides[1]))

    def __call__(self, made: Round) -> None:
        planes = resize(planar(_within(made.pixels, self._raster)), self._size)
        levels = np.rint(np.clip(planes.transpose(1, 2, 0), 0, 1) * 255).astype(np.uint8)
        recipe = self._request.recipe
        octaves = made.count // recipe.rounds
        octave = (made.number - 1) // recipe.rounds + 1
        send_preview(self._replies, self._request.id, octave, octaves, levels)


def _within(pixels: Array, raster: Raster) -> Array:
    """The result where the mask and alpha allow it, and elsewhere the content bit by bit."""
    content, mask = raster.rgb, raster.mask
    pixels = keep_hidden(pixels, content, raster.alpha)
    if mask is None:
        return pixels
    share = np.clip(mask, 0, 1)[:, :, np.newaxis]
    return np.where(share > 0, content + share * (pixels - content), content)


def _facts(progress: StyleProgress) -> dict[str, object]:
    """Progress in the keys of a dream's, and the round."""
    steps = progress.rounds * progress.evaluations
    step = (progress.round - 1) * progress.evaluations + max(progress.evaluation, 1)
    return {
        "octave": progress.octave,
        "octaves": progress.octaves,
        "step": min(step, steps),
        "steps": steps,
        "width": progress.width,
        "height": progress.height,
        "fraction": progress.fraction,
        "seconds_left": progress.seconds_left,
        "round": progress.round,
        "rounds": progress.rounds,
    }
