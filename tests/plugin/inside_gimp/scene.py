"""Calls of the filter from inside GIMP, images to dream on, and what became of them.

The environment names the folder for the results, DREAMLAYER_RESULTS, and the network to dream with,
DREAMLAYER_NETWORK.
"""

import array
import contextlib
import importlib
import json
import os
import random
import sys
import threading
import time

from gi.repository import Babl, Gegl, Gimp

sys.path.insert(
    0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "inside_editors")
)

# The checks ask for processes of a kind.
from processes import numbers as processes

RESULTS = os.environ["DREAMLAYER_RESULTS"]
NETWORK = os.environ["DREAMLAYER_NETWORK"]
PLUGIN = os.path.join(os.environ["GIMP3_DIRECTORY"], "plug-ins", "dreamlayer")
QUICK = {
    "output": "in-place",
    "network": NETWORK,
    "layers": "deep",
    "octaves": 2,
    "steps": 2,
    "step-size": 0.02,
}
SLOW = {**QUICK, "steps": 100_000}

WIDTH, HEIGHT = 61, 47
RGB, GRAY = Gimp.ImageBaseType.RGB, Gimp.ImageBaseType.GRAY
PRECISIONS = [
    f"{kind}_{curve}"
    for kind in ("U8", "U16", "U32", "HALF", "FLOAT", "DOUBLE")
    for curve in ("LINEAR", "NON_LINEAR", "PERCEPTUAL")
]
PROFILES = {
    RGB: {
        "none": lambda: None,
        "adobe": Gimp.ColorProfile.new_rgb_adobe,
        "linear": Gimp.ColorProfile.new_rgb_srgb_linear,
    },
    GRAY: {"none": lambda: None, "lab": Gimp.ColorProfile.new_d50_gray_lab_trc},
}


def dream(image, drawables, run_mode=Gimp.RunMode.NONINTERACTIVE, **values):
    """Call the filter; status, message and the image it gave back."""
    status, message, made, _ = call(image, drawables, run_mode, **values)
    return status, message, made


def call(image, drawables, run_mode=Gimp.RunMode.NONINTERACTIVE, **values):
    """Call the filter; status, message, the image it gave back, and its notice."""
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-deep-dream")
    config = procedure.create_config()
    config.set_property("run-mode", run_mode)
    config.set_property("image", image)
    config.set_core_object_array("drawables", list(drawables))
    for name, value in values.items():
        config.set_property(name.replace("_", "-"), value)
    result = procedure.run(config)
    status = result.index(0)
    if status != Gimp.PDBStatusType.SUCCESS:
        return status, Gimp.get_pdb().get_last_error(), None, ""
    return status, "", result.index(1), result.index(2)


def dreamt(image, drawables, **values):
    """Call the filter, which must succeed; the image it gave back."""
    status, message, made = dream(image, drawables, **{**QUICK, **values})
    assert status == Gimp.PDBStatusType.SUCCESS, f"{status}: {message}"
    return made


def refused(image, drawables, *words, **values):
    """Call the filter, which must refuse in a sentence that has these words."""
    before = [bits(drawable) for drawable in drawables if not drawable.is_group()]
    status, message, _ = dream(image, drawables, **{**QUICK, **values})
    assert status == Gimp.PDBStatusType.EXECUTION_ERROR, status
    for word in words:
        assert word in message, f"{word!r} is not in {message!r}"
    assert "Traceback" not in message, message
    assert before == [bits(drawable) for drawable in drawables if not drawable.is_group()]
    assert not processes("worker"), "a worker is left"
    return message


def picture(base=RGB, precision="U8_NON_LINEAR", alpha=True, profile=None, size=(WIDTH, HEIGHT)):
    """An image with one layer of seeded noise, all bits of it random where they are integers."""
    image = Gimp.Image.new_with_precision(*size, base, getattr(Gimp.Precision, precision))
    if profile is not None:
        image.set_color_profile(profile)
    add_layer(image, size, alpha=alpha)
    return image


def add_layer(image, size=(WIDTH, HEIGHT), offsets=(0, 0), alpha=True, seed=1):
    """A layer of noise on top."""
    if image.get_base_type() == RGB:
        kind = Gimp.ImageType.RGBA_IMAGE if alpha else Gimp.ImageType.RGB_IMAGE
    else:
        kind = Gimp.ImageType.GRAYA_IMAGE if alpha else Gimp.ImageType.GRAY_IMAGE
    layer = Gimp.Layer.new(image, f"layer {seed}", *size, kind, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    layer.set_offsets(*offsets)
    fill(layer, seed)
    return layer


def fill(drawable, seed=1):
    """Noise; beyond 0..1 where the format holds it."""
    chance = random.Random(seed)
    width, height = drawable.get_width(), drawable.get_height()
    own = drawable.get_format()
    whole = Gegl.Rectangle.new(0, 0, width, height)
    buffer = drawable.get_buffer()
    kind = Babl.get_name(Babl.format_get_type(own, 0))
    if kind in ("u8", "u16", "u32"):
        count = width * height * Babl.format_get_bytes_per_pixel(own)
        buffer.set(whole, Babl.get_name(own), chance.randbytes(count))
    else:
        values = array.array("f", (chance.uniform(-0.2, 1.4) for _ in range(width * height * 4)))
        for index in range(3, len(values), 4):
            values[index] = chance.random()
        name = Babl.get_name(Babl.format_with_space("RGBA float", own))
        buffer.set(whole, name, values.tobytes())
    buffer.flush()


def bits(drawable, area=None):
    """The drawable's pixels as they are stored, as a list of bytes, one a pixel."""
    area = area or (0, 0, drawable.get_width(), drawable.get_height())
    own = drawable.get_format()
    size = Babl.format_get_bytes_per_pixel(own)
    rectangle = Gegl.Rectangle.new(*area)
    data = drawable.get_buffer().get(rectangle, 1.0, Babl.get_name(own), Gegl.AbyssPolicy.NONE)
    return [data[start : start + size] for start in range(0, len(data), size)]


def write(name, data):
    """Leave bytes for the test."""
    with open(os.path.join(RESULTS, name), "wb") as file:
        file.write(data)


def numbers(drawable, form):
    """The drawable's pixels as floats in a babl format of its own space."""
    own = drawable.get_format()
    whole = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    name = Babl.get_name(Babl.format_with_space(form, own))
    return array.array("f", drawable.get_buffer().get(whole, 1.0, name, Gegl.AbyssPolicy.NONE))


def selection(image):
    """The selection as floats, one a pixel of the image."""
    whole = Gegl.Rectangle.new(0, 0, image.get_width(), image.get_height())
    buffer = image.get_selection().get_buffer()
    return array.array("f", buffer.get(whole, 1.0, "Y float", Gegl.AbyssPolicy.NONE))


def select(image, feather=0.0):
    """Select an ellipse."""
    Gimp.context_push()
    Gimp.context_set_feather(feather > 0)
    Gimp.context_set_feather_radius(feather, feather)
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 15, 10, 30, 24)
    Gimp.context_pop()


def module(name):
    """A module of the plug-in, imported as in the filter."""
    if PLUGIN not in sys.path:
        sys.path.append(PLUGIN)
    return importlib.import_module(name)


def session():
    """What names this GIMP in texts that the dialogs write."""
    return module("gimp3.session").token()


def gone(which, seconds=20.0):
    """Whether no process of a kind is left, after a while at most."""
    until = time.monotonic() + seconds
    while processes(which) and time.monotonic() < until:
        time.sleep(0.05)
    return not processes(which)


def when_running(which, act, delay=1.0):
    """Do something to a process of a kind, some time after it came up."""

    def wait():
        until = time.monotonic() + 60
        while not processes(which) and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(delay)
        for number in processes(which):
            act(number)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


@contextlib.contextmanager
def own_preset(name, recipe):
    """Have a preset of the painter's own, which the workers find that are started meanwhile."""
    folder, path = os.path.join(RESULTS, "presets"), os.path.join(PLUGIN, "worker.json")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(recipe, file)
    with open(path, encoding="utf-8") as file:
        kept = file.read()
    changed = json.loads(kept)
    changed["environment"] = {**changed["environment"], "DREAMLAYER_PRESETS": folder}
    try:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(changed, file)
        yield
    finally:
        with open(path, "w", encoding="utf-8") as file:
            file.write(kept)
