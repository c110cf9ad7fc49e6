"""The dialog of Style Transfer: a preview at the left, style pictures and settings at the right."""

from gi.repository import GimpUi, GLib, Gtk
from messages import RefusedError, shown
from settings import CUSTOM, OUTPUTS, STYLE_MAIN, SettingError
from translation import _
from wording import plain
from worker_client import Worker

from gimp3.dialog import words as dialog_words
from gimp3.dialog.layer_source import LayerSource
from gimp3.dialog.parameter_rows import ParameterRows, choice
from gimp3.dialog.picture import Placed, pixbuf, with_alpha
from gimp3.dialog.plan import Part
from gimp3.dialog.preview_pane import PreviewPane
from gimp3.dialog.previews import PreviewMaker
from gimp3.dialog.values import Values
from gimp3.style import pictures, words
from gimp3.style.picture_list import PictureList
from gimp3.style.preview_plan import SIDE, STYLE_SIDE, recipe_for
from gimp3.style.styling import told

_DELAY = 400
"""Milliseconds without a change before a preview starts."""

_WIDTH, _HEIGHT = 1100, 640


def ask(procedure, config, settings, folder, drawables):
    """Let the painter choose; whether they agreed, and an idle worker or None."""
    window = Window(procedure, config, settings, folder, drawables)
    agreed = window.run()
    return agreed, window.end(agreed)


class Window:
    """The dialog.

    Parameters
    ----------
    procedure, config
        What GIMP runs, and its arguments, which the dialog sets.
    settings : settings.Settings
        The parameters and presets of styles.
    folder : str
        Where the plug-in is installed.
    drawables : list of Gimp.Drawable
        What gets the style.
    """

    def __init__(self, procedure, config, settings, folder, drawables):
        self._config, self._settings, self._networks = config, settings, None
        self._drawable, self._timer, self._names = drawables[0], 0, {}
        self._number = self._describing = None
        self._filling = False
        self._maker = PreviewMaker(lambda: Worker(folder), self._tell)
        self._maker.warm_up()
        self._values = Values(config, settings, None)
        self._values.apply_named()
        self._source = LayerSource(drawables[0])
        GimpUi.init(procedure.get_name())
        self._build(procedure, len(drawables))
        self._show_preset()
        texts = list(config.get_property("style-pictures") or ())
        self._list.add_all(texts, config.get_property("style-weights") or "")
        config.connect("notify", self._changed)
        self._describing = self._maker.describe(config.get_property("network") or "default")

    def run(self):
        """Show it; whether the painter agreed."""
        return self._window.run()

    def end(self, agreed):
        """Stop the preview; an idle worker for the work itself, or None."""
        self._stop_timer()
        self._number = self._describing = None
        self._list.end()
        self._window.destroy()
        if agreed:
            return self._maker.finish()
        self._maker.abandon()
        return None

    def _build(self, procedure, count):
        window = GimpUi.ProcedureDialog.new(procedure, self._config, _("Style Transfer"))
        self._window = window
        window.set_ok_label(_("_Style"))
        # Help would open GIMP's manual, which has no page for this filter.
        help_ = window.get_widget_for_response(Gtk.ResponseType.HELP)
        if help_ is not None:
            help_.hide()
        source = self._source
        about = dialog_words.chosen(self._drawable.get_name(), source.width, source.height, count)
        self._pane = PreviewPane(source.width, source.height, about, lambda: None)
        self._pane.view.show_base(self._original())
        self._list = PictureList(self._pictures_changed, self._pane.warn)
        side = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=12)
        side.set_size_request(440, -1)
        side.pack_start(self._list, True, True, 0)
        side.pack_start(self._settings_pages(), True, True, 0)
        panes = Gtk.Box(spacing=12, border_width=12)
        panes.pack_start(self._pane, True, True, 0)
        panes.pack_start(side, False, False, 0)
        panes.show_all()
        window.get_content_area().pack_start(panes, True, True, 0)
        buttons = window.get_action_area()
        for child in window.get_content_area().get_children():
            # GIMP's row with one place to save settings: it would not know the pictures.
            if child is not panes and child is not buttons and not buttons.is_ancestor(child):
                child.set_no_show_all(True)
                child.hide()
        window.set_default_size(_WIDTH, _HEIGHT)

    def _settings_pages(self):
        parameters = self._settings.parameters
        self._preset = Gtk.ComboBoxText()
        self._preset.connect("changed", self._preset_chosen)
        rows = ParameterRows(self._config, border_width=12)
        rows.add_row(_("_Preset"), self._preset, _("Settings that belong together"))
        for name in STYLE_MAIN[1:]:
            rows.add(parameters[name])
        rows.add_row(_("_Output"), choice(self._config, "output", list(OUTPUTS.items())), "")
        advanced = ParameterRows(self._config, border_width=12)
        for name, parameter in parameters.items():
            if name == "network" or name not in STYLE_MAIN:
                advanced.add(parameter)
        providers = [(name, name) for name in self._settings.providers]
        advanced.add_row(_("Provider"), choice(self._config, "provider", providers), "")
        pages = Gtk.Notebook()
        for title, page in ((_("Settings"), rows), (_("Advanced"), advanced)):
            scrolled = Gtk.ScrolledWindow(
                hscrollbar_policy=Gtk.PolicyType.NEVER, overlay_scrolling=False
            )
            scrolled.set_size_request(-1, 230)
            scrolled.add(page)
            pages.append_page(scrolled, Gtk.Label(label=title))
        return pages

    def _show_preset(self):
        """List the presets, and show the one that has these values."""
        self._filling = True
        self._preset.remove_all()
        for name in self._settings.presets:
            self._preset.append(name, self._settings.shown_title(name))
        self._preset.append(CUSTOM, dialog_words.CUSTOM)
        self._preset.set_active_id(self._values.fitting())
        # All values are set, so the preset's name must not change them again.
        self._config.set_property("preset", CUSTOM)
        self._filling = False

    def _preset_chosen(self, combo):
        name = combo.get_active_id()
        if self._filling or name not in self._settings.presets:
            return
        network = self._settings.needs(name, self._networks)
        if network:
            title = self._settings.shown_title(name)
            sentence = words.NETWORK_MISSING.format(preset=title, network=network)
            self._show_preset()
            self._pane.warn(shown(sentence))
            return
        self._filling = True
        self._values.choose(name)
        self._filling = False
        self._settle()

    def _changed(self, _config, spec):
        if self._filling or spec.name in ("preset", "style-pictures", "style-weights"):
            return
        self._show_preset()
        if spec.name not in ("output", "provider", "opacity", "mode", "mask-from"):
            self._settle()

    def _pictures_changed(self):
        self._config.set_property("style-pictures", self._list.texts())
        weights = ", ".join(f"{style.weight:g}" for style in self._list.styles())
        self._config.set_property("style-weights", weights)
        self._window.set_response_sensitive(Gtk.ResponseType.OK, bool(self._list.texts()))
        self._settle()

    def _settle(self):
        self._stop_timer()
        self._timer = GLib.timeout_add(_DELAY, self._begin)

    def _stop_timer(self):
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0

    def _begin(self):
        """Ask for a preview of what is set."""
        self._timer = 0
        styles = self._list.styles()
        if not self._source.is_there():
            self._fail(dialog_words.GONE)
            return False
        try:
            recipe = self._settings.recipe(CUSTOM, self._values.now())
            if not styles:
                raise RefusedError(words.ADD_ONE)
            if not any(style.weight for style in styles):
                raise RefusedError(words.ALL_ZERO)
            if not all(style.is_there() for style in styles):
                raise RefusedError(words.GONE)
        except (SettingError, RefusedError) as error:
            self._fail(str(error))
            return False
        pixels, mask = self._read(), b""
        if pixels.selection is not None:
            mask = pixels.selection
        request = {
            "width": pixels.width,
            "height": pixels.height,
            "pixels": "uint8",
            "mask": bool(mask),
            "bytes": len(pixels.rgba) + len(mask),
            "preview": SIDE,
            "recipe": recipe_for(recipe, max(self._source.width, self._source.height)),
            "provider": self._config.get_property("provider"),
        }
        made = pictures.sent(styles, request, [pixels.rgba, mask], self._drawable, STYLE_SIDE)
        request, payload, self._names = made
        self._number = self._maker.preview(request, list(payload))
        self._pane.say(dialog_words.LOADING, 0.0)
        return False

    def _part(self):
        width, height = self._source.width, self._source.height
        return Part(0, 0, width, height, min(1.0, SIDE / max(width, height)))

    def _read(self):
        return self._source.read(self._part())

    def _original(self):
        pixels = self._read()
        return self._place(pixels.width, pixels.height, pixels.rgba)

    def _place(self, width, height, rgba):
        picture = pixbuf(width, height, self._source.for_screen(width, height, rgba))
        return Placed(picture, 0, 0, self._source.width, self._source.height)

    def _fail(self, sentence):
        self._number = None
        self._pane.view.show_dream(None)
        self._pane.warn(sentence[:1].upper() + sentence[1:])

    def _tell(self, *news):
        """Called on another thread; GTK may be used on the main one only."""
        GLib.idle_add(self._hear, *news)

    def _hear(self, kind, number, news):
        if number is None or number not in (self._number, self._describing):
            return False
        if kind == "described":
            self._networks = set(news["networks"])
            self._settings.take_own(news)
            self._show_preset()
        elif number == self._number and not self._source.is_there():
            self._fail(dialog_words.GONE)
        elif kind == "preview":
            header, rgb = news
            pixels = self._read()
            if (header["width"], header["height"]) == (pixels.width, pixels.height):
                rgba = with_alpha(rgb, pixels.rgba[3::4])
                self._pane.view.show_dream(self._place(pixels.width, pixels.height, bytes(rgba)))
        elif kind == "progress" and news["stage"] != "loading":
            self._pane.say(words.PREVIEWING.format(**news), news["fraction"])
        elif kind == "done":
            if news["provider"] == "none":
                # At strength 0 there is no preview, and the one before is of former settings.
                self._pane.view.show_dream(None)
            self._pane.say(words.PREVIEWED, 1.0)
        elif kind == "error" and number == self._number:
            self._fail(plain(str(told(news, self._names))))
        return False
