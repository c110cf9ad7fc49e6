# -*- coding: utf-8 -*-
"""The arguments of the filter in GIMP 2.10, made from the recipe's parameters."""

from __future__ import unicode_literals

import gimpfu
from editor.choices import CHOSEN, CUSTOM, MAIN, OUTPUTS
from editor.settings import SettingError, choices_of
from editor.translation import _


def arguments(settings):
    """The arguments: name, gimpfu's declaration, and a function from gimpfu's value to ours.

    Advanced parameters come from the presets only: gimpfu's dialog shows a row for each argument
    and does not scroll.
    """
    presets = [
        (name, "{} ▸ {}".format(_(title), settings.preset_label(name)))
        for title, names in settings.groups()
        for name in names
    ]
    presets.append((CUSTOM, _("custom: as set below")))
    declared = [_option("preset", _("_Preset"), presets, CUSTOM)]
    order = list(MAIN)
    order += [
        n
        for n, parameter in settings.parameters.items()
        if n not in MAIN and not parameter.advanced
    ]
    declared.extend(_parameter(settings.parameters[name]) for name in order)
    providers = [(name, name) for name in settings.providers]
    declared.append(_option("provider", _("Provider"), providers, settings.providers[0]))
    outputs = _translated(OUTPUTS.items())
    declared.append(_option("output", _("_Output"), outputs, CHOSEN["output"]))
    return declared


def _translated(choices):
    """Pairs of a value and its title, in the painter's language."""
    return [(value, _(title)) for value, title in choices]


def _option(name, title, choices, default):
    """A choice, which gimpfu passes as a number."""
    # A loop over `_` would hide the function in Python 2.
    names = [choice for choice, _label in choices]
    listed = ", ".join("{} {}".format(number, choice) for number, choice in enumerate(names))

    def read(number):
        if not 0 <= number < len(names):
            raise SettingError(
                _("{name} {number} is not known; use one of {allowed}").format(
                    name=name, number=number, allowed=listed
                )
            )
        return names[number]

    labels = [to_gimp(label) for _choice, label in choices]
    default = names.index(default)
    return name, (gimpfu.PF_OPTION, _argument(name), to_gimp(title), default, labels), read


def _parameter(parameter):
    """A parameter of the recipe as an argument."""
    if parameter.choices:
        choices = _translated(choices_of(parameter))
        return _option(parameter.name, _(parameter.title), choices, parameter.default)
    title, default, limits = _(parameter.title), parameter.default, ()
    if parameter.kind == "bool":
        kind, read = gimpfu.PF_TOGGLE, bool
    elif parameter.kind == "int":
        kind, read, limits = gimpfu.PF_SPINNER, _whole, ((parameter.low, parameter.high, 1),)
        title = _("{title} (0 for auto)").format(title=title) if parameter.auto else title
    elif parameter.kind == "float":
        # A text field: a slider is too coarse, and a spinner rounds the values of scripts.
        kind, read = gimpfu.PF_FLOAT, float
        never = parameter.name == "max_loss"
        text = _("{title} (0 for never)") if never else _("{title} ({low} to {high})")
        low, high = ("{:g}".format(limit) for limit in (parameter.low, parameter.high))
        title = text.format(title=title, low=low, high=high)
    else:
        kind, read, default = gimpfu.PF_STRING, from_gimp, to_gimp(default)
    return parameter.name, (kind, _argument(parameter.name), to_gimp(title), default) + limits, read


def _argument(name):
    return to_gimp(name.replace("_", "-"))


def _whole(number):
    """The whole number that the dialog gives as a float."""
    return int(round(number))


def to_gimp(text):
    """Text as GIMP 2.10 takes it: UTF-8 bytes."""
    return text.encode("utf-8")


def from_gimp(raw):
    """Text from GIMP, which gives None where it is empty."""
    return (raw or b"").decode("utf-8", "replace")
