"""What a node of Krita shows as a dream begins: sent to the worker, and kept for its end."""

import copy
import re

from ..editor.messages import RefusedError
from ..editor.pixel_bytes import SIZES, black_for, difference, not_finite, values_of_bytes, zeros
from . import words
from .color import Wire
from .nodes import check, extent, id_of, pixels_of
from .pixels import Box, bands, canvas_of, fade, space_of

_CONTEXT = 64
"""Pixels around a selection that the network sees too, so that the dream fits at its edge."""

_NOT_NUMBERS = {"F16": (2, 1, 0x7C), "F32": (4, 3, 0x7F)}
"""Bytes of a value, and which byte of it has these bits where it is infinite or not a number."""


class Original:
    """A copy of the part to dream on and of what is selected of it, and its dream.

    The painter goes on working while the worker dreams; what is sent and compared is this copy. It
    is as large as the selection, not as the layer, and no node is held.

    Parameters
    ----------
    document : krita.Document
        Whose selection counts.
    node : krita.Node
        A layer of it.
    box : pixels.Box, optional
        The part that may change, in place of all that the node shows.
    frame : tuple, optional
        A key frame of the node's, in place of the present frame: its time, and its `extent`.
    centered : bool
        Whether the part is to lie in the middle of what is sent, as for a motion about it.

    Attributes
    ----------
    id, parent : str
        Of the node, and of its group.
    name : str
        The node's.
    space : pixels.Space
        Its colors.
    time, bounds : int and pixels.Box
        The frame, and where the node shows something in it.
    area, sent : pixels.Box
        The part that may change, and that with some context.
    pixels : list of bytes
        What the node shows there, by bands of `sent`.
    selection : bytes or None
        A byte for each pixel of `sent`.

    Raises
    ------
    RefusedError
        The node is no layer, shows nothing, or lies outside the selection.
    """

    def __init__(self, document, node, box=None, frame=None, centered=False):
        check(node)
        self.id, self.parent, self.name = id_of(node), id_of(node.parentNode()), node.name()
        self.space = space_of(node)
        self.time, self.bounds = frame or (document.currentTime(), extent(document, node))
        self._wire = Wire(self.space)
        whole = self.bounds if box is None else box
        self.area, self.sent, selected = parts_of(document, self.name, whole, centered)
        self.selection = selection_in(document, self.sent) if selected else None
        self._sent = {}
        time = self.time if frame else None
        self.pixels = [pixels_of(node, band, time) for band in bands(self.sent)]

    @property
    def selected(self):
        """Whether the document had a selection."""
        return self.selection is not None

    @property
    def kind(self):
        """The worker's type of the values that are sent."""
        return self._wire.kind

    def request(self):
        """Size and number of bytes as a `dream` request names them."""
        values = self.sent.width * self.sent.height
        return {
            "width": self.sent.width,
            "height": self.sent.height,
            "pixels": self.kind,
            "mask": self.selected,
            "bytes": values * (5 if self.selected else 4) * SIZES[self.kind],
        }

    def payload(self):
        """The pixels, then the selection where there is one, in bands of bytes."""
        for number, band in enumerate(bands(self.sent)):
            yield self.sendable(number, band)
        if self.selected:
            yield values_of_bytes(self.selection, self.kind)

    def sendable(self, number, band):
        """The pixels of a band as they are sent: those with NaN or infinity are black."""
        return self._converted(number, band)[0]

    def _converted(self, number, band):
        """The same, and which pixels are black for that; kept until the dream is received."""
        if number not in self._sent:
            data = self._wire.sent(self.pixels[number], band.width, band.height)
            odd = self._odd(number, data)
            self._sent[number] = black_for(data, odd), odd
        return self._sent[number]

    def receive(self, read):
        """The dream of the part that is sent, as bands of bytes like `pixels`.

        What the dream did not change keeps its own bytes, and so do pixels with NaN or infinity,
        and alpha: conversions may round them.

        Parameters
        ----------
        read : callable
            Given a count, returns that many next bytes of the result.
        """
        made = []
        for number, band in enumerate(bands(self.sent)):
            dreamt = read(band.width * band.height * 4 * SIZES[self.kind])
            sent = self.sendable(number, band)
            kept = [(sent, self.pixels[number])]
            made.append(self.restored(number, band, dreamt, kept))
            self.forget(number)
        return made

    def forget(self, number):
        """Keep a band no longer as it was sent."""
        self._sent.pop(number, None)

    def restored(self, number, band, dreamt, kept):
        """A band of the dream in the node's colors, with former bytes where they are known.

        Parameters
        ----------
        number, band
            Which one.
        dreamt : bytes
            As received.
        kept : list
            Pairs of pixels as they were sent, and as the node has them: where the dream is the
            former, the latter is what it means.
        """
        size, own = self.space.pixel_bytes, self.pixels[number]
        for sent, native in kept:
            if dreamt == sent:
                return native
        made = bytearray(self._wire.received(dreamt, band.width, band.height))
        value = self.space.value_bytes
        for byte in range(size - value, size):
            made[byte::size] = own[byte::size]
        for sent, native in kept:
            for first, last in zeros(difference(dreamt, sent), 4 * SIZES[self.kind]):
                made[first * size : last * size] = native[first * size : last * size]
        for pixel in self._converted(number, band)[1]:
            made[pixel * size : (pixel + 1) * size] = own[pixel * size : (pixel + 1) * size]
        return bytes(made)

    def receive_frame(self, read):
        """The pixels of a further frame of an animation, in which everything may have moved."""
        made = []
        for band in bands(self.sent):
            dreamt = read(band.width * band.height * 4 * SIZES[self.kind])
            made.append(self._wire.received(dreamt, band.width, band.height))
        return made

    def with_pixels(self, pixels):
        """The same part with other pixels of the node's colors, by bands of `sent`."""
        made = copy.copy(self)
        made.pixels, made._sent = pixels, {}
        return made

    def part(self, made, soft=False):
        """Bands of `sent` as bands of `area`, transparent where nothing is selected.

        Parameters
        ----------
        made : list of bytes
            What was received.
        soft : bool
            Whether partly selected pixels are partly transparent, too; else, the dream has faded
            in them already.
        """
        size = self.space.pixel_bytes
        top, left = self.area.y - self.sent.y, self.area.x - self.sent.x
        cut = []
        for band in bands(self.area):
            rows = bytearray()
            for row in range(top + band.y - self.area.y, top + band.y - self.area.y + band.height):
                rows += self._row(made, row, left, self.area.width, size)
            cut.append(bytes(self._as_selected(rows, band, soft)))
        return cut

    def _row(self, made, row, left, width, size):
        """Some pixels of a row of `sent` from its bands."""
        rows = next(bands(self.sent)).height
        begin = ((row % rows) * self.sent.width + left) * size
        return made[row // rows][begin : begin + width * size]

    def _as_selected(self, pixels, band, soft):
        """Pixels of a band of `area`, made transparent where they are not selected."""
        if not self.selected:
            return pixels
        shares = bytearray()
        for row in range(band.y - self.sent.y, band.y - self.sent.y + band.height):
            begin = row * self.sent.width + band.x - self.sent.x
            shares += self.selection[begin : begin + band.width]
        size = self.space.pixel_bytes
        if soft:
            fade(pixels, self.space, bytes(shares))
        for first, last in zeros(bytes(shares), 1):
            pixels[first * size : last * size] = bytes((last - first) * size)
        return pixels

    def _odd(self, number, sent):
        """The pixels of a band with values that are no finite numbers, in both color spaces."""
        odd = set(not_finite(sent)) if self.kind == "float32" else set()
        if self.space.depth in _NOT_NUMBERS:
            odd |= _without_number(self.pixels[number], self.space)
        return sorted(odd)


def _without_number(data, space):
    """The pixels with a value of which all bits of the exponent are set."""
    size, place, bits = _NOT_NUMBERS[space.depth]
    high = bytes(data[place::size]).translate(_whether(bits))
    if space.depth == "F32":
        lower = bytes(data[place - 1 :: size]).translate(_whether(0x80))
        high = bytes(a & b for a, b in zip(high, lower)) if b"\1" in high else b""
    values = space.pixel_bytes // size
    return {found.start() // values for found in re.finditer(b"\1", high)}


def _whether(bits):
    """A table for `bytes.translate`: 1 where all of some bits are set."""
    return bytes(int(byte & bits == bits) for byte in range(256))


def parts_of(document, name, whole, centered=False):
    """What may change of a node, what is sent of it, and whether something is selected.

    Parameters
    ----------
    document : krita.Document
        Whose selection counts.
    name, whole : str and pixels.Box
        The node's name, and what it shows.
    centered
        As for `Original`.

    Raises
    ------
    RefusedError
        It shows nothing, or lies outside the selection.
    """
    if not whole:
        raise RefusedError(words.empty(name))
    selected = selected_box(document)
    area = whole if selected is None else whole.within(selected)
    if not area:
        raise RefusedError(words.beside(name))
    return area, area if selected is None else around(area, whole, centered), selected is not None


def selected_box(document):
    """The box of what is selected on the canvas, or None where there is no selection."""
    selection = document.selection()
    if selection is None or not selection.width() or not selection.height():
        return None
    box = Box(selection.x(), selection.y(), selection.width(), selection.height())
    return box.within(canvas_of(document))


def selection_in(document, box):
    """The selection in a box, a byte a pixel; beyond the canvas nothing is selected.

    Nor is anything where the painter has dropped the selection meanwhile.
    """
    selection, canvas = document.selection(), canvas_of(document)
    seen = box.within(canvas)
    rows = bytearray(box.width * box.height)
    if selection is None:
        return bytes(rows)
    data = bytes(selection.pixelData(*seen))
    for row in range(seen.height):
        begin = (row + seen.y - box.y) * box.width + seen.x - box.x
        rows[begin : begin + seen.width] = data[row * seen.width : (row + 1) * seen.width]
    return bytes(rows)


def around(area, whole, centered=False):
    """A part with the context that the whole has around it, the same on all sides if centered."""
    if not centered:
        return area.around(_CONTEXT).within(whole)
    right = whole.x + whole.width - area.x - area.width
    below = whole.y + whole.height - area.y - area.height
    return area.around(max(0, min(_CONTEXT, area.x - whole.x, area.y - whole.y, right, below)))
