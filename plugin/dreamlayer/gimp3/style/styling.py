"""The work: a worker that gives what it is sent the style of pictures."""

from editor.messages import STYLE, RefusedError
from editor.style import words
from editor.style.kept_pictures import of_preset
from editor.style.sending import Styler, named

from gimp3.filter import as_set, dream_on
from gimp3.running import check_image
from gimp3.style import pictures


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


def _check_network(worker, preset, settings):
    """Raise `RefusedError` where a preset's network is not on this machine."""
    if preset not in settings.presets or not settings.needs(preset):
        return
    network = settings.needs(preset, worker.describe()["networks"])
    if network:
        title = settings.shown_title(preset)
        raise RefusedError(words.NETWORK_MISSING.format(preset=title, network=network))
