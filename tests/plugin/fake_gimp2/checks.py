# -*- coding: utf-8 -*-
"""Checks of the filter for GIMP 2.10 that run in a real Python 2.7, on the fake beside this file.

`tests/plugin/test_gimp2_filter.py` starts this file and reads the results. The environment names
the folder of the plug-in, DREAMLAYER_PLUGIN, the one for the results, DREAMLAYER_RESULTS, and the
network to dream with, DREAMLAYER_NETWORK. Each function `check_...` is one check; it opens with a
sentence of behaviour and raises where that does not hold.
"""

from __future__ import division, unicode_literals

import collections
import io
import json
import math
import os
import random
import runpy
import signal
import sys
import threading
import time
import traceback

import gimp
import gimpenums
import gimpfu

PLUGIN = os.environ[str("DREAMLAYER_PLUGIN")]
RESULTS = os.environ[str("DREAMLAYER_RESULTS")]
NETWORK = os.environ[str("DREAMLAYER_NETWORK")]
NAME = b"plug-in-deep-dream"
QUICK = {
    "output": 0,
    "network": NETWORK,
    "layers": b"deep",
    "octaves": 2,
    "steps": 2,
    "step-size": 0.02,
}
SLOW = dict(QUICK, steps=100000)

WIDTH, HEIGHT = 41, 33
RGB, GRAY = gimpenums.RGB, gimpenums.GRAY
KINDS = {
    "RGB": gimpenums.RGB_IMAGE,
    "RGBA": gimpenums.RGBA_IMAGE,
    "GRAY": gimpenums.GRAY_IMAGE,
    "GRAYA": gimpenums.GRAYA_IMAGE,
}


def picture(kind="RGBA"):
    """An image with one layer of noise."""
    image = gimp.Image(WIDTH, HEIGHT, RGB if kind.startswith("RGB") else GRAY)
    add_layer(image, kind)
    return image


def add_layer(image, kind="RGBA", size=(WIDTH, HEIGHT), offsets=(0, 0), seed=1, make=gimp.Layer):
    """A layer of noise on top."""
    name = "läyer {}".format(seed).encode("utf-8")
    layer = make(image, name, size[0], size[1], KINDS[kind])
    layer.offsets = offsets
    fill(layer, seed)
    image.layers.insert(0, layer)
    return layer


def fill(drawable, seed):
    """Noise."""
    chance = random.Random(seed)
    drawable.data[:] = bytearray(chance.randrange(256) for _ in drawable.data)


def select(image, soft=0.0, center=(20, 15), radius=9):
    """Select a disc whose edge is that soft."""
    for y in range(image.height):
        for x in range(image.width):
            distance = math.hypot(x - center[0], y - center[1])
            share = min(max((radius - distance) / (soft or 1e-9) + 0.5, 0.0), 1.0)
            image.selection.data[y * image.width + x] = int(255 * share + 0.5)


def call(image, drawable, values, mode=gimpenums.RUN_NONINTERACTIVE):
    """Call the filter; its results, or None where it failed."""
    del gimp.messages[:], gimp.progress[:], gimp.displays[:], gimpfu.tracebacks[:]
    if mode != gimpenums.RUN_NONINTERACTIVE:
        return gimp.call(NAME, mode, image, drawable)
    given = defaults()
    for name, value in values.items():
        given[name] = value
    order = [argument[1].decode("ascii") for argument in gimp.procedures[NAME]["arguments"][3:]]
    assert set(given) == set(order), set(given) ^ set(order)
    return gimp.call(NAME, mode, image, drawable, *(given[name] for name in order))


def defaults():
    """The arguments' defaults by name, as GIMP lists them nowhere."""
    return dict((a[1].decode("ascii"), a[3]) for a in gimpfu._registered[NAME][1][2:])


def number(argument, choice):
    """The number that stands for a choice."""
    labels = dict((a[1], a[4]) for a in gimpfu._registered[NAME][1] if a[0] == gimpfu.PF_OPTION)
    labels = labels[argument.encode("ascii")]
    names = [label.decode("utf-8").rpartition("▸ ")[2] for label in labels]
    if argument == "preset" and choice in described()["presets"]:
        choice = described()["presets"][choice]["title"] + ":"
    found = [i for i, name in enumerate(names) if name == choice]
    found = found or [i for i, name in enumerate(names) if name.startswith(choice)]
    assert len(found) == 1, (choice, labels)
    return found[0]


def dreamt(image, drawable, **values):
    """Call the filter, which must succeed; the image it gave back."""
    values = dict((name.replace("_", "-"), value) for name, value in values.items())
    if "output" in values:
        values["output"] = number("output", values["output"])
    result = call(image, drawable, dict(QUICK, **values))
    assert result is not None, gimp.messages
    assert not gimp.messages, gimp.messages
    assert_no_worker()
    return result[0]


def refused(image, drawable, *words, **values):
    """Call the filter, which must refuse in a sentence that has these words, and change nothing."""
    values = dict((name.replace("_", "-"), value) for name, value in values.items())
    before = [bytes(layer.data) for layer in image.layers]
    assert call(image, drawable, dict(QUICK, **values)) is None
    assert_told(*words)
    assert before == [bytes(layer.data) for layer in image.layers]
    assert image.steps == 0
    assert_no_worker()


def assert_told(*words):
    """One sentence with these words was shown."""
    assert len(gimp.messages) == 1, gimp.messages
    sentence = gimp.messages[0].decode("utf-8")
    for word in words:
        assert word in sentence, "{!r} is not in {!r}".format(word, sentence)
    assert "Traceback" not in sentence, sentence
    assert not gimpfu.tracebacks, gimpfu.tracebacks[0]


def processes():
    """Numbers of the workers that run."""
    found = []
    for name in filter(str.isdigit, os.listdir(b"/proc")):
        try:
            with io.open(os.path.join(b"/proc", name, b"cmdline"), "rb") as file:
                words = file.read().split(b"\0")
            with io.open(os.path.join(b"/proc", name, b"stat"), "rb") as file:
                dead = file.read().rpartition(b")")[2].split()[0] == b"Z"
        except (IOError, OSError):
            continue
        if b"dreamlayer" in words and b"worker" in words and not dead:
            found.append(int(name))
    return found


def assert_no_worker(seconds=10.0):
    """No worker is left, after a while at most."""
    until = time.time() + seconds
    while processes() and time.time() < until:
        time.sleep(0.05)
    assert not processes(), "a worker is left"


def when_working(act, delay=1.5):
    """Do something some time after a worker came up."""

    def wait():
        until = time.time() + 60
        while not processes() and time.time() < until:
            time.sleep(0.02)
        time.sleep(delay)
        for worker in processes():
            act(worker)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def pixels(drawable):
    """The levels of each pixel."""
    data, size = bytes(drawable.data), drawable.bpp
    return [data[start : start + size] for start in range(0, len(data), size)]


def described():
    """What description.json says."""
    with io.open(os.path.join(PLUGIN, b"description.json"), encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=collections.OrderedDict)


def check_registered_with_all_arguments():
    """Every parameter but those for experts is an argument, and the menu has the filter."""
    installed = gimp.procedures[NAME]
    names = [argument[1].decode("ascii") for argument in installed["arguments"]]
    parameters = [
        parameter["name"].replace("_", "-")
        for parameter in described()["parameters"]
        if not parameter["advanced"]
    ]
    assert names[:4] == ["run-mode", "image", "drawable", "preset"]
    assert sorted(names[4:-2]) == sorted(parameters)
    assert names[-2:] == ["provider", "output"]
    assert installed["label"] == b"_Deep Dream..."
    assert installed["menu"] == b"<Image>/Filters/Artistic"
    assert installed["types"] == b"RGB*, GRAY*"
    assert [result[1] for result in installed["results"]] == [b"result"]


def check_dialog_offers_every_choice():
    """The dialog lists all presets, providers and outputs, the presets in their order."""
    labels = dict((a[1], a[4]) for a in gimpfu._registered[NAME][1] if a[0] == gimpfu.PF_OPTION)
    first = [label.decode("utf-8").split(":")[0] for label in labels[b"preset"]]
    assert first[0] == "Basics ▸ Classic dream"
    assert first[-1] == "custom"
    assert first[:-1] == [
        "{}{} ▸ {}{}".format(
            preset["section"],
            "" if preset["ships"] else ", on other networks",
            preset["title"],
            "" if preset["ships"] else " (needs {})".format(preset["recipe"]["network"]),
        )
        for preset in described()["presets"].values()
    ]
    groups = [label.startswith("Published") for label in first[:-1]]
    assert groups == sorted(groups)
    assert [label.decode("ascii") for label in labels[b"provider"]] == described()["providers"]
    assert labels[b"output"] == [b"In place", b"New layer", b"New image", b"New layer, to paint in"]
    assert defaults()["output"] == 1
    assert labels[b"normalize"] == [b"mean", b"std", b"none"]
    assert labels[b"colors"][0].startswith(b"Natural")
    assert labels[b"protect"] == [b"Nothing", b"Dark areas", b"Bright areas", b"Flat areas"]
    titles = dict((a[1], a[2]) for a in gimpfu._registered[NAME][1])
    assert titles[b"octaves"] == b"Octaves (0 for auto)"
    assert titles[b"keep-colors"] == b"Keep the picture's colors"


def check_language():
    """Choices, names of layers and refusals are in the language that the environment asks for."""
    in_japanese = os.environ.get(str("LANGUAGE")) == b"ja"
    labels = dict((a[1], a[4]) for a in gimpfu._registered[NAME][1] if a[0] == gimpfu.PF_OPTION)
    assert (labels[b"output"][1].decode("utf-8") == "New layer") != in_japanese
    image = picture()
    assert call(image, image.layers[0], dict(QUICK, output=1)) is not None, gimp.messages
    name = image.layers[0].name.decode("utf-8")
    assert (name == "Deep Dream of läyer 1") != in_japanese
    assert "läyer 1" in name
    assert call(image, image.layers[0], dict(QUICK, steps=-5)) is None
    assert_told("steps", "-5")
    assert ("must lie between" in gimp.messages[0].decode("utf-8")) != in_japanese
    assert_no_worker()


def check_identity_changes_no_level():
    """0 steps leave every level of each kind of layer, selected or not."""
    for kind in KINDS:
        for soft in (None, 4.0):
            image = picture(kind)
            if soft is not None:
                select(image, soft)
            layer = image.layers[0]
            before = bytes(layer.data)
            dreamt(image, layer, steps=0)
            assert bytes(layer.data) == before, (kind, soft)


def check_only_selected_pixels_change():
    """Outside a soft selection nothing changes and inside most does; one step undoes it."""
    for kind in KINDS:
        image = picture(kind)
        select(image, 6.0)
        layer = image.layers[0]
        whole, before, chosen = bytes(layer.data), pixels(layer), bytearray(image.selection.data)
        dreamt(image, layer)
        after = pixels(layer)
        outside = sum(b != a for b, a, s in zip(before, after, chosen) if s == 0)
        inside = sum(b != a for b, a, s in zip(before, after, chosen) if s == 255)
        full = sum(s == 255 for s in chosen)
        assert not outside, (kind, outside)
        assert inside > 0.8 * full > 0, (kind, inside, full)
        assert image.steps == 1
        image.undo()
        assert bytes(layer.data) == whole


def check_feathered_selection():
    """A feathered selection weighs the dream as the core's mask does; read by the test."""
    image = picture()
    select(image, 12.0)
    layer = image.layers[0]
    _write("selected-before", layer.data)
    _write("selected-mask", image.selection.data)
    dreamt(image, layer, seed=3, smoothing=1.5, strength=0.75)
    _write("selected-after", layer.data)


def check_hidden_pixels():
    """Transparent pixels keep their levels, and do not steer the visible ones."""
    for kind in ("RGBA", "GRAYA"):
        results = []
        for level in (10, 200):
            image = picture(kind)
            layer = image.layers[0]
            alpha, hidden = layer.bpp - 1, 400 * layer.bpp
            layer.data[alpha :: layer.bpp] = b"\xff" * (WIDTH * HEIGHT)
            layer.data[alpha : hidden : layer.bpp] = bytearray(400)
            for component in range(alpha):
                layer.data[component : hidden : layer.bpp] = bytearray([level]) * 400
            before = layer.data[:]
            dreamt(image, layer)
            assert layer.data[:hidden] == before[:hidden]
            assert layer.data != before
            results.append(layer.data[hidden:])
        assert results[0] == results[1]


def check_alpha_stays():
    """Alpha keeps its levels, also where all is transparent."""
    for kind in ("RGBA", "GRAYA"):
        image = picture(kind)
        layer = image.layers[0]
        layer.data[layer.bpp - 1 : 400 : layer.bpp] = bytearray(
            len(range(layer.bpp - 1, 400, layer.bpp))
        )
        before = layer.data[layer.bpp - 1 :: layer.bpp]
        dreamt(image, layer)
        assert layer.data[layer.bpp - 1 :: layer.bpp] == before


def check_equal_to_headless():
    """What the filter makes of a picture is what the core makes of it; read by the test."""
    for kind in ("RGB", "RGBA"):
        image = picture(kind)
        layer = image.layers[0]
        if kind == "RGBA":
            layer.data[3:1200:4] = bytearray(300)
        _write("before." + kind, layer.data)
        dreamt(image, layer, seed=3, smoothing=1.5, strength=0.75)
        _write("after." + kind, layer.data)


def _write(name, data):
    with io.open(os.path.join(RESULTS, str(name)), "wb") as file:
        file.write(data)


def check_inactive_colors_stay():
    """A colour that is switched off in the Channels dialog stays, within a selection, too."""
    for soft in (None, 3.0):
        image = picture()
        if soft is not None:
            select(image, soft)
        image.inactive = {gimpenums.CHANNEL_GREEN}
        layer = image.layers[0]
        before = [layer.data[c::4] for c in range(4)]
        dreamt(image, layer)
        after = [layer.data[c::4] for c in range(4)]
        assert [b == a for b, a in zip(before, after)] == [False, True, False, True]


def check_offsets():
    """A layer that is larger than the canvas and off it changes where the selection lies."""
    image = picture()
    layer = add_layer(image, "RGB", (60, 30), (-12, 8), seed=2)
    other = image.layers[1]
    select(image)
    before, below, chosen = pixels(layer), bytes(other.data), image.selection.data
    dreamt(image, layer)
    changed = [i for i, (b, a) in enumerate(zip(before, pixels(layer))) if b != a]
    assert changed
    for index in changed:
        x, y = index % 60 - 12, index // 60 + 8
        assert 0 <= x < WIDTH, x
        assert 0 <= y < HEIGHT, y
        assert chosen[y * WIDTH + x], (x, y)
    assert bytes(other.data) == below


def check_layer_mask():
    """A layer's mask stays as it is; chosen itself, it is dreamt on in grey."""
    image = picture()
    layer = image.layers[0]
    mask = layer.create_mask(0)
    layer.add_mask(mask)
    fill(mask, 9)
    before = bytes(mask.data)
    dreamt(image, layer)
    assert bytes(mask.data) == before
    dreamt(image, mask)
    assert bytes(mask.data) != before
    call(image, mask, dict(QUICK, output=number("output", "New layer")))
    assert_told("In place", "mask")


def check_new_layer():
    """A new layer lies over the old one, masked by selection and mask, and has its recipe."""
    for soft, has_mask in ((None, False), (None, True), (5.0, False), (5.0, True)):
        image = picture()
        layer = add_layer(image, size=(26, 24), offsets=(8, 5), seed=4)
        own = layer.create_mask(0)
        if has_mask:
            fill(own, 8)
            layer.add_mask(own)
        if soft is not None:
            select(image, soft)
        before, chosen = bytes(layer.data), bytearray(image.selection.data)
        assert dreamt(image, layer, output="New layer", seed=11) == image
        assert bytes(layer.data) == before
        assert bytearray(image.selection.data) == chosen
        top, below = image.layers[:2]
        assert below == layer
        assert top.name.decode("utf-8") == "Deep Dream of läyer 4"
        assert top.mode == gimpenums.LAYER_MODE_NORMAL
        left, up = top.offsets
        if soft is None:
            assert top.offsets == (8, 5)
            assert (top.width, top.height) == (26, 24)
        assert (top.mask is None) == (soft is None and not has_mask)
        for index, value in enumerate(top.mask.data if top.mask else ()):
            x, y = index % top.width + left, index // top.width + up
            expected = own.data[(y - 5) * 26 + x - 8]
            if soft is not None:
                expected = min(expected, chosen[y * WIDTH + x])
            assert value == expected, (x, y)
        assert top.mask is None or not top.edit_mask
        recipe = json.loads(top.parasites[b"dreamlayer-recipe"].decode("ascii"))
        assert recipe["seed"] == 11
        assert recipe["layers"][0]["layer"] == "deep"
        assert image.steps == 1
        image.undo()
        assert image.layers[0] == layer


def check_paint_in():
    """To paint in: the dream lies behind a black mask that is chosen, whatever is selected."""
    for soft in (None, 5.0):
        image = picture()
        layer = image.layers[0]
        if soft is not None:
            select(image, soft)
        dreamt(image, layer, output="New layer")
        plain = bytes(image.layers[0].data)
        dreamt(image, layer, output="New layer, to paint in")
        top = image.layers[image.layers.index(layer) - 1]
        assert bytes(top.data) == plain
        assert not any(top.mask.data)
        assert top.edit_mask


def check_new_image():
    """A new image has the part, profile and recipe; the old one is as it was."""
    image = picture("RGB")
    image.profile, image.resolution = (3, 1, 4), (300.0, 250.0)
    layer = add_layer(image, "RGB", (26, 24), (8, 5), seed=4)
    before = bytes(layer.data)
    made = dreamt(image, layer, output="New image")
    assert made != image
    assert image.steps == 0
    assert bytes(layer.data) == before
    assert (made.width, made.height, made.base_type) == (26, 24, RGB)
    assert (made.profile, made.resolution) == ((3, 1, 4), (300.0, 250.0))
    assert made.undo_enabled
    assert made.steps == 0
    assert made.layers[0].name.decode("utf-8") == "läyer 4"
    assert not gimp.displays
    dreamt(image, layer)
    assert made.layers[0].data == layer.data
    assert b"dreamlayer-recipe" in made.layers[0].parasites


def check_gray_stays_gray():
    """A grey image is dreamt on and stays grey."""
    image = picture("GRAY")
    before = bytes(image.layers[0].data)
    made = dreamt(image, image.layers[0], output="New image")
    assert made.base_type == GRAY
    assert bytes(made.layers[0].data) != before


def check_indexed_is_refused():
    """An indexed image is refused with what to do."""
    image = picture("RGB")
    image.base_type = gimpenums.INDEXED
    refused(image, image.layers[0], "indexed", "Image ▸ Mode ▸ RGB")


def check_deep_image_is_refused():
    """An image of more than 8 bits, or in linear light, is refused with what to do."""
    for precision in (gimpenums.PRECISION_U16_GAMMA, gimpenums.PRECISION_U8_LINEAR):
        image = picture()
        image.precision = precision
        refused(image, image.layers[0], "Image ▸ Precision", "GIMP 3")


def check_group_is_refused():
    """A layer group is refused with what to do."""
    image = picture()
    group = add_layer(image, make=gimp.GroupLayer, seed=6)
    refused(image, group, "läyer 6", "choose the layers in it")


def check_selection_beside_is_refused():
    """A selection that does not touch the layer is told of."""
    image = picture()
    layer = add_layer(image, size=(5, 5), seed=2)
    select(image)
    refused(image, layer, "selection", "läyer 2")


def check_locked_is_refused():
    """A layer with locked pixels is refused before the work; a new layer of it is fine."""
    image = picture()
    image.layers[0].is_locked = True
    refused(image, image.layers[0], "locked", "New layer", steps=100000)
    dreamt(image, image.layers[0], output="New layer")


def check_bad_values():
    """Each bad value is answered with a sentence that names what is allowed."""
    image = picture()
    layer = image.layers[0]
    refused(image, layer, "preset", "99", "default", preset=99)
    refused(image, layer, "provider", "-1", "auto", provider=-1)
    refused(image, layer, "output", "in-place", output=4)
    refused(image, layer, "normalize", "mean", normalize=7)
    refused(image, layer, "steps", "-1", "between", steps=-1)
    refused(image, layer, "strength", "between", strength=float("nan"))
    refused(image, layer, "mixed99", layers=b"mixed99")
    refused(image, layer, "/nöwhere.onnx", network="/nöwhere.onnx".encode("utf-8"))


def check_progress_moves():
    """The share of the work grows and a text tells of the octave and step."""
    image = picture()
    dreamt(image, image.layers[0], steps=12, octaves=3)
    shares = [entry for entry in gimp.progress if isinstance(entry, float)]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    texts = b" ".join(entry for entry in gimp.progress if isinstance(entry, bytes))
    assert b"octave 3 of 3, step 12 of 12" in texts


def check_dialog():
    """The dialog's values count, floats for whole numbers included, and are kept for the repeat."""
    image = picture()
    layer = image.layers[0]
    gimpfu.answers = dict(QUICK, seed=5, output=number("output", "New image"), clip=False)
    assert call(image, layer, {}, gimpenums.RUN_INTERACTIVE) is not None
    assert not gimp.messages
    assert not gimpfu.tracebacks
    (made,) = gimp.displays
    recipe = json.loads(made.layers[0].parasites[b"dreamlayer-recipe"].decode("ascii"))
    assert (recipe["seed"], recipe["steps"], recipe["clip"]) == (5, 2, False)
    (again,) = call(image, layer, {}, gimpenums.RUN_WITH_LAST_VALS)
    assert gimp.displays == [again]
    assert again.layers[0].data == made.layers[0].data
    assert_no_worker()


def check_dialog_given_up():
    """Cancel in the dialog starts nothing."""
    image = picture()
    gimpfu.answers = None
    assert call(image, image.layers[0], {}, gimpenums.RUN_INTERACTIVE) == (None,)
    assert image.steps == 0
    assert not gimp.messages


def check_dialog_tells_of_errors():
    """Under a dialog an error is one sentence, no traceback; a bad image is told before it."""
    image = picture()
    layer = image.layers[0]
    gimpfu.answers = dict(QUICK, layers=b"mixed99")
    assert call(image, layer, {}, gimpenums.RUN_INTERACTIVE) == (None,)
    assert_told("mixed99")
    image.base_type = gimpenums.INDEXED
    gimpfu.shown[:] = []
    assert call(image, layer, {}, gimpenums.RUN_INTERACTIVE) == (None,)
    assert_told("indexed")
    assert not gimpfu.shown
    assert_no_worker()


def check_last_values_without_any():
    """A repeat works before there was a run, and after an update with other arguments."""
    image = picture()
    for kept in (None, (image, image.layers[0], 3)):
        gimpfu.kept.clear()
        if kept is not None:
            gimpfu.kept[NAME] = kept
        image.base_type = RGB
        image.selection.data[20 * WIDTH + 20] = 255
        before = image.steps
        assert call(image, image.layers[0], {}, gimpenums.RUN_WITH_LAST_VALS) is not None
        assert image.steps == before + 1


def check_cancel_under_the_dialog():
    """Cancel works while the filter runs: it ends at once, says nothing and changes nothing."""
    image = picture()
    layer = image.layers[0]
    before = bytes(layer.data)
    began = time.time()
    gimpfu.answers = dict(SLOW)
    gimpfu.gtk.press = staticmethod(lambda: len(gimp.progress) > 3)
    assert call(image, layer, {}, gimpenums.RUN_INTERACTIVE) == (None,)
    assert time.time() - began < 30
    assert not gimp.messages
    assert not gimpfu.tracebacks
    assert bytes(layer.data) == before
    assert image.steps == 0
    assert_no_worker()


def check_preset_with_changes():
    """A preset counts, and so does what is set beside it."""
    image = picture("RGB")
    values = {"preset": number("preset", "eyes"), "network": b"default", "layers": b"mixed0"}
    dreamt(image, image.layers[0], **dict(values, octaves=1, steps=1, **{"step-size": 0.008}))
    recipe = json.loads(image.layers[0].parasites[b"dreamlayer-recipe"].decode("ascii"))
    assert recipe["steps"] == 1
    assert recipe["layers"][0]["layer"] == "mixed0"
    assert recipe["step_size"] == described()["presets"]["eyes"]["recipe"]["step_size"]


def check_worker_missing():
    """Without the interpreter or the settings, a sentence says what to run."""
    path = os.path.join(PLUGIN, b"worker.json")
    with io.open(path, "rb") as file:
        kept = file.read()
    image = picture()
    layer = image.layers[0]
    try:
        os.remove(path)
        refused(image, layer, "dreamlayer-plugin install")
        python = sys.executable.decode("ascii")
        for command, words in (
            ([], ["install"]),
            (["/no such pläce/python"], ["/no such pläce/python", "doctor"]),
            ([python, "-c", "print(nonsense)"], ["nonsense", "doctor"]),
            ([python, "-c", "print('hello')"], ["hello"]),
        ):
            with io.open(path, "wb") as file:
                file.write(json.dumps({"command": command}).encode("ascii"))
            refused(image, layer, *words)
        # More than a pipe holds: the worker has ended before all is sent.
        refused(image, add_layer(image, size=(200, 200)), "hello")
    finally:
        with io.open(path, "wb") as file:
            file.write(kept)


def check_worker_killed():
    """A worker that dies in the middle is told of, and the image is as it was."""
    image = picture()
    killer = when_working(lambda worker: os.kill(worker, signal.SIGKILL))
    refused(image, image.layers[0], "ended unexpectedly", "signal 9", "doctor", **SLOW)
    killer.join()
    dreamt(image, image.layers[0])


def check_killed_plugin():
    """GIMP cancels by killing the plug-in; the worker ends with it."""
    child = os.fork()
    if not child:
        image = picture()
        call(image, image.layers[0], SLOW)
        os._exit(0)
    when_working(lambda worker: None).join()
    assert processes()
    os.kill(child, signal.SIGKILL)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert_no_worker()


def main():
    """Run all checks, or those that DREAMLAYER_CHECKS names; write what each came to."""
    runpy.run_path(os.path.join(PLUGIN, b"dreamlayer.py"), run_name=str("__main__"))
    wanted = os.environ.get(str("DREAMLAYER_CHECKS"), b"").split()
    results = {"version": sys.version}
    for name, check in sorted(globals().items()):
        if not name.startswith("check_") or (wanted and name not in wanted):
            continue
        began = time.time()
        gimpfu.kept.clear()
        try:
            check()
            results[name] = "ok"
        except Exception:
            results[name] = traceback.format_exc().decode("utf-8", "replace")
        sys.stdout.write(str("{} {:.1f} s\n".format(name, time.time() - began)))
        with io.open(os.path.join(RESULTS, b"results.json"), "wb") as file:
            file.write(json.dumps(results).encode("ascii"))


main()
