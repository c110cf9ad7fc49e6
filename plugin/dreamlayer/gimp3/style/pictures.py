"""Style pictures: layers, open images and files, and their pixels as the worker takes them."""

import os

from editor.messages import RefusedError
from editor.pixel_bytes import black_for, not_finite
from editor.style import words
from editor.style.sending import MOST, weights_of
from gi.repository import Gimp, Gio, GLib

from gimp3 import session
from gimp3.wire import SIDE, form_of, reduced

_LAYER, _IMAGE = "layer:", "image:"


class StylePicture:
    """A drawable whose style is wanted.

    Parameters
    ----------
    drawable : Gimp.Drawable
        A layer, group, mask or channel.
    name : str
        What the painter calls it.
    weight : float
        How much it counts.
    close : Gimp.Image or Gimp.Layer, optional
        Deleted when it is needed no more.

    Raises
    ------
    RefusedError
        It has no pixels.
    """

    def __init__(self, drawable, name, weight, close=None):
        self.drawable, self.name, self.weight = drawable, name, weight
        self._close = close
        if not drawable.get_width() or not drawable.get_height():
            raise RefusedError(words.BEYOND.format(name=name))

    def is_there(self):
        """Whether the drawable still exists."""
        return self.drawable.is_valid()

    def close(self):
        """Remove from GIMP what was opened for it."""
        # The painter may have closed the image behind it.
        if self._close is not None and self._close.is_valid():
            self._close.delete()
        self._close = None

    def rows(self, pixels, seen, side=SIDE):
        """Width, height, and RGBA rows; pixels with NaN or infinity are black.

        Parameters
        ----------
        pixels : str
            Their type, as in a request.
        seen : Gimp.Drawable
            What gets the style. The colors are converted into its image's space, so that the
            network sees both alike.
        side : int
            The longer side at most.

        Raises
        ------
        RefusedError
            It was deleted.
        """
        if not self.is_there():
            raise RefusedError(words.GONE)
        area, data = reduced(self.drawable, form_of(pixels, seen.get_format()), side)
        if pixels == "float32":
            data = black_for(data, not_finite(data))
        return area.width, area.height, data


def opened(texts, weights):
    """The style pictures that a procedure's arguments name.

    Parameters
    ----------
    texts : list of str
        For each `layer:ID`, `image:ID` or the path of a file. The session may follow the ID after
        an @, and a name after a colon: IDs are given again in GIMP's next session, to others.
    weights : str
        Numbers with commas between, or nothing.

    Raises
    ------
    RefusedError
        There are none, one cannot be opened, or the weights do not fit.
    """
    if not texts:
        raise RefusedError(words.NO_PICTURE)
    if len(texts) > MOST:
        raise RefusedError(words.TOO_MANY.format(count=len(texts), most=MOST))
    made = []
    try:
        for text, weight in zip(texts, weights_of(weights, len(texts))):
            made.append(_opened(text, weight))
    except BaseException:
        close(made)
        raise
    return made


def text_of(thing):
    """How a layer or image is named among the arguments."""
    kind = "image" if isinstance(thing, Gimp.Image) else "layer"
    return f"{kind}:{thing.get_id()}@{session.token()}:{thing.get_name()}"


def found(text):
    """The layer or image that a text names, or None where it is not there."""
    _, number, name = (*text.split(":", 2), "")[:3]
    number, at, of_session = number.partition("@")
    if at and of_session != session.token():
        return None
    find = Gimp.Image.get_by_id if text.startswith(_IMAGE) else Gimp.Item.get_by_id
    thing = find(int(number)) if number.isdecimal() and len(number) < 10 else None
    if thing is None or not thing.is_valid():
        return None
    return thing if name in ("", thing.get_name()) else None


def _opened(text, weight):
    if not text.startswith((_LAYER, _IMAGE)):
        if not os.path.isabs(text):
            raise RefusedError(words.NOT_A_PICTURE.format(text=text))
        return _file(text, weight)
    thing = found(text)
    if isinstance(thing, Gimp.Image):
        return _whole(thing, weight)
    if not isinstance(thing, Gimp.Drawable):
        raise RefusedError(words.GONE)
    return StylePicture(thing, thing.get_name(), weight)


def close(pictures):
    """Remove from GIMP what was opened for style pictures."""
    for picture in pictures:
        picture.close()


def _whole(image, weight):
    """An open image as it is seen."""
    # A layer beside the image's own, which the painter never sees.
    layer = Gimp.Layer.new_from_visible(image, image, "style")
    return _owned(layer, image.get_name(), weight, layer)


def _owned(drawable, name, weight, owner):
    """A style picture that closes its layer or image, also where it cannot be one."""
    try:
        return StylePicture(drawable, name, weight, owner)
    except BaseException:
        owner.delete()
        raise


def _file(path, weight):
    """A file as it is seen, opened by GIMP, so that it may be of any format."""
    if not os.path.isfile(path):
        raise RefusedError(words.NO_FILE.format(path=path))
    try:
        image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(path))
    except GLib.Error as error:
        reason = error.message.strip().rstrip(".")
        raise RefusedError(words.NOT_OPENED.format(path=path, reason=reason)) from error
    if image is None:
        raise RefusedError(
            words.NOT_OPENED.format(path=path, reason=Gimp.get_pdb().get_last_error())
        )
    try:
        layer = Gimp.Layer.new_from_visible(image, image, "style")
    except BaseException:
        image.delete()
        raise
    return _owned(layer, os.path.basename(path), weight, image)
