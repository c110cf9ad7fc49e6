"""The right side of Deep Dream's dialog: presets, layers and settings."""

from editor.choices import ANIMATION
from editor.dialog.pages import DREAM_MAIN
from editor.translation import _

from gimp3.dialog.layer_page import LayerPage
from gimp3.dialog.parameter_rows import ParameterRows
from gimp3.dialog.side import Side, scrolled


class SettingsSide(Side):
    """All settings.

    Parameters
    ----------
    config, settings, choose, now, picture, changed
        As for `gimp3.dialog.side.Side`.
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
        self._frames, self._page_before = self._animation(config, settings), 0
        config.connect("notify::output", lambda *_: self._show_animation(config))
        self._show_animation(config)

    def _animation(self, config, settings):
        """The page with the rows of an animation, at the end."""
        rows = ParameterRows(config, border_width=12)
        for parameter in settings.animation.values():
            rows.add(parameter)
        page = scrolled(rows)
        self.add_pages([(_("Animation"), page)])
        page.show_all()
        page.set_no_show_all(True)
        return page

    def _show_animation(self, config):
        """Show that page while an animation is chosen: turn to it, and later back."""
        chosen, number = config.get_property("output") == ANIMATION, self._pages.get_current_page()
        frames = self._pages.page_num(self._frames)
        self._frames.set_visible(chosen)
        if chosen and number != frames:
            self._page_before = number
            self._pages.set_current_page(frames)
        elif not chosen and number == frames:
            self._pages.set_current_page(self._page_before)
