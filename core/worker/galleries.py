"""Handle a gallery request: what layers or channels dream of, as thumbnails."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from dreamlayer.core.network.network import Network
from dreamlayer.core.visualize.thumbnails import thumbnails
from dreamlayer.core.worker.queue import Job
from dreamlayer.core.worker.requests import GalleryRequest
from dreamlayer.core.worker.writer import ReplyWriter


def show_gallery(
    replies: ReplyWriter, job: Job, request: GalleryRequest, network_for: Callable[[str], Network]
) -> None:
    """Send one thumbnail after another, then that all are sent.

    Parameters
    ----------
    replies : ReplyWriter
        Sends the replies.
    job : Job
        Says whether it was cancelled.
    request : GalleryRequest
        What is asked for.
    network_for : callable
        Loads a network by its name.

    Raises
    ------
    DreamlayerError
        Something does not fit, or the job was cancelled.
    """
    began, count = time.monotonic(), 0

    def load(name: str) -> Network:
        replies.send({"type": "progress", "id": request.id, "stage": "loading"})
        return network_for(name)

    for one in thumbnails(
        request.network,
        request.layer,
        request.channels,
        request.side,
        load,
        provider=request.provider,
        threads=request.threads,
        cancelled=job.cancelled.is_set,
    ):
        header = {
            "type": "thumbnail",
            "id": request.id,
            "layer": one.layer,
            "channel": one.channel,
            "width": request.side,
            "height": request.side,
            "silent": one.silent,
            "bytes": one.pixels.nbytes,
        }
        replies.send(header, [np.ascontiguousarray(one.pixels).reshape(-1).data])
        count += 1
    seconds = round(time.monotonic() - began, 3)
    replies.send({"type": "done", "id": request.id, "count": count, "seconds": seconds})
