"""A preview on the screen: when it begins, how what comes is blended, and what is said of it."""

import collections

from ..choices import ANIMATION
from . import plan, words
from .viewport import Placed

_BASE_SIDE = 1024
_KEPT = 6


class ShownPreview:
    """What the previews of all filters have in common; each says what is asked for.

    A job is a preview that is wanted, with a `part` (`editor.dialog.plan.Part`) and `masks`: the
    fields of what `source` reads that the worker keeps to. Settings as wanted have
    a `recipe`, an `output`, its `opacity` in 0..1, and `by_mask`, whether the layer's mask counts.

    Parameters
    ----------
    source : object
        Reads what is changed, such as `gimp3.dialog.layer_source.LayerSource`.
    maker : editor.dialog.previews.PreviewMaker
        Makes the previews.
    wanted : callable
        Gives what is set; raises a `ValueError` with a sentence.
    delay : int
        Milliseconds without a change before a preview starts.
    screen : object
        The toolkit, see `editor.dialog`.
    """

    def __init__(self, source, maker, wanted, delay, screen):
        self.source, self.maker, self._wanted = source, maker, wanted
        self.pane, self._screen = None, screen
        self._delay, self._timer = delay, None
        self._number = self._job = None  # The preview that is being made.
        self._shown = self._raw = None  # The one that is seen, and its pixels.
        self._last = None
        self._read = collections.OrderedDict()
        self._paused = False
        self._next = None

    def show_in(self, pane):
        """From now on, show previews in a `PreviewPane`."""
        self.pane = pane
        whole = self._whole(min(1.0, _BASE_SIDE / max(self._size())))
        pane.view.show_base(self._placed(whole))

    def settle(self):
        """The settings changed: begin a preview when nothing has changed for a while."""
        self._next = None
        self._begin_later()

    def moved(self):
        """Another part is seen, which does not matter to a preview of the whole picture."""

    def reblend(self):
        """Show the result with another strength or opacity."""
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
        """Begin no more previews, and forget the one that is being made."""
        self._stop_timer()
        self._paused = True
        self._number = self._job = None

    def resume(self, maker):
        """Begin previews again, with this maker."""
        self._paused, self.maker = False, maker
        self.begin()

    def say_next(self, text):
        """Say this instead of that the next preview is complete, if it is one of what is set."""
        self._next = text

    def begin(self):
        """Make what is set and seen, unless that is done."""
        raise NotImplementedError

    def fail(self, sentence):
        """Tell why there is no preview, beside the original."""
        self._stop()
        self._shown = self._raw = self._next = None
        if self.pane is not None:
            # What was made is of former settings.
            self.pane.view.show_dream(None)
            self.pane.warn(sentence)

    def hear(self, kind, number, news):
        """What the maker tells; called on the main thread."""
        if number is None or number != self._number:
            return
        if kind == "preview":
            header, rgb = news
            self._last = header["width"], header["height"], rgb
            if self._is_worth_showing():
                self._show(self._job, *self._last)
        elif kind == "progress" and news["stage"] == "loading":
            self._say(words.LOADING, 0.0)
        elif kind == "progress":
            self._say(self._refining(news), news["fraction"])
        elif kind == "done":
            self._finish(news)
        elif kind == "error":
            self.fail(words.sentence(self._told(news)))

    def show_real(self, width, height, rgb):
        """Show what the work itself sends while it runs."""
        try:
            wanted = self._wanted()
        except ValueError:
            # What it began with is not there any more; the result is.
            return
        part = self._whole(max(width, height) / max(self._size()))
        # The work keeps to the same masks as its preview.
        self._show(self._real_job(part, self._masks(wanted)), width, height, rgb)

    def _real_job(self, part, masks):
        """The job that stands for the work itself."""
        raise NotImplementedError

    def _is_worth_showing(self):
        """Whether what came is better than what is seen."""
        return True

    def _refining(self, news):
        """How far the preview is, as a text."""
        raise NotImplementedError

    def _told(self, error):
        """A worker's error in the painter's words."""
        return error

    def _done(self, job):
        """Go on after a preview came to its end."""
        raise NotImplementedError

    def _finish(self, header):
        done, self._job, self._number = self._job, None, None
        if header["provider"] == "none":
            self._raw = None
            if self.pane is not None:
                self.pane.view.show_dream(None)
        elif self._last is not None:
            self._show(done, *self._last)
        self._shown = done
        if self.pane is not None:
            self._done(done)

    def _masks(self, wanted):
        """What the worker keeps to."""
        masks = ()
        if self.source.selected and (wanted.output in ("in-place", ANIMATION) or wanted.by_mask):
            masks += ("selection",)
        if self.source.has_mask and wanted.by_mask:
            masks += ("layer_mask",)
        return masks

    def _whole(self, scale):
        """All of it, with so many pixels of the preview for each of its own."""
        return plan.Part(0, 0, *self._size(), scale)

    def _stop(self):
        self._stop_timer()
        if self._number is not None:
            self._number = self._job = None
            self.maker.stop()

    def _strength(self, job, wanted):
        """How much of what came is to be seen, 0..1, beside the layer's opacity."""
        return wanted.recipe["strength"]

    def _show(self, job, width, height, rgb):
        """Show a result as it will look: blended, and within the selection."""
        self._raw = job, width, height, rgb
        if self.pane is None or not self.source.is_there():
            return
        try:
            wanted = self._wanted()
        except ValueError:
            return
        pixels = self._pixels(job.part)
        if (pixels.width, pixels.height) != (width, height):
            return
        # What kept to a mask is not within it twice.
        masks = {*self._masks(wanted), *(["selection"] if self.source.selected else [])}
        share = lesser([getattr(pixels, name) for name in masks.difference(job.masks)]) or None
        opacity = self._strength(job, wanted) * wanted.opacity
        rgba = self._screen.mixed(width, height, pixels.rgba, rgb, share, opacity)
        self.pane.view.show_dream(self._place(job.part, width, height, rgba))

    def _placed(self, part):
        """The original of a part."""
        pixels = self._pixels(part)
        return self._place(part, pixels.width, pixels.height, pixels.rgba)

    def _place(self, part, width, height, rgba):
        picture = self._screen.picture(width, height, self.source.for_screen(width, height, rgba))
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

    def _say_complete(self, text):
        """Say that the preview is complete, unless there is something else to say."""
        text, self._next = self._next or text, None
        self._say(text, 1.0)

    def _say(self, text, fraction):
        if self.pane is not None:
            self.pane.say(text, fraction)

    def _begin_later(self):
        self._stop_timer()
        if not self._paused:
            self._timer = self._screen.call_later(self._delay, self._settled)

    def _settled(self):
        self._timer = None
        self.begin()

    def _stop_timer(self):
        if self._timer is not None:
            self._screen.forget(self._timer)
            self._timer = None


def lesser(masks):
    """The smallest of several masks at each pixel; nothing where there is none."""
    if len(masks) < 2:
        return masks[0] if masks else b""
    return bytes(map(min, *masks))
