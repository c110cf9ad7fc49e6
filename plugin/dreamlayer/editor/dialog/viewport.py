"""The arithmetic of the preview's view: zoom, pan and fit."""

import collections
import math

LARGEST = 16.0
"""Screen pixels per image pixel beyond which one cannot zoom."""

_STEP = math.sqrt(2)
_NEAR = 1e-6

Placed = collections.namedtuple("Placed", "picture left top width height")
"""A picture of the toolkit's, and the part of the whole that it shows, in the whole's pixels."""


class Viewport:
    """What is seen of a picture through a window.

    Parameters
    ----------
    width, height : int
        The picture's size in pixels.

    Attributes
    ----------
    scale : float
        Screen pixels per pixel of the picture.
    fitting : bool
        Whether the whole picture is shown, and stays so when the window's size changes.
    """

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.view_width = self.view_height = 1
        self.scale, self.fitting = 1.0, True
        self._x, self._y = width / 2, height / 2  # The picture's point in the view's middle.

    def resize(self, width, height):
        """Give the window another size, in screen pixels."""
        self.view_width, self.view_height = max(1, width), max(1, height)
        if self.fitting:
            self.fit()
        else:
            self._set_scale(self.scale)

    def replace(self, width, height):
        """Show a picture of another size."""
        self.width, self.height = width, height
        self.resize(self.view_width, self.view_height)

    def fit(self):
        """Show the whole picture; small ones are not enlarged beyond `LARGEST`."""
        self.fitting = True
        self.scale = self.fit_scale()
        self._x, self._y = self.width / 2, self.height / 2

    def fit_scale(self):
        """The scale at which the whole picture fills the view."""
        return min(self.view_width / self.width, self.view_height / self.height, LARGEST)

    def zoom_to(self, scale, x=None, y=None):
        """Set the scale; the picture stays where it is below a point of the view.

        Parameters
        ----------
        scale : float
            Screen pixels per pixel, limited to a useful range.
        x, y : float, optional
            The point, in screen pixels; the middle by default.
        """
        x = self.view_width / 2 if x is None else x
        y = self.view_height / 2 if y is None else y
        before = self.to_picture(x, y)
        self.fitting = False
        self._set_scale(scale)
        after = self.to_picture(x, y)
        self._x += before[0] - after[0]
        self._y += before[1] - after[1]
        self._stay_inside()

    def zoom_in(self, x=None, y=None):
        """Go to the next larger step of the scale."""
        step = math.floor(math.log(self.scale, _STEP) + _NEAR) + 1
        self.zoom_to(_STEP**step, x, y)

    def zoom_out(self, x=None, y=None):
        """Go to the next smaller step of the scale, or to the whole picture."""
        step = math.ceil(math.log(self.scale, _STEP) - _NEAR) - 1
        scale = _STEP**step
        fit = self.fit_scale()
        # Small pictures may be seen at their own size, within a part of the view.
        if scale <= fit and (fit < self.scale or fit <= 1):
            self.fit()
        else:
            self.zoom_to(scale, x, y)

    def pan(self, right, down):
        """Move the picture by screen pixels, not beyond its edges."""
        self._x -= right / self.scale
        self._y -= down / self.scale
        self._stay_inside()

    def to_picture(self, x, y):
        """The picture's point below a point of the view."""
        return (
            self._x + (x - self.view_width / 2) / self.scale,
            self._y + (y - self.view_height / 2) / self.scale,
        )

    def to_view(self, x, y):
        """The view's point over a point of the picture."""
        return (
            self.view_width / 2 + (x - self._x) * self.scale,
            self.view_height / 2 + (y - self._y) * self.scale,
        )

    def visible(self):
        """The part that is seen, in whole pixels of the picture: left, top, width, height."""
        left, top = self.to_picture(0, 0)
        right, bottom = self.to_picture(self.view_width, self.view_height)
        left, top = max(0, math.floor(left + _NEAR)), max(0, math.floor(top + _NEAR))
        right = min(self.width, math.ceil(right - _NEAR))
        bottom = min(self.height, math.ceil(bottom - _NEAR))
        return left, top, max(1, right - left), max(1, bottom - top)

    def shows_all(self):
        """Whether no part of the picture is hidden."""
        return self.visible() == (0, 0, self.width, self.height)

    def percent(self):
        """The scale in whole per cent, at least 1."""
        return max(1, round(100 * self.scale))

    def _set_scale(self, scale):
        smallest = min(self.fit_scale(), 1.0)
        self.scale = min(max(scale, smallest), LARGEST)
        self._stay_inside()

    def _stay_inside(self):
        self._x = _inside(self._x, self.width, self.view_width / self.scale)
        self._y = _inside(self._y, self.height, self.view_height / self.scale)


def _inside(middle, length, seen):
    """The middle, moved so that nothing beyond the picture is seen; centered where all is."""
    if seen >= length:
        return length / 2
    return min(max(middle, seen / 2), length - seen / 2)
