"""The pixels of a layer for the preview, reduced to its scale, as the screen shows them."""

import collections

from .guide import Guide
from .nodes import extent, find, id_of
from .original import around, selected_box, selection_in
from .pixels import Box, is_open, space_of
from .reduced import reduced, scaled_levels

Pixels = collections.namedtuple("Pixels", "width height rgba selection layer_mask")
"""8-bit rows of RGBA, and of the selection or None, as bytes; layers show no masks apart."""


class LayerSource:
    """What is dreamt of a node: all of it, or its selected part with some context.

    Parameters
    ----------
    document : krita.Document
        Whose selection counts.
    node : krita.Node
        A layer of it.

    Attributes
    ----------
    document : krita.Document
        As given.
    id : str
        The node's.
    width, height : int
        The size of that part in pixels.
    changed : tuple of int
        Width and height of what may change in it.
    selected : bool
        Whether the document has a selection.
    has_mask : bool
        Whether a mask of the layer's can be chosen; never in Krita, where it is a part of it.
    guide : callable
        Given a document and a node in it, as `guide.chosen` gives them, and the longer side of
        what is sent of it, makes the guide picture of it.
    """

    has_mask = False

    def __init__(self, document, node):
        self.document, self.id = document, id_of(node)
        self.guide = Guide
        self.refresh()

    @property
    def drawable(self):
        """What style pictures are converted for: the node's colors."""
        return self.native

    @property
    def native(self):
        """The colors of the node; None where it is gone."""
        node = self._node()
        return None if node is None else space_of(node)

    def is_there(self):
        """Whether the node still exists, in an open document."""
        return self._node() is not None

    def refresh(self):
        """Look at the node and the selection, which may have changed."""
        node, chosen = self._node(), None
        whole = Box(0, 0, 0, 0)
        if node is not None:
            whole, chosen = extent(self.document, node), selected_box(self.document)
        self.selected = chosen is not None
        area = whole.within(chosen) if self.selected else whole
        self.changed = area.width, area.height
        self._box = around(area, whole) if self.selected else area
        self.width, self.height = max(1, self._box.width), max(1, self._box.height)

    def read(self, part):
        """The pixels of a `editor.dialog.plan.Part`."""
        width = max(1, round(part.width * part.scale))
        height = max(1, round(part.height * part.scale))
        box = Box(self._box.x + part.left, self._box.y + part.top, part.width, part.height)
        node = self._node()
        if node is None:
            nothing = bytes(width * height) if self.selected else None
            return Pixels(width, height, bytes(4 * width * height), nothing, None)
        rgba = reduced(node, box, width, height)
        selection = None
        if self.selected:
            shares = selection_in(self.document, box)
            selection = scaled_levels(shares, box.width, box.height, width, height)
        return Pixels(width, height, rgba, selection, None)

    def for_screen(self, width, height, rgba):
        """8-bit RGBA rows in the colors of `read`, as sRGB: they are that already."""
        return rgba

    def _node(self):
        return find(self.document, self.id) if is_open(self.document) else None
