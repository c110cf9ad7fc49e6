"""Keeps the preview up to date: a draft at once, then the same as it will be."""

import collections
import json
import time

from .. import guide
from ..messages import RefusedError
from . import plan, words
from .shown_preview import ShownPreview, lesser

_DELAY = 120
"""Milliseconds without a change before a preview starts."""

_SOON = 1.0
"""Seconds after which the octaves of a draft are shown one by one."""

_GUIDE_SIDE = 512
"""Longer side of a guide picture in pixels; more the network does not see."""

Job = collections.namedtuple("Job", "draft part recipe provider masks guide")
"""A preview that is wanted; the recipe is text, `masks` are fields of `Pixels` that it keeps to,
`guide` is a layer of the editor's or None."""

Wanted = collections.namedtuple("Wanted", "recipe provider output opacity by_mask guide")
"""What is set in the dialog: a complete recipe; where the dream goes, its opacity in 0..1, whether
it keeps to the layer's mask, and the layer that is the guide picture or None."""


class LivePreview(ShownPreview):
    """Asks for previews, and shows what comes.

    Parameters
    ----------
    source : object
        Reads what is dreamt on, such as `gimp3.dialog.layer_source.LayerSource`; its `guide` gives
        what is sent of a layer that is the guide picture, and `native` is its colors' format.
    maker : editor.dialog.previews.PreviewMaker
        Dreams.
    wanted : callable
        Gives what is set as `Wanted`; raises `settings.SettingError` with a sentence.
    screen : object
        The toolkit, see `editor.dialog`.
    """

    def __init__(self, source, maker, wanted, screen):
        super().__init__(source, maker, wanted, _DELAY, screen)
        self._octave, self._began = 0, 0.0

    def start(self):
        """Dream a first draft of all, before there is a view."""
        try:
            self._ask(self._jobs(self._wanted(), (0, 0, *self._size()), 1.0)[0])
        except ValueError:
            # The first look at the settings in the window tells.
            pass

    def moved(self):
        """Dream what is seen now."""
        self._begin_later()

    def begin(self):
        """Dream what is set and seen, unless that is done."""
        self._stop_timer()
        if self._paused or self.pane is None:
            return
        if self.pane.view.viewport.view_width < 2:
            # Not seen yet: when it is, this is called again.
            return
        if not self.source.is_there():
            self.fail(words.GONE)
            return
        try:
            wanted = self._wanted()
        except ValueError as error:
            self.fail(words.sentence(error))
            return
        view = self.pane.view.viewport
        draft, full = self._jobs(wanted, view.visible(), view.scale)
        self.pane.view.show_original(self._placed(full.part))
        if wanted.guide is None and plan.lacks_guide(wanted.recipe):
            self.fail(words.NO_GUIDE)
        elif wanted.guide is None and guide.is_layer(wanted.recipe["guide"]):
            self.fail(words.sentence(guide.GONE))
        elif self._shown == full:
            self._stop()
            self._tell_done()
        elif self._job not in (draft, full):
            self._ask(full if self._shown == draft else draft)

    def _real_job(self, part, masks):
        return Job(False, part, "", "", masks, None)

    def _refining(self, news):
        self._octave = max(news["width"], news["height"])
        return words.refining(self._job.draft, news)

    def _done(self, job):
        if job.draft:
            # With what is set and seen now.
            self.begin()
        else:
            self._tell_done()

    def _is_worth_showing(self):
        """Whether an octave's preview is better than what is seen."""
        if self._job.draft:
            late = time.monotonic() - self._began > _SOON
            return late or self._shown is None
        return self._octave >= plan.DRAFT_SIDE and self._shown is not None

    def _jobs(self, wanted, visible, scale):
        """The draft and the full preview of what is seen."""
        size, made, masks = self._size(), [], self._masks(wanted)
        for draft in (True, False):
            part = plan.part_for(visible, size, scale, draft)
            recipe = plan.recipe_for(wanted.recipe, part, size, draft)
            made.append(Job(draft, part, json.dumps(recipe), wanted.provider, masks, wanted.guide))
        return made

    def _ask(self, job):
        pixels = self._pixels(job.part)
        payload = [pixels.rgba, lesser([getattr(pixels, name) for name in job.masks])]
        request = {
            "width": pixels.width,
            "height": pixels.height,
            "pixels": "uint8",
            "mask": bool(job.masks),
            "bytes": sum(map(len, payload)),
            "preview": max(pixels.width, pixels.height),
            "recipe": json.loads(job.recipe),
            "provider": job.provider,
        }
        if job.guide is not None:
            try:
                guided = self.source.guide(job.guide, _GUIDE_SIDE)
            except RefusedError as error:
                self.fail(words.sentence(error))
                return
            request, payload = guide.added(guided, request, payload, self.source.native)
        self._job, self._last, self._octave = job, None, 0
        self._began = time.monotonic()
        self._number = self.maker.preview(request, payload)

    def _tell_done(self):
        wanted, view = self._wanted(), self.pane.view.viewport
        coarse = plan.reduces(wanted.recipe, view.scale)
        self._say_complete(words.ZOOM_IN if coarse else words.UP_TO_DATE)
