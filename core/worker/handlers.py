"""What the worker answers to a request that is its turn: a dream, or what there is to dream of."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamlayer.core.ascent.loop import Callbacks
from dreamlayer.core.ascent.progress import Progress
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.errors import CancelledError
from dreamlayer.core.images.arrays import check_image
from dreamlayer.core.network.files import available, find
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.worker.description import description
from dreamlayer.core.worker.queue import Job
from dreamlayer.core.worker.requests import DescribeRequest, DreamRequest, Id
from dreamlayer.core.worker.wire_pixels import Raster, rgba_rows
from dreamlayer.core.worker.writer import ReplyWriter

if TYPE_CHECKING:
    from dreamlayer.core.ascent.preview import Preview

_INTERVAL = 0.05
_PREVIEW_PIXELS = 512 * 512
"""What is larger is no preview, and has the memory to itself."""


class Handlers:
    """Handlers requests one after another, with the last network kept warm.

    Parameters
    ----------
    replies : ReplyWriter
        Where the answers go.
    """

    def __init__(self, replies: ReplyWriter) -> None:
        self._replies = replies
        self._network: tuple[object, Network] | None = None
        self._dreamer: tuple[object, Dreamer] | None = None

    def answer(self, job: Job) -> None:
        """Answer one request; whatever is raised is for the caller to answer with."""
        if isinstance(job.request, DescribeRequest):
            self._describe(job.request)
        else:
            self._dream(job, job.request)

    def _describe(self, request: DescribeRequest) -> None:
        facts = description()
        facts["networks"] = {name: str(path) for name, path in available().items()}
        if request.network is not None:
            facts["layers"] = [
                {"name": layer.name, "channels": layer.channels, "stride": layer.stride}
                for layer in self._loaded(request.network).layers()
                if layer.reason is None
            ]
        self._replies.send({"type": "description", "id": request.id, **facts})

    def _dream(self, job: Job, request: DreamRequest) -> None:
        began = time.monotonic()
        raster, job.raster = job.raster, None
        assert raster is not None
        used, provider, pixels = request.recipe, "none", raster.rgb
        check_image(raster.rgb, raster.mask)
        if not used.idle:
            dreamer = self._warm(request)
            if request.width * request.height > _PREVIEW_PIXELS:
                dreamer.forget(but=used)
            used = used.replace(tile=dreamer.estimate(request.width, request.height, used).tile)
            provider = dreamer.objective(used).provider
            pixels = self._dreamt(dreamer, used, raster, request, job.cancelled.is_set)
        if job.cancelled.is_set():
            raise CancelledError("the dream was cancelled")
        header = {
            "type": "result",
            "id": request.id,
            "width": request.width,
            "height": request.height,
            "pixels": request.pixels,
            "provider": provider,
            "recipe": used.to_dict(),
            "seconds": round(time.monotonic() - began, 3),
            "bytes": 4 * raster.alpha.nbytes,
        }
        self._replies.send(header, rgba_rows(pixels, raster.alpha), wait=True)

    def _dreamt(
        self,
        dreamer: Dreamer,
        recipe: Recipe,
        raster: Raster,
        request: DreamRequest,
        cancelled: Callable[[], bool],
    ) -> Any:
        """Dream, and tell how it goes: float32 [height, width, 3]."""

        def show(preview: Preview) -> None:
            height, width, _ = preview.pixels.shape
            header = {
                "type": "preview",
                "id": request.id,
                "octave": preview.octave,
                "octaves": preview.octaves,
                "width": width,
                "height": height,
                "bytes": preview.pixels.nbytes,
            }
            self._replies.send(header, [preview.pixels.reshape(-1).data])

        ticker = _Ticker(request.id, self._replies)
        pixels = dreamer.dream(
            raster.rgb,
            recipe,
            mask=raster.mask,
            tile=recipe.tile,
            callbacks=Callbacks(
                on_progress=ticker.tell,
                on_preview=show if request.preview else None,
                cancelled=cancelled,
            ),
            preview_side=request.preview,
        )
        ticker.finish()
        return pixels

    def _warm(self, request: DreamRequest) -> Dreamer:
        """The dreamer of the last request, if it fits this one too, else another in its place."""
        recipe = request.recipe
        key = (_version(recipe.network), request.provider, request.threads)
        same = self._dreamer is not None and self._dreamer[0] == key
        if self._dreamer is None or not same or not self._dreamer[1].is_warm(recipe):
            self._replies.send({"type": "progress", "id": request.id, "stage": "loading"})
        if self._dreamer is None or not same:
            self._dreamer = None
            network = self._loaded(recipe.network)
            self._dreamer = key, Dreamer(network, request.provider, request.threads)
        return self._dreamer[1]

    def _loaded(self, name: str) -> Network:
        """A network, loaded unless it is the last one."""
        key = _version(name)
        if self._network is None or self._network[0] != key:
            if key[1] is not None:
                # Not for a name that is not there: the one that is warm may be wanted next.
                self._network = self._dreamer = None
            self._network = key, Network(name)
        return self._network[1]


def _version(network: str) -> tuple[Path, int | None]:
    """What differs between two networks, and between one and what its file is replaced by."""
    path = find(network)
    # One that is not there differs from all, and what loads it says so.
    return path, path.stat().st_mtime_ns if path.exists() else None


class _Ticker:
    """Sends the progress of a dream, as often as somebody can read it, and its last state."""

    def __init__(self, asker: Id, replies: ReplyWriter) -> None:
        self._asker, self._replies = asker, replies
        self._unsent: Progress | None = None
        self._sent_at = 0.0

    def tell(self, progress: Progress) -> None:
        """Take note of one state, and send it if it is time."""
        self._unsent = progress
        now = time.monotonic()
        # Where replies are not read as fast as they come, what they tell would be out of date.
        if now - self._sent_at >= _INTERVAL and not self._replies.is_busy:
            self._sent_at = now
            self.finish()

    def finish(self) -> None:
        """Send the state that was noted last, unless that was done."""
        if self._unsent is None:
            return
        facts = dataclasses.asdict(self._unsent)
        del facts["loss"]
        header = {"type": "progress", "id": self._asker, "stage": "dreaming", **facts}
        self._unsent = None
        self._replies.send(header)
