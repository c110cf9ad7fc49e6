"""Makes layers of Krita from pixels of any color space, whole before they enter a document."""

import collections

from .modes import krita_mode
from .pixels import bands, discard, scratch, space_of

Look = collections.namedtuple("Look", "name opacity mode")
"""A new layer's name, its opacity in 0..100, and its mode, one of `modes.OFFERED`."""


def paint_layer(document, look, space, box, pixels):
    """A new layer, not yet in a document, with the pixels' own color space.

    Parameters
    ----------
    document : krita.Document
        Where it will go.
    look : Look
        Of the layer.
    space : pixels.Space
        Of the pixels; it may be another than the document's, as the node's may that was dreamt on.
    box : pixels.Box
        Where the pixels are.
    pixels : list of bytes
        By bands of the box.
    """
    if space == space_of(document):
        layer = document.createNode(look.name, "paintlayer")
        dress(layer, look)
        fill(layer, box, pixels)
        return layer
    # A layer gets another color space than its document's where it is made in one of that.
    source, root = scratch(space)
    try:
        made = source.createNode(look.name, "paintlayer")
        root.addChildNode(made, None)
        dress(made, look)
        fill(made, box, pixels)
        layer = made.clone()
        layer.setName(look.name)
        del made, root
    finally:
        discard(source)
    return layer


def dress(layer, look):
    """Set opacity and mode of a layer in a document; Krita crashes for one that is in none."""
    layer.setOpacity(int(look.opacity * 255 / 100 + 0.5))
    layer.setBlendingMode(krita_mode(look.mode))


def fill(layer, box, pixels):
    """Write pixels onto a layer, by bands of a box."""
    for band, data in zip(bands(box), pixels):
        layer.setPixelData(data, *band)


def hide(document, layer, box):
    """Give a layer that is in no document yet a mask that hides all of it; the mask."""
    mask = document.createTransparencyMask(layer.name())
    layer.addChildNode(mask, None)
    # Where a mask holds nothing, it hides.
    mask.setPixelData(bytes(box.width * box.height), *box)
    return mask
