"""The right side of Deep Dream's dialog: presets, layers and settings."""

from ...editor.choices import ANIMATION
from ...editor.dialog.pages import DREAM_MAIN
from ...editor.translation import _
from .layer_page import LayerPage
from .parameter_rows import ParameterRows
from .side import Side, scrolled

_MARGIN = 10


class SettingsSide(Side):
    """All settings.

    Parameters
    ----------
    config, settings, choose, now, picture, changed
        As for `Side`.
    gallery : editor.dialog.galleries.GalleryMaker
        Makes the pictures of layers.

    Attributes
    ----------
    layers : LayerPage
        The page where layers are chosen.
    """

    def __init__(self, config, settings, choose, gallery, now, picture, changed):
        super().__init__(config, settings, DREAM_MAIN, choose, now, picture, changed)
        self.layers = LayerPage(config, gallery)
        self.add_pages(
            (
                (_("Presets"), self.chooser),
                (_("Layers"), self.layers),
                *self.settings_pages(),
            )
        )
        rows = ParameterRows(config, _MARGIN)
        for parameter in settings.animation.values():
            rows.add(parameter)
        self._frames, self._page_before = scrolled(rows), 0
        # A child from the start, so that its size counts before it is seen.
        self._frames.setParent(self)
        self._frames.hide()
        config.connect("notify::output", lambda *_: self._show_animation(config))
        self._show_animation(config)

    def _show_animation(self, config):
        """Show its page while an animation is chosen: turn to it, and later back."""
        chosen = config.get_property("output") == ANIMATION
        place = self._pages.indexOf(self._frames)
        if chosen and place < 0:
            self._page_before = self._pages.currentIndex()
            self.add_pages([(_("Animation"), self._frames)])
            self._pages.setCurrentWidget(self._frames)
        elif not chosen and place >= 0:
            turn_back = self._pages.currentIndex() == place
            self._pages.removeTab(place)
            if turn_back:
                self._pages.setCurrentIndex(self._page_before)
