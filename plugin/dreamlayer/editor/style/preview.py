"""Keeps the preview of a style up to date: the whole picture, small and with few steps."""

import collections
import json

from ..dialog import words as dialog_words
from ..dialog.shown_preview import ShownPreview
from ..messages import RefusedError
from . import words
from .preview_plan import SIDE, STYLE_SIDE, recipe_for
from .sending import sent, told

_DELAY = 400
"""Milliseconds without a change before a preview starts, which takes longer than a dream's."""

Job = collections.namedtuple("Job", "part masks recipe provider pictures")
"""A preview that is wanted; the recipe is text, `pictures` are pairs of a picture's name among the
arguments and its weight. Without a recipe it is the work itself."""

Wanted = collections.namedtuple("Wanted", "recipe provider output opacity by_mask pictures styles")
"""What is set in the dialog: a complete recipe; where the result goes, its opacity in 0..1, whether
it keeps to the layer's mask; the style pictures as in `Job`, and as `StylePicture`s."""


class StylePreview(ShownPreview):
    """Asks for previews, and shows what comes.

    Parameters
    ----------
    source, maker, screen
        As for `editor.dialog.shown_preview.ShownPreview`.
    wanted : callable
        Gives what is set as `Wanted`; raises `settings.SettingError` with a sentence.
    """

    def __init__(self, source, maker, wanted, screen):
        super().__init__(source, maker, wanted, _DELAY, screen)
        self._names = {}

    def begin(self):
        """Style what is set, unless that is done."""
        self._stop_timer()
        if self._paused or self.pane is None:
            return
        if not self.source.is_there():
            self.fail(dialog_words.GONE)
            return
        try:
            wanted = self._wanted()
        except ValueError as error:
            self.fail(dialog_words.sentence(error))
            return
        longest = max(self._size())
        recipe = json.dumps(recipe_for(wanted.recipe, longest))
        part = self._whole(min(1.0, SIDE / longest))
        # Masks blend the result only, so that the preview blends by itself.
        job = Job(part, (), recipe, wanted.provider, wanted.pictures)
        if self._shown == job:
            self._stop()
            self._say_complete(words.PREVIEWED)
        elif self._job != job:
            self._ask(job, wanted.styles)

    def _real_job(self, part, masks):
        return Job(part, masks, None, "", ())

    def _ask(self, job, styles):
        pixels = self._pixels(job.part)
        request = {
            "width": pixels.width,
            "height": pixels.height,
            "pixels": "uint8",
            "mask": False,
            "bytes": len(pixels.rgba),
            "preview": SIDE,
            "recipe": json.loads(job.recipe),
            "provider": job.provider,
        }
        try:
            made = sent(styles, request, [pixels.rgba], self.source.drawable, STYLE_SIDE)
        except RefusedError as error:
            self.fail(dialog_words.sentence(error))
            return
        request, payload, self._names = made
        self._job, self._last = job, None
        self._number = self.maker.preview(request, list(payload))
        self._say(dialog_words.LOADING, 0.0)

    def _refining(self, news):
        return words.PREVIEWING.format(**news)

    def _told(self, error):
        return told(error, self._names)

    def _done(self, job):
        # With what is set and seen now.
        self.begin()

    def _strength(self, job, wanted):
        # The work itself sends pictures that are blended already.
        return 1.0 if job.recipe is None else super()._strength(job, wanted)
