"""What is set most often, always at hand: strength, output and seed."""

from editor.choices import LAYERED, MODES
from editor.translation import _
from gi.repository import GLib, GObject, Gtk, Pango

from gimp3.dialog.numbers import adjustment
from gimp3.dialog.parameter_rows import ParameterRows, choice

_SEEDS = 2**31 - 1
_BOTH = GObject.BindingFlags.BIDIRECTIONAL | GObject.BindingFlags.SYNC_CREATE


class Everyday(Gtk.Box):
    """The chosen preset's name, and rows that are always visible.

    Parameters
    ----------
    config : Gimp.ProcedureConfig
        The arguments.
    settings : settings.Settings
        The parameters.
    """

    def __init__(self, config, settings):
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._config = config
        self._title = _short_label()
        self.pack_start(self._title, False, False, 0)
        # Two lines, whatever the preset, so that the rows stay where they are.
        self._about = _short_label()
        self._about.set_properties(wrap=True, lines=2, yalign=0.0)
        self._about.set_size_request(-1, 36)
        self._about.get_style_context().add_class("dim-label")
        self.pack_start(self._about, False, False, 0)
        rows = ParameterRows(config)
        rows.add(settings.parameters["strength"], _("S_trength"))
        outputs = choice(config, "output", list(settings.outputs.items()))
        rows.add_row(_("_Output"), outputs, _(settings.output_help))
        rows.add_row(_("New layer"), self._look(config), _("How a new layer covers the others"))
        seed = Gtk.Box(spacing=6)
        field = Gtk.SpinButton(
            adjustment=adjustment(0, 0, _SEEDS, 1), digits=0, numeric=True, width_chars=11
        )
        config.bind_property("seed", field.get_adjustment(), "value", _BOTH)
        seed.pack_start(field, True, True, 0)
        dice = Gtk.Button.new_from_icon_name("media-playlist-shuffle", Gtk.IconSize.BUTTON)
        dice.set_label(_("Ne_w Seed"))
        dice.set_use_underline(True)
        dice.set_always_show_image(True)
        dice.set_tooltip_text(_("Another seed, another result"))
        dice.connect("clicked", lambda _: self._another_seed())
        seed.pack_start(dice, False, False, 0)
        rows.add_row(_("S_eed"), seed, _(settings.parameters["seed"].help))
        self.pack_start(rows, False, False, 0)

    def show_preset(self, title, about, source):
        """Name the chosen preset."""
        self._title.set_markup(f"<big><b>{GLib.markup_escape_text(title)}</b></big>")
        self._about.set_text(about)
        # Where it does not fit, or tells where the preset was published.
        self._about.set_tooltip_text("\n".join(filter(None, [about, source])))

    def _look(self, config):
        """Opacity and mode of a new layer; insensitive where there will be none."""
        opacity = Gtk.SpinButton(
            adjustment=adjustment(100, 0, 100, 1), digits=0, numeric=True, width_chars=4
        )
        opacity.set_tooltip_text(_("Opacity in per cent"))
        config.bind_property("opacity", opacity.get_adjustment(), "value", _BOTH)
        mode = choice(config, "mode", list(MODES.items()))
        mode.set_tooltip_text(_("Mode; the preview shows it as Normal"))
        row = Gtk.Box(spacing=6)
        row.pack_start(opacity, False, False, 0)
        row.pack_start(mode, True, True, 0)

        def adapt(*_):
            row.set_sensitive(config.get_property("output") in LAYERED)

        config.connect("notify::output", adapt)
        adapt()
        return row

    def _another_seed(self):
        self._config.set_property("seed", GLib.random_int_range(0, _SEEDS))


def _short_label():
    """A line that ends in dots instead of setting the dialog's width."""
    return Gtk.Label(xalign=0.0, ellipsize=Pango.EllipsizeMode.END, max_width_chars=30)
