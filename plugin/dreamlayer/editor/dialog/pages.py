"""Which settings are on which page of the dialogs, and what is said of the preset that is set."""

from ..translation import _
from . import words
from .catalog import AS_BEFORE

ALWAYS = ("strength", "seed")
"""Parameters above the pages, which are on none of them."""

DREAM_MAIN = (
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
"""Parameters of Deep Dream on the page Settings; all others are under Advanced."""

PROVIDER_HELP = _("the hardware to compute on; auto takes the fastest that loads")


def advanced(settings, main):
    """The parameters that are neither above the pages nor among those of the page Settings.

    Those that mostly come with a preset are last.
    """
    rarer = [p for n, p in settings.parameters.items() if n not in (*main, *ALWAYS)]
    return sorted(rarer, key=lambda parameter: parameter.advanced)


def names_for(settings, networks, layers):
    """What the lists of text parameters offer, by the parameter's name."""
    names = {"network": networks}
    for name, parameter in settings.parameters.items():
        if parameter.kind == "layers":
            names[name] = layers
    return names


def about_preset(settings, name):
    """A preset's title, a sentence about it, and where it was published; "" where it was not."""
    preset = settings.presets.get(name)
    if preset is not None:
        return settings.shown_title(name), settings.shown_description(name), preset["source"]
    if name == AS_BEFORE:
        return words.BEFORE, words.BEFORE_ABOUT, ""
    return words.CUSTOM, words.CUSTOM_ABOUT, ""
