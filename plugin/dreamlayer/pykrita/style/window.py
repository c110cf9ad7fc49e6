"""The window of Style Transfer."""

from ...editor.style.style_dialog import StyleDialog
from ..dialog.filter_window import FilterWindow
from .side import StyleSide


class StyleWindow(FilterWindow, StyleDialog):
    """The dialog; with a list of style pictures."""

    def make_side(self, choose, picture, changed):
        """With the list of style pictures."""
        given = self.config, self.settings, choose, self.now, picture, changed
        return StyleSide(*given, self.take_pictures, self.warn)
