"""What a node shows as 8-bit sRGB, reduced: for guides, style pictures and the preview."""

from .color import to_screen
from .nodes import pixels_of
from .pixels import bands, box_of, space_of
from .qt import Qt, QtGui

FORMAT = QtGui.QImage.Format.Format_RGBA8888
"""Qt's name of the rows."""

_MOST_PIXELS = 1 << 24
"""Pixels of a layer that are all read, which takes a second; of larger ones, Krita picks some."""

_PICKED = 2
"""So many times as many as are wanted, so that they can be averaged."""


def reduced(node, box, width, height):
    """RGBA rows of a box of a node's, in a width and height in pixels.

    Parameters
    ----------
    node : krita.Node
        A layer, or any node that has a projection.
    box : pixels.Box
        In the image's coordinates; beyond the node, pixels are transparent.
    width, height : int
        Not larger than the box.
    """
    if box.width * box.height > _MOST_PIXELS and box.within(box_of(node.bounds())) == box:
        picked = _picked(node, box, width, height)
        if picked is not None:
            return picked
    space, strips = space_of(node), []
    for band in bands(box):
        data = to_screen(pixels_of(node, band), band.width, band.height, space)
        if (width, height) == (box.width, box.height):
            strips.append(data)
            continue
        above, below = band.y - box.y, band.y - box.y + band.height
        first, last = (_share(row, box.height, height) for row in (above, below))
        if last > first:
            image = QtGui.QImage(data, band.width, band.height, 4 * band.width, FORMAT)
            strips.append(rows_of(scaled(image, width, last - first)))
    return b"".join(strips)


def _share(row, whole, reduced_to):
    """The row of a reduced picture at which one of the whole begins."""
    return int(row * reduced_to / whole + 0.5)


def _picked(node, box, width, height):
    """The same from Krita's thumbnail of the whole node; None where there is none."""
    whole = box_of(node.bounds())
    across, down = _PICKED * width * whole.width // box.width, _PICKED * height * whole.height
    down //= box.height
    if across * down > _MOST_PIXELS:
        return None
    image = node.thumbnail(across, down)
    if image.isNull():
        return None
    scale_x, scale_y = image.width() / whole.width, image.height() / whole.height
    part = image.copy(
        int((box.x - whole.x) * scale_x),
        int((box.y - whole.y) * scale_y),
        max(1, int(box.width * scale_x)),
        max(1, int(box.height * scale_y)),
    )
    return rows_of(scaled(part.convertToFormat(FORMAT), width, height))


def scaled(image, width, height):
    """Qt's picture in another size, averaged, as rows of `FORMAT`."""
    ratio, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    return image.scaled(width, height, ratio, smooth).convertToFormat(FORMAT)


def scaled_levels(levels, columns, rows, width, height):
    """A byte for each pixel of a picture, in another size."""
    gray = QtGui.QImage.Format.Format_Grayscale8
    image = QtGui.QImage(levels, columns, rows, columns, gray)
    ratio, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    image = image.scaled(width, height, ratio, smooth).convertToFormat(gray)
    line = image.bytesPerLine()
    bits = image.constBits().asstring(line * height)
    return b"".join(bits[row * line : row * line + width] for row in range(height))


def rows_of(image):
    """The RGBA rows of Qt's picture."""
    image = image.convertToFormat(FORMAT)
    size = image.bytesPerLine() * image.height()
    return image.constBits().asstring(size)


def fitting(width, height, side):
    """A size reduced so that its longer side has no more than so many pixels."""
    scale = min(1.0, side / max(width, height))
    return max(1, int(width * scale + 0.5)), max(1, int(height * scale + 0.5))
