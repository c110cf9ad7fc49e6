"""The left side of the dialog: the preview, its tools, and how far it is."""

from editor.translation import _
from gi.repository import Gtk

from gimp3.dialog.preview_view import PreviewView


class PreviewPane(Gtk.Box):
    """The picture, buttons to look at it, a progress bar and a text.

    Parameters
    ----------
    width, height : int
        The size of the whole picture in pixels.
    about : str
        What is previewed, as a text.
    moved : callable
        Called when another part is seen.

    Attributes
    ----------
    view : PreviewView
        The picture.
    """

    def __init__(self, width, height, about, moved):
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._told = moved
        self.view = PreviewView(width, height, self._moved)
        self.view.set_size_request(360, 240)
        frame = Gtk.Frame(shadow_type=Gtk.ShadowType.IN)
        frame.add(self.view)
        self.pack_start(frame, True, True, 0)
        self.pack_start(self._tools(), False, False, 0)
        self._bar = Gtk.ProgressBar(valign=Gtk.Align.CENTER)
        self.pack_start(self._bar, False, False, 0)
        row = Gtk.Box(spacing=6)
        self._sign = Gtk.Image.new_from_icon_name("dialog-warning", Gtk.IconSize.MENU)
        self._sign.set_no_show_all(True)
        row.pack_start(self._sign, False, False, 0)
        # Two lines, whatever is said, so that the preview keeps its size.
        self._words = Gtk.Label(wrap=True, xalign=0.0, yalign=0.0, lines=2, max_width_chars=40)
        self._words.set_size_request(-1, 36)
        row.pack_start(self._words, True, True, 0)
        about_label = Gtk.Label(label=about, xalign=1.0, yalign=0.0, wrap=True, max_width_chars=40)
        about_label.get_style_context().add_class("dim-label")
        row.pack_end(about_label, False, False, 0)
        self.pack_start(row, False, False, 0)

    def say(self, text, fraction):
        """Set the text below the picture, and the progress, 0..1."""
        self._sign.hide()
        self._words.set_text(text)
        self._bar.set_fraction(fraction)

    def warn(self, text):
        """Say why something cannot be done."""
        self.say(text, 0.0)
        self._sign.show()

    def press(self, key, pressed):
        """Do what a key stands for; whether it stands for something."""
        view = self.view
        if key == "o":
            view.hold_original(pressed)
            return True
        actions = {
            "s": lambda: self._split.set_active(not self._split.get_active()),
            "plus": lambda: view.zoom(lambda port: port.zoom_in()),
            "minus": lambda: view.zoom(lambda port: port.zoom_out()),
            "0": lambda: view.zoom(lambda port: port.fit()),
            "1": lambda: view.zoom(lambda port: port.zoom_to(1.0)),
        }
        actions.update({"equal": actions["plus"], "KP_Add": actions["plus"]})
        actions["KP_Subtract"] = actions["minus"]
        if key not in actions:
            return False
        if pressed:
            actions[key]()
        return True

    def _tools(self):
        row = Gtk.Box(spacing=6)
        zooms = Gtk.Box()
        zooms.get_style_context().add_class("linked")
        for icon, tip, how in (
            ("zoom-fit-best", _("Show the whole picture (0)"), lambda port: port.fit()),
            ("zoom-original", _("Show each pixel as one on the screen (1)"), _one_to_one),
            ("zoom-out", _("Zoom out (−, or the wheel)"), lambda port: port.zoom_out()),
            ("zoom-in", _("Zoom in (+, or the wheel)"), lambda port: port.zoom_in()),
        ):
            button = Gtk.Button.new_from_icon_name(icon, Gtk.IconSize.BUTTON)
            button.set_tooltip_text(tip)
            button.connect("clicked", lambda _, how=how: self.view.zoom(how))
            zooms.pack_start(button, False, False, 0)
        row.pack_start(zooms, False, False, 0)
        self._percent = Gtk.Label(width_chars=6, xalign=0.0)
        row.pack_start(self._percent, False, False, 0)
        self._split = Gtk.ToggleButton(label=_("Split _View"), use_underline=True)
        self._split.set_tooltip_text(
            _("The original at the left of a line that can be dragged, the result to the right (S)")
        )
        self._split.connect("toggled", lambda button: self.view.set_split(button.get_active()))
        row.pack_end(self._split, False, False, 0)
        original = Gtk.Button(label=_("Ori_ginal"), use_underline=True)
        original.set_tooltip_text(_("Shows the original as long as it is pressed (hold O)"))
        original.connect("pressed", lambda _: self.view.hold_original(True))
        original.connect("released", lambda _: self.view.hold_original(False))
        row.pack_end(original, False, False, 0)
        return row

    def _moved(self):
        self._percent.set_text(f"{self.view.viewport.percent()} %")
        self._told()


def _one_to_one(port):
    port.zoom_to(1.0)
