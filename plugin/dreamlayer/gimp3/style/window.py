"""The window of Style Transfer: what is different from that of other filters."""

from gi.repository import GLib
from messages import STYLE, shown
from settings import CUSTOM, SettingError
from translation import _

from gimp3.dialog.filter_window import FilterWindow, Texts
from gimp3.dialog.placing import placing
from gimp3.style import words
from gimp3.style.kept_pictures import fits, kept, of_preset
from gimp3.style.preview import StylePreview, Wanted
from gimp3.style.side import StyleSide
from gimp3.style.styling import named


class StyleWindow(FilterWindow):
    """The dialog; with a list of style pictures."""

    work = STYLE
    texts = Texts(
        _("_Style"),
        _("Gives the layer the style, and leaves this window open"),
        words.APPLYING,
        words.FAILED,
    )

    _why_empty = None  # Why no picture is in the list, where that is known.

    def make_preview(self, source, maker):
        """It begins once there are style pictures."""
        return StylePreview(source, maker, self._wanted)

    def make_side(self, choose, picture, changed):
        """With the list of style pictures."""
        return StyleSide(
            self.config,
            self.settings,
            choose,
            self._now,
            picture,
            changed,
            self._take_pictures,
            self._warn,
        )

    def on_built(self):
        """Add the style pictures that the arguments name."""
        self.side.pictures.add_all(*named(self.config))
        if not self.is_ready():
            # Nothing was added, of which the list would tell.
            self._take_pictures()

    def on_changed(self, name):
        """Show other pictures after GIMP's button Reset."""
        if name in ("style-pictures", "style-weights"):
            # Once both are set.
            GLib.idle_add(self._show_named)

    def on_saved(self):
        """Tell where the preset is without the pictures, also after a preview that is made."""
        texts, weights = self._listed()
        if texts and not kept(texts, weights):
            self.pane.warn(words.SETTINGS_ONLY)
            self.live.say_next(words.SETTINGS_ONLY)

    def on_end(self):
        """Close what was opened for the list."""
        if self.side is not None:
            self.side.pictures.end()

    def is_ready(self):
        """Whether there is a style picture."""
        return bool(self.side.pictures.texts())

    def has_kept(self, name):
        """Whether the pictures that a preset keeps are in the list, with its weights."""
        return fits(self.settings.presets.get(name, {}), *self._listed())

    def choose(self, name):
        """Take over a preset's values, and its pictures where it keeps some."""
        texts, weights = of_preset(self.settings.presets.get(name, {}))
        self._why_empty = None
        super().choose(name)
        if texts:
            self.side.pictures.replace(texts, weights)

    def _wanted(self):
        """What is set, for the preview."""
        recipe = self.settings.recipe(CUSTOM, self.values.now())
        styles, texts = self.side.pictures.styles(), self.side.pictures.texts()
        if not styles:
            raise SettingError(self._why_empty or words.ADD_ONE)
        if not any(style.weight for style in styles):
            raise SettingError(words.ALL_ZERO)
        if not all(style.is_there() for style in styles):
            raise SettingError(words.GONE)
        counted = tuple((text, style.weight) for text, style in zip(texts, styles))
        return Wanted(recipe, *placing(self.config), counted, styles)

    def _now(self):
        """What is set, as a preset keeps it."""
        recipe = self.settings.recipe(CUSTOM, self.values.now())
        return dict(recipe, **kept(*self._listed()))

    def _listed(self):
        """The style pictures as the arguments name them, and their weights."""
        pictures = self.side.pictures
        return pictures.texts(), [style.weight for style in pictures.styles()]

    def _show_named(self):
        texts, weights = named(self.config)
        if texts != self.side.pictures.texts() or weights != self._weights():
            self.side.pictures.replace(texts, weights)
        return False

    def _weights(self):
        """What each picture counts, as text."""
        return ", ".join(f"{style.weight:g}" for style in self.side.pictures.styles())

    def _take_pictures(self):
        """Take over the list of style pictures, which has changed."""
        if self.is_ready():
            self._why_empty = None
        with self.quietly():
            self.config.set_property("style-pictures", self.side.pictures.texts())
            self.config.set_property("style-weights", self._weights())
        self._show_preset()
        self.update_buttons()
        self.live.settle()

    def _warn(self, sentence, later):
        """Say why a picture cannot be used; also after a preview, where one begins meanwhile."""
        self.pane.warn(shown(sentence))
        if not self.is_ready():
            self._why_empty = shown(sentence)
        elif later:
            self.live.say_next(shown(sentence))
