"""What the filter takes, as a script gives it."""

import json
import os

from gi.repository import Gimp
from scene import PLUGIN, QUICK, bits, dream, dreamt, own_preset, picture, refused

QUICK_RECIPE = {n.replace("-", "_"): value for n, value in QUICK.items() if n != "output"}


def check_registered_with_all_arguments():
    """Every parameter of the recipe is an argument, and the menu has the filter."""
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-deep-dream")
    assert procedure is not None
    names = {argument.name for argument in procedure.get_arguments()}
    with open(os.path.join(PLUGIN, "description.json"), encoding="utf-8") as file:
        parameters = {p["name"].replace("_", "-") for p in json.load(file)["parameters"]}
    others = {"preset", "provider", "output", "opacity", "mode", "mask-from"}
    assert parameters | others | {"guide-layer"} <= names, names
    style = Gimp.get_pdb().lookup_procedure("plug-in-style-transfer")
    of_style = {argument.name for argument in style.get_arguments()}
    assert others <= of_style, of_style
    assert not {"guide", "guide-layer"} & of_style, of_style
    assert procedure.get_menu_paths() == ["<Image>/Filters/Artistic"]
    assert procedure.get_menu_label() == "_Deep Dream..."


def check_bad_values():
    """Each bad value is answered with a sentence that names what is allowed."""
    image = picture()
    layers = image.get_layers()
    refused(image, layers, "preset", "nonsense", "eyes", preset="nonsense")
    refused(image, layers, "provider", "auto", "cpu", provider="gpu9")
    refused(image, layers, "output", "in-place", output="elsewhere")
    refused(image, layers, "mode", "hsl-color", mode="dissolving")
    refused(image, layers, "opacity", "100", opacity=101.0)
    refused(image, layers, "mask-from", "layer-mask", **{"mask-from": "channel"})
    refused(image, layers, "steps", "-1", "between", steps=-1)
    refused(image, layers, "octave_scale", "1.01", **{"octave-scale": 0.5})
    refused(image, layers, "strength", "between", strength=1.5)
    refused(image, layers, "normalize", "mean", normalize="median")
    refused(image, layers, "mixed99", layers="mixed99")
    refused(image, layers, "layer", layers="")
    refused(image, layers, "/nowhere.onnx", network="/nowhere.onnx")


def check_preset_of_one_s_own():
    """A script finds a preset that the painter saved, by its name."""
    image = picture()
    values = {"preset": "my very own", "output": "in-place"}
    with own_preset("my very own", {**QUICK_RECIPE, "seed": 77}):
        status, message, _ = dream(image, image.get_layers(), **values)
        assert status == Gimp.PDBStatusType.SUCCESS, message
    recipe = json.loads(bytes(image.get_layers()[0].get_parasite("dreamlayer-recipe").get_data()))
    assert recipe["seed"] == 77
    assert recipe["steps"] == QUICK["steps"]
    refused(image, image.get_layers(), "preset", "my very own", "eyes", preset="my very own")


def check_preset_with_changes():
    """A preset counts, and so does what is set beside it."""
    image = picture(size=(90, 90))
    values = {"network": "default", "layers": "mixed0", "octaves": 1, "steps": 1}
    dreamt(image, image.get_layers(), **{**values, "preset": "eyes", "step-size": 0.008})
    recipe = json.loads(bytes(image.get_layers()[0].get_parasite("dreamlayer-recipe").get_data()))
    with open(os.path.join(PLUGIN, "description.json"), encoding="utf-8") as file:
        described = json.load(file)
    eyes = described["presets"]["eyes"]["recipe"]
    assert recipe["steps"] == 1
    assert recipe["layers"][0]["layer"] == "mixed0"
    default = {one["name"]: one["default"] for one in described["parameters"]}
    assert recipe["headroom"] == eyes["headroom"] != default["headroom"]
    assert recipe["octave_scale"] == eyes["octave_scale"]


def check_last_values():
    """Repeating without a dialog works, the first time with the defaults: onto a new layer."""
    image = picture(size=(96, 80))
    layer = image.get_layers()[0]
    before = bits(layer)
    values = {name: value for name, value in QUICK.items() if name != "output"}
    status, message, _ = dream(image, [layer], run_mode=Gimp.RunMode.WITH_LAST_VALS, **values)
    assert status == Gimp.PDBStatusType.SUCCESS, message
    assert bits(layer) == before
    assert len(image.get_layers()) == 2
    assert bits(image.get_layers()[0]) != before
