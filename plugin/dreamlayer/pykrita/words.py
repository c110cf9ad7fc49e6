"""What the plug-in says in Krita alone: whole sentences with named places."""

from ..editor.translation import N_, _

CLOSED = _("the document was closed while the filter ran; the result is in a new document")
CLOSED_EARLY = _("the document was closed before the filter began; open it again")
GONE_EARLY = _("the layer was deleted before the filter began; choose another one")
NO_LAYER = _("no layer is chosen; click one in the Layers docker")
ONE_WITH_KEY_FRAMES = _(
    "'{name}' has key frames, and only one such layer is dreamt on at a time, but {count} layers "
    "are chosen; choose '{name}' alone, or set Output to New document for the present frame"
)
NOT_IN_PLACE = _(
    "in Krita the result goes onto a layer of its own, so that it can be undone; "
    "set Output to New layer"
)
NOT_TAKEN = _("Krita did not take the result into the document; it is in a new document")
UNNAMED = _("Untitled")
NO_KEY_FRAMES = _(
    "Krita could not make key frames by way of a file in the folder for temporary files, {folder}; "
    "make room there, or choose another Output"
)
FRAMES_APART = _(
    "Krita did not make key frames of the result; each frame is a layer of a new document"
)
NOT_OPENED = _("Krita cannot open the style picture {path}; choose another file")
NO_SUCH_MODE = _("Krita has no mode '{mode}' for layers; use one of {allowed}")
TOO_LARGE = _(
    "{frames} frames of {width} × {height} pixels need about {needed} GB of memory, but {free} GB "
    "are free; scale the document down, or select a smaller part"
)

_EMPTY = N_("'{name}' has no visible pixels to dream on; paint on it, or choose another layer")
_MASK = N_("'{name}' is a mask; choose the layer that it belongs to")
_UNKNOWN = N_("'{name}' has pixels of a kind that cannot be dreamt on; choose another layer")
_BESIDE = N_(
    "the selection does not touch '{name}'; move it over the layer, or choose Select ▸ Deselect"
)
_FRAME = N_("{title}, frame {frame} of {frames}: {rest}")
_GONE = N_("'{name}' was deleted or merged while the filter ran; its result is on a new layer")
_RESHAPED = N_(
    "the size of '{name}' changed while the filter ran; its result is on a new layer, "
    "where the layer was"
)
_PRESENT_FRAME = N_("'{name}' is animated; the result is of the present frame alone")
_PRESENT_FRAMES = N_("{names} are animated; the results are of the present frame alone")
_SEVERAL = N_("while the filter ran, {names} were changed; their results are on new layers")


def together(*sentences):
    """Several sentences as one; those that are "" are left out."""
    return "; ".join(sentence for sentence in sentences if sentence)


def empty(name):
    """For a layer where nothing is seen."""
    return _(_EMPTY).format(name=name)


def mask(name):
    """For a mask, which has no colors."""
    return _(_MASK).format(name=name)


def unknown(name):
    """For a color model that Krita does not convert."""
    return _(_UNKNOWN).format(name=name)


def beside(name):
    """For a layer outside the selection."""
    return _(_BESIDE).format(name=name)


def of_frame(title, frame, frames, rest):
    """Progress, as `messages.progress_alone` has it, of one of several key frames."""
    return _(_FRAME).format(title=title, frame=frame, frames=frames, rest=rest)


def moved(layers):
    """Where results went, for changed layers as pairs of a reason and a name; "" for none."""
    if not layers:
        return ""
    if len(layers) == 1:
        reason, name = layers[0]
        return _(_GONE if reason == "gone" else _RESHAPED).format(name=name)
    return _(_SEVERAL).format(names=_listed([name for _reason, name in layers]))


def present_frame(names):
    """For animated layers of which one frame was worked on; "" for none."""
    if len(names) > 1:
        return _(_PRESENT_FRAMES).format(names=_listed(names))
    return "".join(_(_PRESENT_FRAME).format(name=name) for name in names)


def _listed(names):
    return ", ".join(_("'{name}'").format(name=name) for name in names)
