# -*- coding: utf-8 -*-
"""What the plug-ins' list of settings must do, in Python 2.7 and 3 alike.

Each case opens with a sentence of behaviour and raises where that does not hold.
"""

from __future__ import unicode_literals

import io
import os
import shutil
import struct
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_TESTS = os.path.dirname(_HERE)
PLUGIN = os.path.join(os.path.dirname(os.path.dirname(_TESTS)), str("plugin"), str("dreamlayer"))
sys.path.insert(0, PLUGIN)

from editor.choices import CUSTOM, MAIN, OUTPUTS, STYLE_MAIN  # noqa: E402
from editor.settings import (  # noqa: E402
    DREAM,
    PUBLISHED_ELSEWHERE,
    STYLE,
    SettingError,
    Settings,
    choices_of,
)

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
    default = settings.parameters["step_size"].default
    (single,) = struct.unpack(str("f"), struct.pack(str("f"), default))
    assert single != default
    values = _defaults(settings, step_size=single)
    assert settings.recipe(CUSTOM, values)["step_size"] == default
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


def case_motion(_folder):
    """An animation's values become the keys of a request: per cent a factor, the rest as it is."""
    settings = Settings(PLUGIN)
    values = dict((one.name, one.default) for one in settings.animation.values())
    assert settings.motion(values) == {
        "frames": 24,
        "zoom": 1.02,
        "rotation": 0.0,
        "frame_steps": 2,
    }
    assert settings.motion(dict(values, zoom=-25.0))["zoom"] == 0.75
    for name, value, words in (
        ("frames", 1, ["frames", "2", "2000", "1"]),
        ("zoom", 100.5, ["zoom", "100.0", "100.5"]),
        ("rotation", float("nan"), ["rotation", "nan"]),
        ("frame_steps", -1, ["frame_steps", "-1"]),
        ("frame_time", 9, ["frame_time", "10", "60000", "9"]),
    ):
        _refused(words, settings.motion, dict(values, **{str(name): value}))


def case_outputs(_folder):
    """A dream can become an animation, a style cannot."""
    assert "animation" in Settings(PLUGIN).outputs
    styles = Settings(PLUGIN, STYLE)
    assert list(styles.outputs) == list(OUTPUTS)
    assert not styles.animation
    _refused(["output", "animation", "new-image"], styles.check, CUSTOM, "auto", "animation")


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
    recipe = {"layers": layers, "steps": 3, "colors": "free", "max_loss": None, "more": 1}
    values = settings.values_in(recipe)
    listed = "mixed3, mixed4:-0.5:3+7:mean, mixed5:1.0::mean, dünn:1e-05, mixed6:2"
    assert values == _defaults(settings, layers=listed, steps=3, colors="free")


def case_values_in_a_recipe_of_version_0_1(_folder):
    """Parameters are found by their former names; those that came later stand for what it did."""
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
    meant = _defaults(settings, **_BEFORE)
    assert settings.values_in(former) == dict(meant, **today)
    assert settings.values_in(dict(former, jitter="none"))["jitter"] == "none"


_BEFORE = {
    str("layers"): "mixed3, mixed4, mixed5",
    str("octaves"): 6,
    str("step_size"): 0.007,
    str("colors"): "free",
    str("anchor"): 0.0,
    str("headroom"): 0.0,
    str("normalize"): "mean",
    str("pyramid"): 0,
    str("smoothing"): 0.8,
    str("overlap"): 0,
}
"""What version 0.1 did by default, where that was something else than today."""


STORED_BY_0_1 = {
    "blend": 0.2,
    "blur": 0.0,
    "canvas": 512,
    "clip": True,
    "clip_gradient": 0.0,
    "epsilon": 0.0,
    "floor": 0.0,
    "gaps": False,
    "guide": "",
    "layers": [
        {"channels": [3, 7], "kind": "mean", "layer": "mixed4", "weight": -0.5},
        {"channels": [], "kind": "squares", "layer": "mixed5", "weight": 1.0},
    ],
    "network": "default",
    "noise_high": 0.6,
    "noise_low": 0.4,
    "normalise": "std",
    "normalise_tiles": "none",
    "octave_scale": 1.3,
    "octaves": 4,
    "octaves_above": 0,
    "overlap": 0,
    "precision": "full",
    "pyramid": 0,
    "resample": "bicubic",
    "roll": "32",
    "scheme": "detail",
    "seed": 9,
    "smallest": 0,
    "smoothing": 0.8,
    "smoothing_cascade": False,
    "smoothing_colours": False,
    "smoothing_growth": 0.0,
    "start": "image",
    "step_size": 0.007,
    "steps": 7,
    "strength": 1.0,
    "tile": 512,
    "tiling": "even",
    "weigh_tiles": True,
    "working_side": 0,
}
"""The recipe that version 0.1 stored on a layer after a dream with the preset default, changed."""


def case_recipe_on_a_layer_of_version_0_1(_folder):
    """What version 0.1 stored on a layer is loaded with its own values and what it meant."""
    settings = Settings(PLUGIN)
    values = settings.values_in(STORED_BY_0_1)
    meant = dict(_BEFORE, layers="mixed4:-0.5:3+7:mean, mixed5", steps=7, normalize="std", tile=512)
    meant.update(octaves=4, seed=9, jitter="32")
    assert values == _defaults(settings, **meant)


def case_stored_today(_folder):
    """A recipe of today is loaded as it is, also where its values are those of version 0.1."""
    settings = Settings(PLUGIN)
    assert settings.values_in({"colors": "natural", "roll": "32"})["pyramid"] == 3
    for values in (_defaults(settings), _defaults(settings, **_BEFORE)):
        assert settings.values_in(settings.recipe(CUSTOM, values)) == values


def case_groups_of_presets(_folder):
    """A section each, what needs another network last; each says which network it lacks."""
    settings = Settings(PLUGIN)
    groups = settings.groups()
    assert [title for title, _ in groups] == [
        "Basics",
        "Animals",
        "Plants",
        "Places",
        "Textures",
        "Published",
        PUBLISHED_ELSEWHERE,
    ]
    assert [name for _, names in groups for name in names] == list(settings.presets)
    assert groups[0][1][0] == "default"
    for title, names in groups:
        published = title in ("Published", PUBLISHED_ELSEWHERE)
        assert all(bool(settings.presets[name]["source"]) == published for name in names)
        assert all(bool(settings.needs(name)) == (title == PUBLISHED_ELSEWHERE) for name in names)
    titles = [preset["title"] for preset in settings.presets.values()]
    assert len(set(titles)) == len(titles)
    for name in groups[-1][1]:
        network, title = (settings.presets[name][k] for k in ("recipe", "title"))
        network = network["network"]
        assert settings.needs(name) == settings.needs(name, ["default"]) == network
        assert settings.needs(name, ["default", network]) == ""
        assert settings.preset_label(name).startswith("{} (needs {}): ".format(title, network))
        assert settings.preset_label(name, [network]).startswith(title + ": ")
        assert "{} (needs {})".format(name, network) in settings.presets_listed()


def _own(name):
    recipe = dict(Settings(PLUGIN).presets["fur"]["recipe"], steps=3)
    one = {"title": name, "section": "Your own", "group": "mine", "description": "", "source": ""}
    return dict(one, ships=True, stand_in="", recipe=recipe)


def case_own_presets(_folder):
    """The painter's own come first, can be used, and are replaced by what is described next."""
    settings = Settings(PLUGIN)
    shipped = list(settings.presets)
    assert settings.presets_folder is None
    described = {"presets": {"zoo": _own("zoo"), "Bär": _own("Bär")}, "presets_folder": "/there"}
    described["presets"]["fur"] = settings.presets["fur"]
    settings.take_own(described)
    assert settings.groups()[0] == ("Your own", ["Bär", "zoo"])
    assert settings.groups()[1][1][0] == "default"
    assert settings.presets_folder == "/there"
    assert settings.preset_label("zoo") == "zoo"
    settings.check("zoo", "auto", "in-place")
    assert settings.recipe("zoo", _defaults(settings))["steps"] == 3
    assert settings.preset_problems == []
    settings.take_own({"presets": {name: _own(name) for name in ("Zebra", "éclair", "ant")}})
    assert settings.groups()[0][1] == ["ant", "Zebra", "éclair"]
    settings.take_own({"presets": {"new": _own("new")}, "preset_problems": ["it is damaged"]})
    assert list(settings.presets) == shipped + ["new"]
    assert settings.preset_problems == ["it is damaged"]
    settings.take_own({"presets": {}})
    assert list(settings.presets) == shipped


def case_networks_given_by_path(folder):
    """A preset whose network is a file can be used as long as the file is there."""
    settings = Settings(PLUGIN)
    folder = folder.decode("utf-8") if isinstance(folder, bytes) else folder
    path = os.path.join(folder, "Bär.onnx")
    one = _own("zoo")
    one = dict(one, ships=False, recipe=dict(one["recipe"], network=path))
    settings.take_own({"presets": {"zoo": one}})
    assert settings.needs("zoo") == settings.needs("zoo", ["default"]) == path
    io.open(path if sys.version_info[0] == 3 else path.encode("utf-8"), "w").close()
    assert settings.needs("zoo") == settings.needs("zoo", ["default"]) == ""


def case_names_of_both_kinds_are_known(_folder):
    """Presets of dreams and of styles have their names from one list."""
    for kind in (DREAM, STYLE):
        shipped = Settings(PLUGIN, kind).shipped
        assert {"fur", "default", "strokes", "like-style"} <= shipped


def case_choices_have_titles(_folder):
    """Each choice is offered, in words where its name says too little; 0 octaves mean auto."""
    settings = Settings(PLUGIN)
    for parameter in settings.parameters.values():
        if parameter.choices:
            assert [choice for choice, _ in choices_of(parameter)] == parameter.choices
    assert choices_of(settings.parameters["protect"])[1] == ("dark", "Dark areas")
    assert choices_of(settings.parameters["normalize"])[0] == ("mean", "mean")
    assert settings.parameters["octaves"].auto
    assert not settings.parameters["steps"].auto


def case_styles(_folder):
    """Parameters and presets of styles are read in the same way; a recipe is made of them."""
    settings = Settings(PLUGIN, STYLE)
    assert set(STYLE_MAIN) <= set(settings.parameters)
    assert "styles" not in settings.parameters
    assert next(iter(settings.presets)) == "like-style"
    for parameter in settings.parameters.values():
        assert "_" not in parameter.title
        if parameter.kind in ("int", "float"):
            assert parameter.low <= parameter.default <= parameter.high
    assert settings.groups()[0][0] == "Basics"
    recipe = settings.recipe("strokes", _defaults(settings, rounds=3))
    assert recipe == dict(settings.presets["strokes"]["recipe"], rounds=3)
    assert settings.recipe(CUSTOM, _defaults(settings)) == settings.presets["like-style"]["recipe"]
    stored = dict(recipe, content_layers=[{"layer": "mixed3", "weight": 2.0}], command="style")
    assert settings.values_in(stored)["content_layers"] == "mixed3:2.0"
    mine = dict(settings.presets["strokes"], group="mine", title="brush", section="Your own")
    settings.take_own({"presets": {}, "style": {"presets": {"brush": mine}}})
    assert settings.groups()[0] == ("Your own", ["brush"])
