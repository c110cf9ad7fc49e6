"""Writes a dream with its recipe in Krita: onto a new layer, or into a new document."""

import sys

from krita import Krita

from ..editor import messages
from ..editor.choices import ANIMATION
from ..editor.messages import DREAM, RefusedError
from . import words
from .documents import name_of
from .layers import Look, hide, paint_layer
from .modes import krita_mode
from .nodes import extents_at, find, id_of, stack
from .pixels import Box, is_open, space_of
from .qt import QtCore
from .recipes import sign

OUTPUTS = ("new-layer", "paint-in", "new-image", ANIMATION)
"""Those of `Settings.outputs` that can be chosen in Krita, where scripts cannot undo strokes."""


class Start:
    """What a document is as a dream begins; it may be another, or closed, at its end."""

    def __init__(self, document):
        self.document = document
        self.name, self.space = name_of(document), space_of(document)
        self.resolution = float(document.resolution())
        self._clip = document.fullClipRangeStartTime(), document.fullClipRangeEndTime()
        self._rate = document.framesPerSecond()
        self._stack = stack(document.rootNode())

    def pace(self, document):
        """Give another document the frame rate of this one, and its range of frames."""
        document.setFramesPerSecond(self._rate)
        document.setFullClipRangeStartTime(self._clip[0])
        document.setFullClipRangeEndTime(self._clip[1])
        document.setPlayBackRange(*self._clip)

    def height(self, original):
        """How many nodes were below the one of an `original.Original`: a key for sorting."""
        return self._stack.index(original.id)

    def is_open(self):
        """Whether the document is still there."""
        return is_open(self.document)


def check_output(output, mode):
    """Raise, before the dream, for what Krita would not let us write."""
    if output not in OUTPUTS:
        raise RefusedError(words.NOT_IN_PLACE)
    krita_mode(mode)


def put(start, dreamt, output, opacity, mode, work=DREAM):
    """Write all dreams; the document that holds them, and what to tell or "".

    Each layer is one undo step. The dream is lost in no case: where a node is not as it was when
    the dream began, it goes above where that was, and where the document is closed, into a new one.

    Parameters
    ----------
    start : Start
        The document that was dreamt on.
    dreamt : list
        Triples of `original.Original`, the bands that it received, and the recipe as a dict.
    output : str
        One of `OUTPUTS`.
    opacity, mode : float and str
        Of new layers: 0..100, and one of `modes.OFFERED`.
    work : messages.Work
        What it is called.
    """
    if output == "new-image":
        return new_document(start, dreamt, work), ""
    if not start.is_open():
        return new_document(start, dreamt, work), words.CLOSED
    try:
        return start.document, _onto_layers(start, dreamt, output, opacity, mode, work)
    except Exception as error:
        # The painter may change anything between a look at it and the next call.
        told(error)
        return new_document(start, dreamt, work), words.NOT_TAKEN


def told(error):
    """Tell a terminal of an error for which the painter gets a sentence."""
    print("{}: {}".format(type(error).__name__, error), file=sys.stderr)


def _onto_layers(start, dreamt, output, opacity, mode, work):
    """Write onto new layers; what to tell."""
    document, moved, chosen = start.document, [], None
    for original, result, used in dreamt:
        shift, reason = place_of(document, original)
        box = Box(original.area.x + shift[0], original.area.y + shift[1], *original.area[2:])
        pixels = original.part(result, mode != "normal")
        look = Look(messages.layer_name(original.name, work), opacity, mode)
        layer = paint_layer(document, look, original.space, box, pixels)
        chosen = hide(document, layer, box) if output == "paint-in" else layer
        insert(document, layer, original)
        sign(document, layer, used, work)
        if reason:
            moved.append((reason, original.name))
    settle(document)
    activate_soon(document, chosen)
    return words.moved(moved)


def insert(document, layer, original):
    """Put a layer above the one that was dreamt on, or where that was: one undo step."""
    beside, parent = find(document, original.id), find(document, original.parent)
    if beside is not None:
        parent = beside.parentNode()
    (parent or document.rootNode()).addChildNode(layer, beside)


def settle(document):
    """Have Krita show what was written, and wait for that."""
    document.refreshProjection()
    document.waitForDone()


def activate_soon(document, node):
    """Make a new node the active one, once Krita's window has taken it in.

    That is done by events which wait: before them, Krita 5.2 logs an assertion that fails.
    """
    wanted = id_of(node)

    def activate():
        found = find(document, wanted) if is_open(document) else None
        if found is not None:
            document.setActiveNode(found)

    QtCore.QTimer.singleShot(0, activate)


def place_of(document, original):
    """How far a node was moved meanwhile, and why its dream may be elsewhere or None.

    A document that was cropped or enlarged moves all its layers; where their size is another now,
    they were scaled, painted on or cut, and the dream stays where the node was.
    """
    node = find(document, original.id)
    if node is None:
        return (0, 0), "gone"
    # The painter may have gone to another frame, in which something else is seen.
    (now,), was = extents_at(document, node, [original.time]), original.bounds
    if now == was:
        return (0, 0), None
    if (now.width, now.height) == (was.width, was.height):
        return (now.x - was.x, now.y - was.y), None
    return (0, 0), "shape"


def new_document(start, dreamt, work=DREAM):
    """A new document that encloses all dreamt parts, with a layer for each; not yet shown."""
    whole = Box(0, 0, 0, 0)
    for original, _result, _used in dreamt:
        whole = whole.united(original.area)
    made = empty_document(whole.width, whole.height, start)
    # Each goes on top of those before; the painter may have chosen them in any order.
    for original, result, used in sorted(dreamt, key=lambda one: start.height(one[0])):
        area = original.area
        box = Box(area.x - whole.x, area.y - whole.y, area.width, area.height)
        pixels = original.part(result)
        look = Look(original.name, 100.0, "normal")
        layer = paint_layer(made, look, original.space, box, pixels)
        made.rootNode().addChildNode(layer, None)
        if used is not None:
            sign(made, layer, used, work)
    settle(made)
    made.setModified(True)
    return made


def empty_document(width, height, start):
    """A new document without layers, of the same colors and resolution as that of a `Start`."""
    name = messages.layer_name(start.name)
    made = Krita.instance().createDocument(width, height, name, *start.space, start.resolution)
    for node in made.topLevelNodes():
        # Krita begins with a white layer.
        node.remove()
    made.waitForDone()
    return made


def show(document):
    """Show a new document in Krita's window; nothing where there is no window."""
    window = Krita.instance().activeWindow()
    if window is not None:
        window.addView(document)
