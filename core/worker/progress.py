"""Progress and previews of one request, as messages."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dreamlayer.core.ascent.loop import Callbacks
from dreamlayer.core.ascent.progress import Progress
from dreamlayer.core.worker.requests import DreamRequest, Id
from dreamlayer.core.worker.writer import ReplyWriter

if TYPE_CHECKING:
    from dreamlayer.core.ascent.preview import Preview

_PROGRESS_INTERVAL = 0.05


class ProgressSender:
    """Sends the progress of one request at a limited rate, and its final state.

    Parameters
    ----------
    request_id : str, int or None
        The request's id.
    replies : ReplyWriter
        Sends the replies.
    stage : str
        What the messages say as `stage`.
    """

    def __init__(self, request_id: Id, replies: ReplyWriter, stage: str) -> None:
        self._request_id, self._replies, self._stage = request_id, replies, stage
        self._unsent: dict[str, Any] | None = None
        self._sent_at = 0.0

    def update(self, facts: dict[str, Any]) -> None:
        """Store a state, and send it if the last one is old enough."""
        self._unsent = facts
        now = time.monotonic()
        # If replies are read too slowly, more of them would be outdated when read.
        if now - self._sent_at >= _PROGRESS_INTERVAL and not self._replies.is_busy:
            self._sent_at = now
            self.flush()

    def flush(self) -> None:
        """Send the last state, unless it was sent already."""
        if self._unsent is None:
            return
        header = {"type": "progress", "id": self._request_id, "stage": self._stage, **self._unsent}
        self._unsent = None
        self._replies.send(header)


def callbacks_for(
    replies: ReplyWriter,
    sender: ProgressSender,
    request: DreamRequest,
    cancelled: Callable[[], bool],
    more: dict[str, Any] | None = None,
) -> Callbacks:
    """What a dream calls to send its progress, with `more` in each message, and its previews."""

    def on_progress(progress: Progress) -> None:
        facts = dataclasses.asdict(progress)
        del facts["loss"]
        sender.update({**facts, **(more or {})})

    def on_preview(preview: Preview) -> None:
        send_preview(replies, request.id, preview.octave, preview.octaves, preview.pixels)

    return Callbacks(
        on_progress=on_progress,
        on_preview=on_preview if request.preview else None,
        cancelled=cancelled,
    )


def send_preview(
    replies: ReplyWriter,
    request_id: Id,
    octave: int,
    octaves: int,
    pixels: npt.NDArray[np.uint8],
) -> None:
    """Send a reduced picture, uint8 [height, width, 3]."""
    height, width, _ = pixels.shape
    header = {
        "type": "preview",
        "id": request_id,
        "octave": octave,
        "octaves": octaves,
        "width": width,
        "height": height,
        "bytes": pixels.nbytes,
    }
    replies.send(header, [np.ascontiguousarray(pixels).reshape(-1).data])
