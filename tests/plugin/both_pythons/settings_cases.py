# -*- coding: utf-8 -*-
"""What the plug-ins' list of settings must do, in Python 2.7 and 3 alike.

Each case opens with a sentence of behaviour and raises where that does not hold.
"""

from __future__ import unicode_literals

import os
import shutil
import struct
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_TESTS = os.path.dirname(_HERE)
PLUGIN = os.path.join(os.path.dirname(os.path.dirname(_TESTS)), str("plugin"), str("dreamlayer"))
sys.path.insert(0, PLUGIN)

from settings import CUSTOM, MAIN, OUTPUTS, SettingError, Settings  # noqa: E402

# The folder's own dreamlayer.py would hide the package of that name.
sys.path.remove(PLUGIN)


def _defaults(settings, **changes):
    values = dict((parameter.name, parameter.default) for parameter in settings.parameters.values())
    values.update(changes)
    return values


def _refused(words, call, *arguments):
    """A call must raise a sentence with these words."""
    sentence = ""
    try:
        call(*arguments)
    except SettingError as error:
        sentence = error.args[0]
    for word in words:
        assert word in sentence, "{!r} is not in {!r}".format(word, sentence)


def case_read_from_any_folder(folder):
    """The description is found in a folder whose name has letters beyond ASCII."""
    shutil.copy(os.path.join(PLUGIN, str("description.json")), folder)
    assert list(Settings(folder).parameters) == list(Settings(PLUGIN).parameters)


def case_parameters(_folder):
    """Parameters keep their order, have a title, and their default lies within their limits."""
    settings = Settings(PLUGIN)
    assert list(settings.parameters)[:4] == ["network", "layers", "guide", "octaves"]
    assert set(MAIN) <= set(settings.parameters)
    for parameter in settings.parameters.values():
        assert parameter.kind in ("int", "float", "bool", "text", "layers")
        assert parameter.title[0].isupper()
        assert "_" not in parameter.title
        if parameter.kind in ("int", "float"):
            assert parameter.low <= parameter.default <= parameter.high
        if parameter.choices:
            assert parameter.default in parameter.choices


def case_no_value_is_the_default(_folder):
    """GIMP gives None for a text argument whose default is empty, from its second start on."""
    settings = Settings(PLUGIN)
    values = dict.fromkeys(settings.parameters)
    for preset in (CUSTOM, "eyes"):
        assert settings.recipe(preset, values) == settings.recipe(preset, _defaults(settings))


def case_what_editors_cannot_hold(_folder):
    """No empty number, and no seed of more than 31 bits."""
    settings = Settings(PLUGIN)
    never = settings.parameters["max_loss"]
    assert (never.default, never.low) == (0.0, -1e9)
    assert "0 for never" in never.help
    assert settings.parameters["seed"].high == 2**31 - 1


def case_presets(_folder):
    """The default comes first, what needs another network last; each sets every parameter."""
    settings = Settings(PLUGIN)
    shipped = ("default", "mobilenet_v2_block13", "inception_v3_mixed5")
    ready = [one["recipe"]["network"] in shipped for one in settings.presets.values()]
    assert next(iter(settings.presets)) == "default"
    assert ready == sorted(ready, reverse=True)
    assert CUSTOM not in settings.presets
    for name in settings.presets:
        assert set(settings.preset_values(name)) == set(settings.parameters)
    assert settings.preset_values("default") == _defaults(settings)


def case_custom_takes_all_values(_folder):
    """With the preset custom the recipe has every value as it is set."""
    settings = Settings(PLUGIN)
    values = _defaults(settings, steps=3, layers="mixed1:2", clip=False, max_loss=5.5)
    assert settings.recipe(CUSTOM, values) == values


def case_preset_with_changes(_folder):
    """A preset counts but for the values that are not at their default."""
    settings = Settings(PLUGIN)
    eyes = settings.presets["eyes"]["recipe"]
    assert settings.recipe("eyes", _defaults(settings)) == eyes
    changed = settings.recipe("eyes", _defaults(settings, steps=3, clip=False))
    assert changed == dict(eyes, steps=3, clip=False)
    assert settings.presets["eyes"]["recipe"] == eyes


def case_never_is_left_out(_folder):
    """An objective of 0 to stop at is none, whatever the preset."""
    settings = Settings(PLUGIN)
    for preset in (CUSTOM, "default"):
        assert "max_loss" not in settings.recipe(preset, _defaults(settings, max_loss=0.0))
        assert settings.recipe(preset, _defaults(settings, max_loss=2.0))["max_loss"] == 2.0


def case_single_precision(_folder):
    """Digits that single precision adds are taken off: the value is still the default."""
    settings = Settings(PLUGIN)
    (single,) = struct.unpack(str("f"), struct.pack(str("f"), 0.007))
    assert single != 0.007
    values = _defaults(settings, step_size=single)
    assert settings.recipe(CUSTOM, values)["step_size"] == 0.007
    assert settings.recipe("eyes", values) == settings.presets["eyes"]["recipe"]


def case_values_out_of_range(_folder):
    """A value that is not allowed is answered with the parameter, the limits and the value."""
    settings = Settings(PLUGIN)
    for name, value, words in (
        ("steps", -1, ["steps", "0", "100000", "-1"]),
        ("octaves", 33, ["octaves", "32", "33"]),
        ("strength", 1.5, ["strength", "1.0", "1.5"]),
        ("strength", float("nan"), ["strength", "nan"]),
        ("step_size", float("inf"), ["step_size", "inf"]),
        ("seed", 2**31, ["seed", "2147483648"]),
        ("normalize", "mädian", ["normalize", "mädian", "mean, std, none"]),
    ):
        _refused(words, settings.recipe, CUSTOM, _defaults(settings, **{str(name): value}))


def case_check(_folder):
    """An unknown preset, provider or output is answered with those there are."""
    settings = Settings(PLUGIN)
    for preset in list(settings.presets) + [CUSTOM]:
        for provider in settings.providers:
            for output in OUTPUTS:
                settings.check(preset, provider, output)
    _refused(["preset", "ügly", "eyes", CUSTOM], settings.check, "ügly", "auto", "in-place")
    _refused(["provider", "gpu9", "cpu"], settings.check, CUSTOM, "gpu9", "in-place")
    _refused(["output", "nowhere", "new-layer"], settings.check, CUSTOM, "auto", "nowhere")


def case_values_in_a_recipe(_folder):
    """A recipe of the worker's gives a value for each parameter, its layers as text."""
    settings = Settings(PLUGIN)
    layers = [
        {"layer": "mixed3", "weight": 1.0, "channels": [], "kind": "squares"},
        {"layer": "mixed4", "weight": -0.5, "channels": [3, 7], "kind": "mean"},
        {"layer": "mixed5", "weight": 1, "channels": [], "kind": "mean"},
        {"layer": "dünn", "weight": 1e-05},
        "mixed6:2",
    ]
    values = settings.values_in({"layers": layers, "steps": 3, "max_loss": None, "more": 1})
    listed = "mixed3, mixed4:-0.5:3+7:mean, mixed5:1.0::mean, dünn:1e-05, mixed6:2"
    assert values == _defaults(settings, layers=listed, steps=3)


def case_values_in_a_recipe_of_version_0_1(_folder):
    """Parameters that were renamed since are found by their former names."""
    settings = Settings(PLUGIN)
    former = {
        "smallest": 64,
        "working_side": 900,
        "normalise": "std",
        "normalise_tiles": "std",
        "floor": 0.5,
        "smoothing_colours": True,
        "roll": "32",
    }
    today = dict(
        (parameter.name, former[parameter.was])
        for parameter in settings.parameters.values()
        if parameter.was
    )
    assert len(today) == len(former)
    assert settings.values_in(former) == _defaults(settings, **today)
    assert settings.values_in(dict(former, jitter="none"))["jitter"] == "none"
