"""The work as the arguments say: nodes dreamt on or styled by a worker, then all of it written."""

from ..editor import messages
from ..editor.choices import ANIMATION, CHOSEN, CUSTOM
from ..editor.guide import added
from ..editor.messages import DREAM, STYLE, RefusedError
from ..editor.style import words as style_words
from ..editor.style.kept_pictures import of_preset
from ..editor.style.sending import Styler
from ..editor.worker_client import WorkerError
from . import guide, words
from .animation import animate
from .keyframes import dream_frames, is_animated
from .nodes import find, id_of, moves
from .original import Original
from .output import Start, check_output, put
from .pixels import is_open, space_of
from .style import pictures


def dream_as_set(worker, document, nodes, arguments, settings, progress):
    """Dream with a worker as the arguments say.

    Nothing is written before all dreams are done.

    Parameters
    ----------
    worker : worker_client.Worker
        An idle one, or one that works like it.
    document : krita.Document
        Whose selection counts.
    nodes : list of krita.Node
        What to dream on. The list is emptied: where the document is closed while a node is held,
        Krita may crash, so do not hold them elsewhere either.
    arguments : object
        `get_property` reads one, by the names of `choices.CHOSEN` and of the parameters, with
        hyphens.
    settings : settings.Settings
        Of dreams.
    progress : callable
        Called with a text and a fraction or None.

    Returns
    -------
    made : krita.Document
        The one with the result, which is not shown yet where it is a new one.
    notice : str
        What to tell the painter, or "".

    Raises
    ------
    RefusedError, settings.SettingError, worker_client.WorkerError
        One sentence each.
    """
    ids = _checked(document, nodes)
    wanted, recipe = as_set(worker, arguments, settings)
    guided = guide.of(arguments.get_property("guide") or "")
    if wanted["output"] == ANIMATION:
        values = _values_of(arguments, settings.animation)
        motion = settings.motion(values), values["frame_time"]
        return animate(worker, document, ids, recipe, wanted, motion, guided, progress)
    if wanted["output"] == "new-layer" and any(
        is_animated(document, find(document, one)) for one in ids
    ):
        return dream_frames(worker, document, ids, recipe, wanted, guided, progress)
    return _dream_on(worker, document, ids, recipe, wanted, DREAM, guided, progress)


def style_as_set(worker, document, nodes, arguments, settings, progress):
    """Style with a worker as the arguments say; all else as for `dream_as_set`.

    `arguments` has also `style-pictures`, a list of texts, and `style-weights`.
    """
    ids = _checked(document, nodes)
    wanted, recipe = as_set(worker, arguments, settings)
    texts = list(arguments.get_property("style-pictures") or ())
    weights = arguments.get_property("style-weights") or ""
    if not texts:
        texts, own = of_preset(settings.presets.get(wanted["preset"], {}))
        weights = weights or own
    styles = pictures.opened(texts, weights)
    _check_network(worker, wanted["preset"], settings)
    styler = Styler(worker, styles, space_of(find(document, ids[0])))
    return _dream_on(styler, document, ids, recipe, wanted, STYLE, None, progress)


def as_set(worker, arguments, settings):
    """What the arguments say: the choices beside the parameters, and the recipe.

    Raises
    ------
    RefusedError, settings.SettingError, worker_client.WorkerError
        One sentence each.
    """
    given = {name: arguments.get_property(name) for name in CHOSEN}
    wanted = {n: CHOSEN[n] if value in (None, "") else value for n, value in given.items()}
    if wanted["preset"] not in (CUSTOM,) + tuple(settings.presets):
        # One of the painter's own, perhaps, of which the worker knows.
        settings.take_own(worker.describe())
    settings.check(*(wanted[name] for name in CHOSEN))
    check_output(wanted["output"], wanted["mode"])
    return wanted, settings.recipe(wanted["preset"], _values_of(arguments, settings.parameters))


def _checked(document, nodes):
    """The ids of the nodes, of which all are still there; the list is emptied."""
    if not is_open(document):
        raise RefusedError(words.CLOSED_EARLY)
    if not nodes:
        raise RefusedError(words.NO_LAYER)
    ids = [id_of(node) for node in nodes]
    del nodes[:]
    if any(find(document, one) is None for one in ids):
        raise RefusedError(words.GONE_EARLY)
    return ids


def _dream_on(worker, document, ids, recipe, wanted, work, guided, progress):
    """Dream on all nodes, then write all of them."""
    start = Start(document)
    # All at once: while one is dreamt on, the painter may change the others.
    originals = [Original(document, find(document, one)) for one in ids]
    animated = [node.name() for node in (find(document, one) for one in ids) if moves(node)]
    dreamt = []
    for number, original in enumerate(originals, 1):

        def report(header, number=number, name=original.name):
            text = messages.progress(header, name, number, len(originals), work)
            done = number - 1 + header.get("fraction", 0.0)
            progress(text, None if header["stage"] == "loading" else done / len(originals))

        request = dict(original.request(), recipe=recipe, provider=wanted["provider"])
        request, payload = added(guided, request, original.payload(), original.space)
        try:
            header = worker.dream(request, payload, report)
        except WorkerError as error:
            if len(originals) > 1 and error.id is not None:
                raise RefusedError(messages.about(original.name, error.sentence)) from error
            raise
        used = header.get("stored", header["recipe"])
        dreamt.append((original, original.receive(worker.read), used))
    written = wanted["output"], wanted["opacity"], wanted["mode"], work
    made, notice = put(start, dreamt, *written)
    return made, words.together(notice, words.present_frame(animated))


def _values_of(arguments, parameters):
    """The values of parameters among the arguments, by the parameter's name."""
    return {name: arguments.get_property(name.replace("_", "-")) for name in parameters}


def _check_network(worker, preset, settings):
    """Raise `RefusedError` where a preset's network is not on this machine."""
    if preset not in settings.presets or not settings.needs(preset):
        return
    network = settings.needs(preset, worker.describe()["networks"])
    if network:
        title = settings.shown_title(preset)
        raise RefusedError(style_words.NETWORK_MISSING.format(preset=title, network=network))
