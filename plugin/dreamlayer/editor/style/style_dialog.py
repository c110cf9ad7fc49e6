"""What Style Transfer's dialog has beside that of every filter: a list of style pictures."""

from ..choices import CUSTOM
from ..dialog.filter_dialog import FilterDialog, Texts
from ..dialog.placing import placing
from ..messages import STYLE, shown
from ..settings import SettingError
from ..translation import _
from . import words
from .kept_pictures import fits, kept, of_preset
from .preview import StylePreview, Wanted
from .sending import named


class StyleDialog(FilterDialog):
    """The dialog of Style Transfer, but for its widgets; `side.pictures` is the list."""

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
        return StylePreview(source, maker, self._wanted, self.screen)

    def on_built(self):
        """Add the style pictures that the arguments name."""
        self.side.pictures.add_all(*named(self.config))
        if not self.is_ready():
            # Nothing was added, of which the list would tell.
            self.take_pictures()

    def on_changed(self, name):
        """Show other pictures where they are set together, as by GIMP's button Reset."""
        if name in ("style-pictures", "style-weights"):
            # Once both are set.
            self.screen.call_soon(self._show_named)

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

    def now(self):
        """What is set, as a preset keeps it."""
        recipe = self.settings.recipe(CUSTOM, self.values.now())
        return dict(recipe, **kept(*self._listed()))

    def take_pictures(self):
        """Take over the list of style pictures, which has changed."""
        if self.is_ready():
            self._why_empty = None
        with self.quietly():
            self.config.set_property("style-pictures", self.side.pictures.texts())
            self.config.set_property("style-weights", self._weights())
        self.show_preset()
        self.update_buttons()
        self.live.settle()

    def warn(self, sentence, later):
        """Say why a picture cannot be used; also after a preview, where one begins meanwhile."""
        self.pane.warn(shown(sentence))
        if not self.is_ready():
            self._why_empty = shown(sentence)
        elif later:
            self.live.say_next(shown(sentence))

    def _wanted(self):
        """What is set, for the preview."""
        recipe = self.settings.recipe(CUSTOM, self.values.now())
        styles, texts = self.side.pictures.styles(), self.side.pictures.texts()
        if not styles:
            raise SettingError(self._why_empty or words.ADD_ONE)
        if not any(style.weight for style in styles):
            raise SettingError(words.ALL_ZERO)
        if not all(self.side.pictures.are_there()):
            raise SettingError(words.GONE)
        counted = tuple((text, style.weight) for text, style in zip(texts, styles))
        return Wanted(recipe, *placing(self.config), counted, styles)

    def _listed(self):
        """The style pictures as the arguments name them, and their weights."""
        pictures = self.side.pictures
        return pictures.texts(), [style.weight for style in pictures.styles()]

    def _show_named(self):
        texts, weights = named(self.config)
        if texts != self.side.pictures.texts() or weights != self._weights():
            self.side.pictures.replace(texts, weights)

    def _weights(self):
        """What each picture counts, as text."""
        return ", ".join(f"{style.weight:g}" for style in self.side.pictures.styles())
