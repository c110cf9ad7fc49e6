"""Pictures for the screen: 8-bit RGBA, mixed and drawn by Qt."""

from ...editor.dialog.rows import with_alpha
from ..qt import Qt, QtCore, QtGui

_SMALL = 160
"""Longer side of a preset's picture, in pixels."""

_QUALITY = 88

_CHECK = 8
_DARK, _LIGHT = QtGui.QColor(0x66, 0x66, 0x66), QtGui.QColor(0x99, 0x99, 0x99)
"""The checkerboard under what is transparent."""

_Format = QtGui.QImage.Format


def picture(width, height, rgba):
    """A `QImage` of 8-bit RGBA rows, in the format that Qt draws fastest."""
    return _image(width, height, rgba).convertToFormat(_Format.Format_ARGB32_Premultiplied)


def mixed(width, height, below, above, share, opacity):
    """RGBA rows with the alpha of `below`, and colors between both.

    Parameters
    ----------
    below : bytes
        RGBA rows.
    above : bytes
        RGB rows.
    share : bytes or None
        How much of `above` is seen, 0..255 for each pixel.
    opacity : float
        How much of it is seen everywhere, 0..1.
    """
    if share is None and opacity >= 1:
        return bytes(with_alpha(above, below[3::4]))
    opaque = bytearray(below)
    opaque[3::4] = b"\xff" * (width * height)
    under = _image(width, height, opaque).convertToFormat(_Format.Format_RGB32)
    painter = QtGui.QPainter(under)
    painter.setOpacity(min(max(opacity, 0.0), 1.0))
    over = with_alpha(above, 255 if share is None else share)
    painter.drawImage(0, 0, _image(width, height, over))
    painter.end()
    made = under.convertToFormat(_Format.Format_RGBA8888)
    rows = bytearray(made.constBits().asstring(4 * width * height))
    rows[3::4] = below[3::4]
    return bytes(rows)


def write_small(image, path):
    """Write a picture as a small opaque JPEG, as presets have them; whether that succeeded."""
    size = QtCore.QSize(_SMALL, _SMALL)
    keep, how = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    small = image.scaled(size, keep, how)
    opaque = QtGui.QImage(small.size(), _Format.Format_RGB32)
    opaque.fill(_LIGHT)
    painter = QtGui.QPainter(opaque)
    painter.drawImage(0, 0, small)
    painter.end()
    return opaque.save(path, "JPG", _QUALITY)


def draw(painter, placed, viewport, first=0, last=None):
    """Draw a placed picture as it is seen through a viewport, on a checkerboard.

    Parameters
    ----------
    painter : QPainter
        Of the view.
    placed : editor.dialog.viewport.Placed
        The picture.
    viewport : editor.dialog.viewport.Viewport
        Where the whole picture is seen.
    first, last : int, optional
        Only columns of the view from `first` to before `last`.
    """
    x, y = viewport.to_view(placed.left, placed.top)
    right, bottom = viewport.to_view(placed.left + placed.width, placed.top + placed.height)
    last = viewport.view_width if last is None else last
    left, top = max(round(x), first, 0), max(round(y), 0)
    end, low = min(round(right), last), min(round(bottom), viewport.view_height)
    if left >= end or top >= low:
        return
    area = QtCore.QRect(left, top, end - left, low - top)
    painter.save()
    painter.setClipRect(area)
    if placed.picture.hasAlphaChannel():
        painter.fillRect(area, _checkerboard())
    # Enlarged pixels are seen as such from twice their size on, as on Krita's canvas.
    nearest = viewport.scale >= 2 and right - x >= 2 * placed.picture.width()
    painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform, not nearest)
    painter.drawImage(QtCore.QRectF(x, y, right - x, bottom - y), placed.picture)
    painter.restore()


def _image(width, height, rgba):
    """An image with pixels of its own: Qt does not keep the bytes that it is made of."""
    return QtGui.QImage(bytes(rgba), width, height, 4 * width, _Format.Format_RGBA8888).copy()


def _checkerboard():
    tile = QtGui.QImage(2 * _CHECK, 2 * _CHECK, _Format.Format_RGB32)
    tile.fill(_LIGHT)
    painter = QtGui.QPainter(tile)
    painter.fillRect(0, 0, _CHECK, _CHECK, _DARK)
    painter.fillRect(_CHECK, _CHECK, _CHECK, _CHECK, _DARK)
    painter.end()
    return QtGui.QBrush(tile)
