"""The window of Deep Dream."""

from ...editor.dialog.dream_dialog import DreamDialog
from .. import guide
from .filter_window import FilterWindow
from .settings_side import SettingsSide


class Window(FilterWindow, DreamDialog):
    """The dialog; with layers that are chosen by pictures, and a guide picture."""

    def chosen_guide(self):
        """The text that stands for it: a node that was held could crash Krita."""
        text = self.config.get_property("guide")
        return text if guide.chosen(text) else None

    def make_source(self, document, node):
        """It reads guides by the texts that stand for them."""
        source = super().make_source(document, node)
        source.guide = guide.of
        return source

    def make_side(self, choose, picture, changed):
        """With the pictures of layers."""
        given = self.config, self.settings, choose, self.gallery, self.now, picture, changed
        return SettingsSide(*given)
