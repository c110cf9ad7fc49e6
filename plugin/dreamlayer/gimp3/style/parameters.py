"""The settings of Style Transfer: the parameters and presets of a style's recipe."""

from settings import Settings
from translation import N_

DEFAULT = "like-style"
"""The preset whose values are the defaults; its network comes with dreamlayer."""

MAIN = ("content_weight", "style_scale", "size", "keep_colors", "enlarge", "rounds")
"""Parameters that are always visible."""

_TITLES = {
    "network": N_("Network"),
    "content_layers": N_("Layers for content"),
    "style_layers": N_("Layers for style"),
    "measure": N_("Compare"),
    "content_weight": N_("Keep the content"),
    "style_weight": N_("Weight of the style"),
    "variation_weight": N_("Smoothness"),
    "exponent": N_("Exponent of smoothness"),
    "rounds": N_("Rounds"),
    "evaluations": N_("Steps per round"),
    "taper": N_("Fewer steps at larger sizes"),
    "size": N_("Work at size"),
    "square": N_("Square"),
    "octaves": N_("Octaves"),
    "min_octave_side": N_("Smallest octave"),
    "tile": N_("Tile"),
    "overlap": N_("Tile overlap"),
    "style_scale": N_("Size of strokes"),
    "start": N_("Start from"),
    "spectrum": N_("Against grain"),
    "jitter": N_("Random shift"),
    "keep_colors": N_("Keep the picture's colors"),
    "resample": N_("Interpolation"),
    "enlarge": N_("Enlarge"),
    "strength": N_("Strength"),
    "seed": N_("Seed"),
}


class StyleSettings(Settings):
    """All parameters and presets of styles.

    Parameters
    ----------
    folder : str
        Where description.json lies.
    """

    def __init__(self, folder):
        super().__init__(folder, "style")
        for name, parameter in self.parameters.items():
            title = _TITLES.get(name, parameter.title)
            self.parameters[name] = parameter._replace(title=title)

    def take_own(self, described):
        """As `settings.Settings.take_own`, of styles."""
        super().take_own(dict(described, presets=described["style"]["presets"]))
