"""Where a dream belongs in GIMP 3, whatever became of its drawable while it ran."""

from gi.repository import Gegl

from gimp3.pixels import NONE, bands, format_of

_LINES = 32
"""So many rows are looked at to tell whether a layer was turned, flipped or cropped."""

_FOUND_BY = 16
_COLORS = 4
"""Pixels by which a part of a row is found again, and how many different ones it must have."""


class Turn:
    """A way to turn or flip a drawable: where its rows are afterwards.

    Parameters
    ----------
    turned : bool
        Whether rows become columns.
    mirrored, upside : bool
        Whether x, and y, run backwards afterwards.
    """

    def __init__(self, turned=False, mirrored=False, upside=False):
        self.turned, self.mirrored, self.upside = turned, mirrored, upside

    def size(self, width, height):
        """A size after the turn."""
        return (height, width) if self.turned else (width, height)

    def area(self, x, y, width, height, whole_width, whole_height):
        """Corner and size after the turn, of a part of a drawable of that whole size."""
        if self.turned:
            x, y, width, height = y, x, height, width
        whole_width, whole_height = self.size(whole_width, whole_height)
        if self.mirrored:
            x = whole_width - x - width
        if self.upside:
            y = whole_height - y - height
        return x, y, width, height

    def line(self, row, size):
        """A row of pixels of `size` bytes each, in the order in which they lie afterwards."""
        if not (self.upside if self.turned else self.mirrored):
            return row
        turned = bytearray(len(row))
        for byte in range(size):
            turned[byte::size] = row[byte::size][::-1]
        return bytes(turned)


UNTURNED = Turn()
_TURNS = (
    Turn(mirrored=True),
    Turn(upside=True),
    Turn(mirrored=True, upside=True),
    Turn(turned=True, mirrored=True),
    Turn(turned=True, upside=True),
)


class Place:
    """Where a dream belongs in the image as it is now.

    Attributes
    ----------
    reason : str or None
        Why it cannot be written into its drawable: `gone`, `shape`, `kind`, `repainted` or
        `locked`; None where it can.
    turn : Turn
        How the drawable was turned meanwhile.
    x, y : int
        The corner of the dream in the image.
    scale : tuple of float
        By how much the whole image was enlarged, horizontally and vertically.
    """

    def __init__(self, reason, x, y, turn=UNTURNED, scale=(1.0, 1.0)):
        self.reason, self.x, self.y, self.turn, self.scale = reason, x, y, turn, scale


def find_place(original, before):
    """The `Place` for the dream of an `Original`; `before` is the image's size at the start."""
    drawable, area = original.drawable, original.area
    if not drawable.is_valid():
        return Place("gone", original.left + area.x, original.top + area.y)
    _, left, top = drawable.get_offsets()
    now = drawable.get_width(), drawable.get_height()
    same_format = format_of(drawable) == original.native
    was = original.width, original.height
    rows = _some(_changed_rows(original) if now == was else _all_rows(area)) if same_format else []
    if same_format and now == was and not rows:
        return Place(None, left + area.x, top + area.y)
    for turn in _TURNS if same_format else ():
        if turn.size(*was) == now and _is_turned(original, turn, rows):
            x, y, _, _ = turn.area(area.x, area.y, area.width, area.height, *was)
            return Place("shape", left + x, top + y, turn)
    if now == was:
        reason = None if same_format else "kind"
        return Place(reason, left + area.x, top + area.y)
    shift = _shift(original) if same_format else None
    if shift is not None:
        return Place("shape", left + area.x - shift[0], top + area.y - shift[1])
    image = drawable.get_image()
    scale = [n / w for n, w in zip(now, was)]
    images = [n / w for n, w in zip((image.get_width(), image.get_height()), before)]
    # Sizes of scaled layers are whole numbers.
    near = all(abs(a / b - 1) < 2 / min(*was, *now) for a, b in zip(scale, images))
    if near and images != [1.0, 1.0]:
        x, y = (round(c * s) for c, s in zip((area.x, area.y), scale))
        return Place("shape", left + x, top + y, scale=tuple(scale))
    # Turned by some angle, or bent: in the middle of where it is now.
    x, y = left + (now[0] - was[0]) // 2 + area.x, top + (now[1] - was[1]) // 2 + area.y
    return Place("shape", x, y)


def _all_rows(area):
    return range(area.y, area.y + area.height)


def _some(rows):
    """Some of these rows, spread evenly."""
    rows = list(rows)
    return rows[:: max(1, len(rows) // _LINES)]


def _row(buffer, form, x, y, width, height=1):
    return buffer.get(Gegl.Rectangle.new(x, y, width, height), 1.0, form, NONE)


def _changed_rows(original):
    """The rows of the part whose pixels are others now, one after another."""
    area, form, buffer = original.area, original.native, original.drawable.get_buffer()
    for band in bands(area):
        if buffer.get(band, 1.0, form, NONE) == original.pixels.get(band, 1.0, form, NONE):
            continue
        for y in range(band.y, band.y + band.height):
            line = (area.x, y, area.width)
            if _row(buffer, form, *line) != _row(original.pixels, form, *line):
                yield y


def _is_turned(original, turn, rows):
    """Whether most of these rows of the part lie in the drawable as a turn puts them."""
    area, form, size = original.area, original.native, original.pixel_bytes
    whole, buffer = (original.width, original.height), original.drawable.get_buffer()
    extent = original.pixels.get_extent()
    looked_at = alike = 0
    for y in rows:
        line = (area.x, y, area.width, 1)
        row = _row(original.pixels, form, *line)
        if row == row[:size] * area.width:
            # Of one color: there are many such.
            continue
        looked_at += 1
        there = turn.area(*line, *whole)
        if _row(buffer, form, *there) != turn.line(row, size):
            continue
        x, above, width, height = there
        inside = extent.x <= x and x + width <= extent.x + extent.width
        inside = inside and extent.y <= above and above + height <= extent.y + extent.height
        if inside and not turn.turned:
            # Where rows are alike, a stroke on one of them is no turn: it would be on both.
            back = turn.line(_row(buffer, form, *line), size)
            alike += back == _row(original.pixels, form, *there)
        else:
            alike += 1
    return 2 * alike > looked_at


def _shift(original):
    """Where the corner of the drawable as it is now was in it as a dream began; or None.

    That is known where it was cropped or enlarged at its edges, or with the image, so that its
    pixels are those of then: some of them are looked for.
    """
    drawable, area, size = original.drawable, original.area, original.pixel_bytes
    form, buffer = original.native, drawable.get_buffer()
    width, height = drawable.get_width(), drawable.get_height()
    for part in (2, 4, 3, 6, 8):
        x, y = width // part, height // part
        wanted = _row(buffer, form, x, y, min(_FOUND_BY, width - x))
        if len({wanted[n : n + size] for n in range(0, len(wanted), size)}) < _COLORS:
            continue
        for row in _all_rows(area):
            at = _found(_row(original.pixels, form, area.x, row, area.width), wanted, size)
            if at is not None:
                shift = area.x + at - x, row - y
                if _is_shifted(original, *shift):
                    return shift
    return None


def _is_shifted(original, right, down):
    """Whether most rows of the part lie in the drawable so far to the left and above."""
    area, form, buffer = original.area, original.native, original.drawable.get_buffer()
    left = max(area.x, right)
    width = min(area.x + area.width, right + original.drawable.get_width()) - left
    top = max(area.y, down)
    bottom = min(area.y + area.height, down + original.drawable.get_height())
    rows = _some(range(top, bottom))
    alike = sum(
        _row(buffer, form, left - right, y - down, width)
        == _row(original.pixels, form, left, y, width)
        for y in rows
    )
    return 2 * alike > len(rows)


def _found(row, wanted, size):
    """The pixel in a row at which others begin, or None."""
    at = row.find(wanted)
    while at >= 0 and at % size:
        at = row.find(wanted, at + 1)
    return None if at < 0 else at // size
