"""The right side of Style Transfer's dialog: style pictures, presets and settings."""

from ...editor.choices import STYLE_MAIN
from ...editor.dialog.pages import ALWAYS
from ...editor.translation import _
from ..dialog.side import Side
from .picture_list import PictureList


class StyleSide(Side):
    """All settings.

    Parameters
    ----------
    config, settings, choose, now, picture, changed
        As for `pykrita.dialog.side.Side`.
    pictures_changed, warn
        As for `pykrita.style.picture_list.PictureList`.

    Attributes
    ----------
    pictures : PictureList
        The page of the style pictures.
    """

    def __init__(self, config, settings, choose, now, picture, changed, pictures_changed, warn):
        main = [name for name in STYLE_MAIN if name not in ALWAYS]
        super().__init__(config, settings, main, choose, now, picture, changed)
        self.pictures = PictureList(pictures_changed, warn)
        self.add_pages(
            (
                (_("Pictures"), self.pictures),
                (_("Presets"), self.chooser),
                *self.settings_pages(),
            )
        )
