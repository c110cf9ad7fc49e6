"""The result of a dream or a style, as a message."""

from __future__ import annotations

import time

from dreamlayer.core.recipe.parameters import Parameters
from dreamlayer.core.recipe.stored import without_paths
from dreamlayer.core.worker.requests import PixelRequest
from dreamlayer.core.worker.wire_pixels import Array, Raster, rgba_chunks
from dreamlayer.core.worker.writer import ReplyWriter


def send_result(
    replies: ReplyWriter,
    request: PixelRequest,
    recipe: Parameters,
    raster: Raster,
    pixels: Array,
    provider: str,
    began: float,
) -> None:
    """Send the pixels and what they were made with, and wait until they are written.

    Parameters
    ----------
    replies : ReplyWriter
        Sends the message.
    request : DreamRequest or StyleRequest
        What was asked for.
    recipe : Recipe or StyleRecipe
        As it was used.
    raster : Raster
        Its alpha is sent back.
    pixels : array
        float32 [height, width, 3].
    provider : str
        What ran the network; `none` if nothing did.
    began : float
        When the work began, by `time.monotonic`.
    """
    header = {
        "type": "result",
        "id": request.id,
        "width": request.width,
        "height": request.height,
        "pixels": request.pixels,
        "provider": provider,
        "recipe": recipe.to_dict(),
        "stored": without_paths(recipe.to_dict()),
        "seconds": round(time.monotonic() - began, 3),
        "bytes": 4 * raster.alpha.nbytes,
    }
    replies.send(header, rgba_chunks(pixels, raster.alpha), wait=True)
