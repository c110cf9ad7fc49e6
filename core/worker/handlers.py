"""Handle requests: dream, or describe what can be dreamed of."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from dreamlayer.core.ascent.loop import Callbacks
from dreamlayer.core.ascent.progress import Progress
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.errors import CancelledError
from dreamlayer.core.images.arrays import check_image
from dreamlayer.core.images.transparency import opacity
from dreamlayer.core.isolation.cancellation import cancellable
from dreamlayer.core.network.files import available, file_version
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.stored import without_paths
from dreamlayer.core.worker.description import description, own_description
from dreamlayer.core.worker.queue import Job
from dreamlayer.core.worker.requests import DescribeRequest, DreamRequest, Id
from dreamlayer.core.worker.wire_pixels import Array, Raster, rgba_chunks
from dreamlayer.core.worker.writer import ReplyWriter

if TYPE_CHECKING:
    from dreamlayer.core.ascent.preview import Preview

_PROGRESS_INTERVAL = 0.05
_PREVIEW_PIXELS = 512 * 512
"""Larger pictures are not previews; before them, memory is freed."""


class Handlers:
    """Handles requests one after another, and keeps the last network loaded.

    Parameters
    ----------
    replies : ReplyWriter
        Sends the replies.
    """

    def __init__(self, replies: ReplyWriter) -> None:
        self._replies = replies
        self._network: tuple[object, Network] | None = None
        self._dreamer: tuple[object, Dreamer] | None = None

    def handle(self, job: Job) -> None:
        """Handle one request; the caller reports what is raised."""
        if isinstance(job.request, DescribeRequest):
            self._describe(job.request)
        else:
            with cancellable(job.cancelled.is_set):
                self._dream(job, job.request)

    def _describe(self, request: DescribeRequest) -> None:
        facts, own = description(), own_description()
        facts["presets"] |= own.pop("presets")
        facts |= own
        facts["networks"] = {name: str(path) for name, path in available().items()}
        if request.network is not None:
            network = self._network_for(request.network)
            facts["layers"] = [
                {"name": layer.name, "channels": layer.channels, "stride": layer.stride}
                for layer in network.layers()
                if layer.reason is None
            ]
            facts["image_size"] = network.image_size
        self._replies.send({"type": "description", "id": request.id, **facts})

    def _dream(self, job: Job, request: DreamRequest) -> None:
        began = time.monotonic()
        raster, job.raster = job.raster, None
        assert raster is not None
        used, provider, pixels = request.recipe, "none", raster.rgb
        check_image(raster.rgb, raster.mask)
        if not used.idle:
            dreamer = self._dreamer_for(request)
            if request.width * request.height > _PREVIEW_PIXELS:
                dreamer.forget(but=used)
            weighed = raster.mask is not None or opacity(raster.alpha) is not None
            estimate = dreamer.estimate(request.width, request.height, used, weighed=weighed)
            used = used.replace(tile=estimate.tile)
            provider = dreamer.objective(used).provider
            pixels = self._run(dreamer, used, raster, request, job.cancelled.is_set)
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
            "stored": without_paths(used.to_dict()),
            "seconds": round(time.monotonic() - began, 3),
            "bytes": 4 * raster.alpha.nbytes,
        }
        self._replies.send(header, rgba_chunks(pixels, raster.alpha), wait=True)

    def _run(
        self,
        dreamer: Dreamer,
        recipe: Recipe,
        raster: Raster,
        request: DreamRequest,
        cancelled: Callable[[], bool],
    ) -> Array:
        """Dream and send progress; the result is float32 [height, width, 3]."""

        def on_preview(preview: Preview) -> None:
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

        sender = _ProgressSender(request.id, self._replies)
        pixels = dreamer.dream(
            raster.rgb,
            recipe,
            mask=raster.mask,
            alpha=raster.alpha,
            tile=recipe.tile,
            callbacks=Callbacks(
                on_progress=sender.update,
                on_preview=on_preview if request.preview else None,
                cancelled=cancelled,
            ),
            preview_side=request.preview,
        )
        sender.flush()
        return pixels

    def _dreamer_for(self, request: DreamRequest) -> Dreamer:
        """The last request's dreamer if it fits this request too, else a new one."""
        recipe = request.recipe
        name = network_of(recipe)
        key = (file_version(name), request.provider, request.threads)
        same = self._dreamer is not None and self._dreamer[0] == key
        if self._dreamer is None or not same or not self._dreamer[1].is_warm(recipe):
            self._replies.send({"type": "progress", "id": request.id, "stage": "loading"})
        if self._dreamer is None or not same:
            self._dreamer = None
            network = self._network_for(name)
            dreamer = Dreamer(network, request.provider, request.threads, shares_cores=True)
            self._dreamer = key, dreamer
        return self._dreamer[1]

    def _network_for(self, name: str) -> Network:
        """A network, loaded unless it is the last one used."""
        key = file_version(name)
        if self._network is None or self._network[0] != key:
            if key[1] is not None:
                # Only if there is such a network; otherwise the loaded one may be used next.
                self._network = self._dreamer = None
            self._network = key, Network(name)
        return self._network[1]


class _ProgressSender:
    """Sends the progress of a dream at a limited rate, and its final state."""

    def __init__(self, request_id: Id, replies: ReplyWriter) -> None:
        self._request_id, self._replies = request_id, replies
        self._unsent: Progress | None = None
        self._sent_at = 0.0

    def update(self, progress: Progress) -> None:
        """Store a state, and send it if the last one is old enough."""
        self._unsent = progress
        now = time.monotonic()
        # If replies are read too slowly, more of them would be outdated when read.
        if now - self._sent_at >= _PROGRESS_INTERVAL and not self._replies.is_busy:
            self._sent_at = now
            self.flush()

    def flush(self) -> None:
        """Send the last state, unless it was sent already."""
        if self._unsent is None:
            return
        facts = dataclasses.asdict(self._unsent)
        del facts["loss"]
        header = {"type": "progress", "id": self._request_id, "stage": "dreaming", **facts}
        self._unsent = None
        self._replies.send(header)
