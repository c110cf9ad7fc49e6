"""Handle a request to animate: send one frame after another."""

from __future__ import annotations

import time

import numpy as np

from dreamlayer.core.ascent.progress import check_cancelled
from dreamlayer.core.dreaming.animation import animate as frames_of
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.stored import without_paths
from dreamlayer.core.worker.progress import ProgressSender, callbacks_for
from dreamlayer.core.worker.queue import Job
from dreamlayer.core.worker.requests import AnimateRequest
from dreamlayer.core.worker.wire_pixels import Array, Raster, rgba_chunks
from dreamlayer.core.worker.writer import ReplyWriter


def animate(
    replies: ReplyWriter,
    job: Job,
    request: AnimateRequest,
    raster: Raster,
    recipe: Recipe,
    dreamer: Dreamer,
    provider: str,
) -> None:
    """Send the frames, each as soon as it is dreamt, then that all are sent.

    Parameters
    ----------
    replies : ReplyWriter
        Sends the replies.
    job : Job
        Says whether it was cancelled.
    request : AnimateRequest
        What is asked for.
    raster : Raster
        The pixels.
    recipe : Recipe
        As it is used.
    dreamer : Dreamer
        Has the network.
    provider : str
        What runs it; `none` if nothing does.

    Raises
    ------
    DreamlayerError
        Something does not fit, or the job was cancelled.
    """
    began, count = time.monotonic(), request.animation.frames
    sender = ProgressSender(request.id, replies, "dreaming")
    facts = {"frame": 1, "frames": count}
    for frame in frames_of(
        dreamer,
        _taken(raster),
        recipe,
        request.animation,
        mask=raster.mask,
        alpha=raster.alpha,
        tile=recipe.tile,
        callbacks=callbacks_for(replies, sender, request, job.cancelled.is_set, facts),
        preview_side=request.preview,
    ):
        sender.flush()
        check_cancelled(job.cancelled.is_set, "animation")
        assert frame.alpha is not None
        header = {
            "type": "frame",
            "id": request.id,
            "number": frame.number,
            "width": request.width,
            "height": request.height,
            "pixels": request.pixels,
            "bytes": 4 * frame.alpha.nbytes,
        }
        replies.send(header, rgba_chunks(frame.pixels, frame.alpha), wait=True)
        facts["frame"] = frame.number + 1
        # Its memory is needed for the next one.
        del frame
    done = {
        "type": "done",
        "id": request.id,
        "count": count,
        "seconds": round(time.monotonic() - began, 3),
        "provider": provider,
        "recipe": recipe.to_dict(),
        "stored": without_paths(recipe.to_dict()),
    }
    replies.send(done)


def _taken(raster: Raster) -> Array:
    """The pixels of a raster, which it does not hold any more."""
    pixels, raster.rgb = raster.rgb, np.empty((0, 0, 3), np.float32)
    return pixels
