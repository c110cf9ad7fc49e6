# -*- coding: utf-8 -*-
"""The arguments of the filter in GIMP 2.10, made from the recipe's parameters."""

from __future__ import unicode_literals

import gimpfu
from settings import CHOSEN, CUSTOM, MAIN, OUTPUTS, SettingError, choices_of


def arguments(settings):
    """The arguments: name, gimpfu's declaration, and a function from gimpfu's value to ours.

    Advanced parameters come from the presets only: gimpfu's dialog shows a row for each argument
    and does not scroll.
    """
    presets = [
        (name, "{} ▸ {}".format(title, settings.preset_label(name)))
        for title, names in settings.groups()
        for name in names
    ]
    declared = [_option("preset", "_Preset", presets + [(CUSTOM, "custom: as set below")], CUSTOM)]
    order = list(MAIN)
    order += [
        n
        for n, parameter in settings.parameters.items()
        if n not in MAIN and not parameter.advanced
    ]
    declared.extend(_parameter(settings.parameters[name]) for name in order)
    providers = [(name, name) for name in settings.providers]
    declared.append(_option("provider", "Provider", providers, settings.providers[0]))
    declared.append(_option("output", "_Output", list(OUTPUTS.items()), CHOSEN["output"]))
    return declared


def _option(name, title, choices, default):
    """A choice, which gimpfu passes as a number."""
    names = [choice for choice, _ in choices]
    listed = ", ".join("{} {}".format(number, choice) for number, choice in enumerate(names))

    def read(number):
        if not 0 <= number < len(names):
            raise SettingError("{} {} is not known; use one of {}".format(name, number, listed))
        return names[number]

    labels = [to_gimp(label) for _, label in choices]
    default = names.index(default)
    return name, (gimpfu.PF_OPTION, _argument(name), to_gimp(title), default, labels), read


def _parameter(parameter):
    """A parameter of the recipe as an argument."""
    if parameter.choices:
        return _option(parameter.name, parameter.title, choices_of(parameter), parameter.default)
    title, default, limits = parameter.title, parameter.default, ()
    if parameter.kind == "bool":
        kind, read = gimpfu.PF_TOGGLE, bool
    elif parameter.kind == "int":
        kind, read, limits = gimpfu.PF_SPINNER, _whole, ((parameter.low, parameter.high, 1),)
        title += " (0 for auto)" if parameter.auto else ""
    elif parameter.kind == "float":
        # A text field: a slider is too coarse, and a spinner rounds the values of scripts.
        kind, read = gimpfu.PF_FLOAT, float
        title += " (0 for never)" if parameter.name == "max_loss" else _range(parameter)
    else:
        kind, read, default = gimpfu.PF_STRING, from_gimp, to_gimp(default)
    return parameter.name, (kind, _argument(parameter.name), to_gimp(title), default) + limits, read


def _range(parameter):
    return " ({:g} to {:g})".format(parameter.low, parameter.high)


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
