"""The window of Deep Dream."""

from editor.dialog.dream_dialog import DreamDialog

from gimp3 import guide
from gimp3.dialog.filter_window import FilterWindow
from gimp3.dialog.settings_side import SettingsSide


class Window(FilterWindow, DreamDialog):
    """The dialog; with layers that are chosen by pictures, and a guide picture."""

    def chosen_guide(self):
        """As the arguments say."""
        return guide.chosen(self.config)

    def make_side(self, choose, picture, changed):
        """With the pictures of layers."""
        given = self.config, self.settings, choose, self.gallery, self.now, picture, changed
        return SettingsSide(*given)
