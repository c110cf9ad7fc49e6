"""The right side of the dialog: what is always at hand, and three pages."""

from gi.repository import Gtk
from settings import ANIMATION, CUSTOM, MASK_HELP, MASKS
from translation import _

from gimp3.dialog import words
from gimp3.dialog.catalog import AS_BEFORE
from gimp3.dialog.everyday import Everyday
from gimp3.dialog.layer_page import LayerPage
from gimp3.dialog.own_buttons import OwnButtons
from gimp3.dialog.parameter_rows import ParameterRows, choice
from gimp3.dialog.preset_chooser import PresetChooser

_SETTINGS = (
    "network",
    "guide",
    "colors",
    "keep_colors",
    "protect",
    "steps",
    "step_size",
    "octaves",
    "octave_scale",
    "smoothing",
    "anchor",
)
"""Parameters on the page Settings; all others are under Advanced."""

_ALWAYS = ("strength", "seed")
_WIDTH = 440


class SettingsSide(Gtk.Box):
    """All settings.

    Parameters
    ----------
    config : Gimp.ProcedureConfig
        The arguments.
    settings : settings.Settings
        The parameters.
    choose : callable
        Called with the name of the preset that the painter chooses.
    gallery : gimp3.dialog.galleries.GalleryMaker
        Makes the pictures of layers.
    now, picture, changed
        As for `gimp3.dialog.own_buttons.OwnButtons`.

    Attributes
    ----------
    chooser : PresetChooser
        The page of the presets.
    layers : LayerPage
        The page where layers are chosen.
    """

    def __init__(self, config, settings, choose, gallery, now, picture, changed):
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=12)
        self.set_size_request(_WIDTH, -1)
        # The rows want to be wide; what is left belongs to the preview.
        self.set_hexpand(False)
        self._settings = settings
        self._everyday = Everyday(config, settings)
        self.pack_start(self._everyday, False, False, 0)
        self._own = OwnButtons(settings, now, picture, changed)
        self.chooser = PresetChooser(choose, self._own)
        self._rows = ParameterRows(config, border_width=12)
        for name in _SETTINGS:
            self._rows.add(settings.parameters[name])
        masks = choice(config, "mask-from", list(MASKS.items()))
        self._rows.add_row(_("Keep to"), masks, _(MASK_HELP))
        self._advanced = ParameterRows(config, border_width=12)
        rarer = [p for n, p in settings.parameters.items() if n not in (*_SETTINGS, *_ALWAYS)]
        for parameter in sorted(rarer, key=lambda parameter: parameter.advanced):
            self._advanced.add(parameter)
        providers = choice(config, "provider", [(name, name) for name in settings.providers])
        help_ = _("the hardware to compute on; auto takes the fastest that loads")
        self._advanced.add_row(_("Provider"), providers, help_)
        self.layers = LayerPage(config, gallery)
        self._pages = Gtk.Notebook()
        for title, page in (
            (_("Presets"), self.chooser),
            (_("Layers"), self.layers),
            (_("Settings"), _scrolled(self._rows)),
            (_("Advanced"), _scrolled(self._advanced)),
        ):
            label = Gtk.Label(label=title, margin_start=6, margin_end=6)
            self._pages.append_page(page, label)
            self._pages.child_set_property(page, "tab-expand", True)
        self.pack_start(self._pages, True, True, 0)
        self._frames, self._page_before = self._animation(config, settings), 0
        config.connect("notify::output", lambda *_: self._show_animation(config))
        self._show_animation(config)

    def show_preset(self, name):
        """Name a preset, and mark it among the others."""
        preset = self._settings.presets.get(name)
        if preset is not None:
            title = self._settings.shown_title(name)
            about = self._settings.shown_description(name)
            self._everyday.show_preset(title, about, preset["source"])
        elif name == AS_BEFORE:
            self._everyday.show_preset(words.BEFORE, words.BEFORE_ABOUT, "")
        else:
            self._everyday.show_preset(words.CUSTOM, words.CUSTOM_ABOUT, "")
        self.chooser.show_preset(None if name == CUSTOM else name)
        self._own.show_preset(name)

    def offer(self, networks, layers):
        """Fill the lists of networks and layers with what there is."""
        self._rows.offer("network", networks)
        self._advanced.offer("layers", layers)

    def _animation(self, config, settings):
        """The page with the rows of an animation, at the end."""
        rows = ParameterRows(config, border_width=12)
        for parameter in settings.animation.values():
            rows.add(parameter)
        page = _scrolled(rows)
        self._pages.append_page(page, Gtk.Label(label=_("Animation"), margin_start=6, margin_end=6))
        self._pages.child_set_property(page, "tab-expand", True)
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

    def search(self):
        """Put the cursor into the field to search for presets."""
        self._pages.set_current_page(0)
        self.chooser.search()


def _scrolled(page):
    scrolled = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, overlay_scrolling=False)
    scrolled.add(page)
    return scrolled
