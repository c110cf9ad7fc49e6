"""Keeps the preview up to date: a draft at once, then the same as it will be."""

import collections
import json
import time

from gi.repository import GLib
from messages import RefusedError

from gimp3 import guide
from gimp3.dialog import plan, words
from gimp3.dialog.picture import Placed, mixed, pixbuf
from gimp3.pixels import format_of

_DELAY = 120
"""Milliseconds without a change before a preview starts."""

_SOON = 1.0
"""Seconds after which the octaves of a draft are shown one by one."""

_BASE_SIDE = 1024
_GUIDE_SIDE = 512
"""Longer side of a guide picture in pixels; more the network does not see."""

_KEPT = 6

Job = collections.namedtuple("Job", "draft part recipe provider masks guide")
"""A preview that is wanted; the recipe is text, `masks` are fields of `Pixels` that it keeps to,
`guide` is a `Gimp.Drawable` or None."""

Wanted = collections.namedtuple("Wanted", "recipe provider output opacity by_mask guide")
"""What is set in the dialog: a complete recipe; where the dream goes, its opacity in 0..1, whether
it keeps to the layer's mask, and the layer that is the guide picture or None."""


class LivePreview:
    """Asks for previews, and shows what comes.

    Parameters
    ----------
    source : gimp3.dialog.layer_source.LayerSource
        What is dreamt on.
    maker : gimp3.dialog.previews.PreviewMaker
        Dreams.
    wanted : callable
        Gives what is set as `Wanted`; raises `settings.SettingError` with a sentence.
    """

    def __init__(self, source, maker, wanted):
        self.source, self.maker, self._wanted = source, maker, wanted
        self.pane = None
        self._timer = 0
        self._number = self._job = None  # The preview that is being dreamt.
        self._shown = self._raw = None  # The one that is seen, and its pixels.
        self._last = None
        self._octave = 0
        self._began = 0.0
        self._read = collections.OrderedDict()
        self._paused = False
        self._next = None

    def start(self):
        """Dream a first draft of all, before there is a view."""
        try:
            self._ask(self._jobs(self._wanted(), (0, 0, *self._size()), 1.0)[0])
        except ValueError:
            # The first look at the settings in the window tells.
            pass

    def show_in(self, pane):
        """From now on, show previews in a `PreviewPane`."""
        self.pane = pane
        longest = max(self._size())
        whole = plan.Part(0, 0, *self._size(), min(1.0, _BASE_SIDE / longest))
        pane.view.show_base(self._placed(whole))

    def settle(self):
        """Begin a preview when nothing has changed for a while."""
        self._stop_timer()
        if not self._paused:
            self._timer = GLib.timeout_add(_DELAY, self._settled)

    def reblend(self):
        """Show the dream with another strength or opacity."""
        if self._raw is not None:
            self._show(*self._raw)

    def look_again(self):
        """Read the layer again, which has changed."""
        if not self.source.is_there():
            return
        self.source.refresh()
        self._read.clear()
        self._shown = self._raw = None
        self.pane.view.viewport.replace(*self._size())
        self.show_in(self.pane)

    def pause(self):
        """Begin no more previews, and forget the one that is being dreamt."""
        self._stop_timer()
        self._paused = True
        self._number = self._job = None

    def resume(self, maker):
        """Begin previews again, with this maker."""
        self._paused, self.maker = False, maker
        self.begin()

    def say_next(self, text):
        """Say this instead of that the next preview is complete."""
        self._next = text

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
        self._show_sharp(full.part)
        if wanted.guide is None and plan.lacks_guide(wanted.recipe):
            self.fail(words.NO_GUIDE)
        elif wanted.guide is None and guide.is_layer(wanted.recipe["guide"]):
            self.fail(words.sentence(guide.GONE))
        elif self._shown == full:
            self._stop()
            self._tell_done()
        elif self._job not in (draft, full):
            self._ask(full if self._shown == draft else draft)

    def fail(self, sentence):
        """Tell why there is no preview, beside the original."""
        self._stop()
        self._shown = self._raw = None
        if self.pane is not None:
            # What was dreamt is of former settings.
            self.pane.view.show_dream(None)
            self.pane.warn(sentence)

    def hear(self, kind, number, news):
        """What the maker tells; called on the main thread."""
        if number is None or number != self._number:
            return
        if kind == "preview":
            header, rgb = news
            self._last = header["width"], header["height"], rgb
            if self._worth_showing():
                self._show(self._job, *self._last)
        elif kind == "progress" and news["stage"] == "dreaming":
            self._octave = max(news["width"], news["height"])
            self._say(words.refining(self._job.draft, news), news["fraction"])
        elif kind == "progress":
            self._say(words.LOADING, 0.0)
        elif kind == "done":
            self._finish(news)
        elif kind == "error":
            self.fail(words.sentence(news))

    def show_real(self, width, height, rgb):
        """Show what the dream itself sends while it runs."""
        whole = self._size()
        part = plan.Part(0, 0, *whole, max(width, height) / max(whole))
        # The dream keeps to the same masks as its preview.
        masks = self._masks(self._wanted())
        self._show(Job(False, part, "", "", masks, None), width, height, rgb)

    def _finish(self, header):
        done, self._job, self._number = self._job, None, None
        if header["provider"] == "none":
            self._raw = None
            if self.pane is not None:
                self.pane.view.show_dream(None)
        elif self._last is not None:
            self._show(done, *self._last)
        self._shown = done
        if self.pane is None:
            return
        if done.draft:
            # With what is set and seen now.
            self.begin()
        else:
            self._tell_done()

    def _worth_showing(self):
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

    def _masks(self, wanted):
        """What the dream keeps to while it grows."""
        masks = ()
        if self.source.selected and (wanted.output in ("in-place", "animation") or wanted.by_mask):
            masks += ("selection",)
        if self.source.has_mask and wanted.by_mask:
            masks += ("layer_mask",)
        return masks

    def _ask(self, job):
        pixels = self._pixels(job.part)
        payload = [pixels.rgba, _lesser([getattr(pixels, name) for name in job.masks])]
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
                guided = guide.Guide(job.guide, _GUIDE_SIDE)
            except RefusedError as error:
                self.fail(words.sentence(error))
                return
            native = format_of(self.source.drawable)
            request, payload = guide.added(guided, request, payload, native)
        self._job, self._last, self._octave = job, None, 0
        self._began = time.monotonic()
        self._number = self.maker.preview(request, payload)

    def _stop(self):
        self._stop_timer()
        if self._number is not None:
            self._number = self._job = None
            self.maker.stop()

    def _show(self, job, width, height, rgb):
        """Show a dream as it will look: blended, and within the selection."""
        self._raw = job, width, height, rgb
        if self.pane is None:
            return
        try:
            wanted = self._wanted()
        except ValueError:
            return
        pixels = self._pixels(job.part)
        if (pixels.width, pixels.height) != (width, height):
            return
        # A dream that kept to the selection is not within it twice.
        outside = self.source.selected and "selection" not in job.masks
        share = pixels.selection if outside else None
        opacity = wanted.recipe["strength"] * wanted.opacity
        rgba = mixed(width, height, pixels.rgba, rgb, share, opacity)
        self.pane.view.show_dream(self._place(job.part, width, height, rgba))

    def _show_sharp(self, part):
        self.pane.view.show_original(self._placed(part))

    def _placed(self, part):
        """The original of a part."""
        pixels = self._pixels(part)
        return self._place(part, pixels.width, pixels.height, pixels.rgba)

    def _place(self, part, width, height, rgba):
        picture = pixbuf(width, height, self.source.for_screen(width, height, rgba))
        return Placed(picture, part.left, part.top, part.width, part.height)

    def _pixels(self, part):
        """The layer's pixels; the last few are kept."""
        if part not in self._read:
            self._read[part] = self.source.read(part)
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)
        self._read.move_to_end(part)
        return self._read[part]

    def _size(self):
        return self.source.width, self.source.height

    def _tell_done(self):
        wanted, view = self._wanted(), self.pane.view.viewport
        coarse = plan.reduces(wanted.recipe, view.scale)
        text = self._next or (words.ZOOM_IN if coarse else words.UP_TO_DATE)
        self._next = None
        self._say(text, 1.0)

    def _say(self, text, fraction):
        if self.pane is not None:
            self.pane.say(text, fraction)

    def _settled(self):
        self._timer = 0
        self.begin()
        return False

    def _stop_timer(self):
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0


def _lesser(masks):
    """The smallest of several masks at each pixel; nothing where there is none."""
    if len(masks) < 2:
        return masks[0] if masks else b""
    return bytes(map(min, *masks))
