"""The work: a worker that gives what it is sent the style of pictures."""

import re

from messages import STYLE, RefusedError
from worker_client import WorkerError

from gimp3.filter import as_set, described, dream_on
from gimp3.running import check_image
from gimp3.style import pictures, words
from gimp3.style.kept_pictures import of_preset

_CALLED = re.compile(r"\bpicture-[0-9a-f]{64}\b|\bnumber \d+\b")
"""What the worker calls style pictures."""


class Styler:
    """Styles like a `worker_client.Worker` dreams.

    Parameters
    ----------
    worker : worker_client.Worker
        An idle one.
    styles : list of gimp3.style.pictures.StylePicture
        The style pictures.
    seen : Gimp.Drawable
        One of the image that gets the style.
    """

    def __init__(self, worker, styles, seen):
        self._worker, self._styles, self._seen = worker, styles, seen
        self.read = worker.read

    def dream(self, request, payload, progress):
        """Style one drawable; the result's header, whose pixels are read with `read`."""
        request, payload, names = pictures.sent(self._styles, request, payload, self._seen)
        try:
            return self._worker.finish(request, payload, progress)
        except WorkerError as error:
            raise told(error, names) from error


def told(error, names):
    """A worker's error with the names of pictures, see `gimp3.style.pictures.sent`."""

    def name_of(found):
        return f"“{names[found.group()]}”" if found.group() in names else found.group()

    sentence = _CALLED.sub(name_of, error.sentence)
    return WorkerError(sentence, error.kind, error.id)


def style_as_set(worker, image, drawables, config, settings):
    """Style with a worker as the arguments say; the image with the result, and what to tell.

    Raises
    ------
    RefusedError, settings.SettingError, worker_client.WorkerError
        One sentence each.
    """
    check_image(image, drawables)
    wanted, recipe = as_set(worker, config, settings)
    texts, weights = named(config)
    if not texts:
        texts, own = of_preset(settings.presets.get(wanted["preset"], {}))
        weights = weights or own
    styles = pictures.opened(texts, weights)
    try:
        _check_network(worker, wanted["preset"], settings)
        styler = Styler(worker, styles, drawables[0])
        return dream_on(styler, image, drawables, recipe, wanted, STYLE)
    finally:
        pictures.close(styles)


def named(config):
    """What a procedure's config names as style pictures, and their weights as text."""
    texts = list(config.get_property("style-pictures") or ())
    return texts, config.get_property("style-weights") or ""


def _check_network(worker, preset, settings):
    """Raise `RefusedError` where a preset's network is not on this machine."""
    if preset not in settings.presets or not settings.needs(preset):
        return
    network = settings.needs(preset, described(worker)["networks"])
    if network:
        title = settings.shown_title(preset)
        raise RefusedError(words.NETWORK_MISSING.format(preset=title, network=network))
