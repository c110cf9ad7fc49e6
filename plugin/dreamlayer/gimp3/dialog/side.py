"""The right side of the dialogs: what is set most often, below it pages of all other settings."""

from editor.choices import CUSTOM, MASKS
from editor.dialog import pages
from editor.translation import _
from gi.repository import Gtk

from gimp3.dialog.everyday import Everyday
from gimp3.dialog.own_buttons import OwnButtons
from gimp3.dialog.parameter_rows import ParameterRows, choice
from gimp3.dialog.preset_chooser import PresetChooser

_WIDTH = 440


class Side(Gtk.Box):
    """All settings of a filter; which pages there are is the filter's own.

    Parameters
    ----------
    config : Gimp.ProcedureConfig
        The arguments.
    settings : settings.Settings
        The parameters.
    main : collection of str
        Parameters on the page Settings, in order; all others are under Advanced.
    choose : callable
        Called with the name of the preset that the painter chooses.
    now, picture, changed
        As for `gimp3.dialog.own_buttons.OwnButtons`.

    Attributes
    ----------
    chooser : PresetChooser
        The page of the presets.
    """

    def __init__(self, config, settings, main, choose, now, picture, changed):
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
        for name in main:
            self._rows.add(settings.parameters[name])
        masks = choice(config, "mask-from", list(MASKS.items()))
        self._rows.add_row(_("Keep to"), masks, _(settings.mask_help))
        self._advanced = ParameterRows(config, border_width=12)
        for parameter in pages.advanced(settings, main):
            self._advanced.add(parameter)
        providers = choice(config, "provider", [(name, name) for name in settings.providers])
        self._advanced.add_row(_("Provider"), providers, pages.PROVIDER_HELP)
        self._pages = Gtk.Notebook()
        self.pack_start(self._pages, True, True, 0)

    def add_pages(self, titled):
        """Add pages, as pairs of a title and a widget."""
        for title, page in titled:
            label = Gtk.Label(label=title, margin_start=6, margin_end=6)
            self._pages.append_page(page, label)
            self._pages.child_set_property(page, "tab-expand", True)

    def settings_pages(self):
        """The pages Settings and Advanced."""
        return (
            (_("Settings"), scrolled(self._rows)),
            (_("Advanced"), scrolled(self._advanced)),
        )

    def show_preset(self, name):
        """Name a preset, and mark it among the others."""
        self._everyday.show_preset(*pages.about_preset(self._settings, name))
        self.chooser.show_preset(None if name == CUSTOM else name)
        self._own.show_preset(name)

    def offer(self, networks, layers):
        """Fill the lists of networks and layers with what there is."""
        names = pages.names_for(self._settings, networks, layers)
        for rows in (self._rows, self._advanced):
            rows.offer(names)

    def search(self):
        """Put the cursor into the field to search for presets."""
        self._pages.set_current_page(self._pages.page_num(self.chooser))
        self.chooser.search()


def scrolled(page):
    """A page behind a scroll bar, where it is taller than the window."""
    window = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, overlay_scrolling=False)
    window.add(page)
    return window
