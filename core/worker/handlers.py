"""Handle requests: dream, style, show what layers dream of, or describe what can be asked for."""

from __future__ import annotations

import time

from dreamlayer.core.ascent.progress import check_cancelled
from dreamlayer.core.dreaming.dreamer import Dreamer
from dreamlayer.core.dreaming.memory import check_guide
from dreamlayer.core.errors import RecipeError
from dreamlayer.core.images.arrays import check_image
from dreamlayer.core.images.transparency import opacity
from dreamlayer.core.isolation.cancellation import cancellable
from dreamlayer.core.network.files import available, file_version
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe.given import is_given
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.worker.description import description, own_description
from dreamlayer.core.worker.progress import ProgressSender, callbacks_for
from dreamlayer.core.worker.protocol import FIRST, PROTOCOL
from dreamlayer.core.worker.queue import Job
from dreamlayer.core.worker.requests import (
    AnimateRequest,
    DescribeRequest,
    DreamRequest,
    GalleryRequest,
    PixelRequest,
    StyleRequest,
)
from dreamlayer.core.worker.result import send_result
from dreamlayer.core.worker.wire_pixels import Raster
from dreamlayer.core.worker.writer import ReplyWriter

_PREVIEW_PIXELS = 512 * 512
"""Larger pictures are not previews; before them, memory is freed."""


class Handlers:
    """Handles requests one after another, and keeps the last network loaded.

    Parameters
    ----------
    replies : ReplyWriter
        Sends the replies.
    protocol : int
        The version that is spoken.
    """

    def __init__(self, replies: ReplyWriter, protocol: int = PROTOCOL) -> None:
        self._replies, self._protocol = replies, protocol
        self._network: tuple[object, Network] | None = None
        self._dreamer: tuple[object, Dreamer] | None = None

    def handle(self, job: Job) -> None:
        """Handle one request; the caller reports what is raised."""
        request = job.request
        if isinstance(request, DescribeRequest):
            self._describe(request)
            return
        with cancellable(job.cancelled.is_set):
            if isinstance(request, DreamRequest):
                self._dream(job, request)
            elif isinstance(request, StyleRequest):
                self._style(job, request)
            elif isinstance(request, GalleryRequest):
                self._gallery(job, request)

    def _describe(self, request: DescribeRequest) -> None:
        facts = description(self._protocol)
        if self._protocol != FIRST:
            own = own_description()
            facts["presets"] |= own.pop("presets")
            facts["style"]["presets"] |= own.pop("style_presets")
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
        check_image(raster.rgb, raster.mask)
        used, dreamer = self._prepared(job, request, raster)
        provider = "none" if dreamer is None else dreamer.objective(used).provider
        if isinstance(request, AnimateRequest):
            from dreamlayer.core.worker.animating import animate

            dreamer = dreamer or self._dreamer_for(request, used)
            animate(self._replies, job, request, raster, used, dreamer, provider)
            return
        pixels = raster.rgb
        if dreamer is not None:
            sender = ProgressSender(request.id, self._replies, "dreaming")
            pixels = dreamer.dream(
                raster.rgb,
                used,
                mask=raster.mask,
                alpha=raster.alpha,
                tile=used.tile,
                callbacks=callbacks_for(self._replies, sender, request, job.cancelled.is_set),
                preview_side=request.preview,
            )
            sender.flush()
        check_cancelled(job.cancelled.is_set, "dream")
        send_result(self._replies, request, used, raster, pixels, provider, began)

    def _prepared(
        self, job: Job, request: DreamRequest, raster: Raster
    ) -> tuple[Recipe, Dreamer | None]:
        """The recipe as it is used, and what dreams it, warm; None where nothing would change."""
        guides, job.further = job.further, []
        used = request.recipe
        if guides and used.needs_guide:
            used = used.replace(guide=guides[0].name)
        elif used.needs_guide and is_given(used.guide):
            # Whether it is still loaded must not decide.
            raise RecipeError(
                "the recipe's guide was a layer, which it does not contain; send it in 'guides'"
            )
        if used.idle:
            return used, None
        dreamer = self._dreamer_for(request, used)
        if request.width * request.height > _PREVIEW_PIXELS:
            dreamer.forget(but=used)
        if guides and used.needs_guide and not dreamer.is_warm(used):
            check_guide(request.further[0].width, request.further[0].height)
            dreamer.objective(used, guides[0].picture())
        # What the network sees of it is all that is needed from now on.
        guides.clear()
        weighed = raster.mask is not None or opacity(raster.alpha) is not None
        estimate = dreamer.estimate(request.width, request.height, used, weighed=weighed)
        return used.replace(tile=estimate.tile), dreamer

    def _style(self, job: Job, request: StyleRequest) -> None:
        from dreamlayer.core.worker.styling import style

        # Its memory is the style's.
        self._dreamer = None
        style(self._replies, job, request, self._network_for)

    def _gallery(self, job: Job, request: GalleryRequest) -> None:
        from dreamlayer.core.worker.galleries import show_gallery

        show_gallery(self._replies, job, request, self._network_for)

    def _dreamer_for(self, request: PixelRequest, recipe: Recipe) -> Dreamer:
        """The last request's dreamer if it fits this request too, else a new one."""
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
