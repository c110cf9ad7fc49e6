"""Checks of the filter that run inside a real GIMP 3, in its own Python.

GIMP's batch interpreter runs this file; `tests/plugin/test_gimp.py` starts it and reads the
results. The environment names the folder for the results, DREAMLAYER_RESULTS, and the network to
dream with, DREAMLAYER_NETWORK. Each function `check_...` is one check; it opens with a sentence of
behaviour and raises where that does not hold.
"""

import array
import json
import os
import random
import signal
import threading
import time
import traceback

from gi.repository import Babl, Gegl, Gimp

RESULTS = os.environ["DREAMLAYER_RESULTS"]
NETWORK = os.environ["DREAMLAYER_NETWORK"]
PLUGIN = os.path.join(os.environ["GIMP3_DIRECTORY"], "plug-ins", "dreamlayer")
QUICK = {"network": NETWORK, "layers": "deep", "octaves": 2, "steps": 2, "step-size": 0.02}
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


def dream(image, drawables, mode=Gimp.RunMode.NONINTERACTIVE, **values):
    """Call the filter; status, message and the image it gave back."""
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-deep-dream")
    config = procedure.create_config()
    config.set_property("run-mode", mode)
    config.set_property("image", image)
    config.set_core_object_array("drawables", list(drawables))
    for name, value in values.items():
        config.set_property(name.replace("_", "-"), value)
    result = procedure.run(config)
    status = result.index(0)
    message = Gimp.get_pdb().get_last_error() if status != Gimp.PDBStatusType.SUCCESS else ""
    return status, message, result.index(1) if result.length() > 1 else None


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


def processes(which):
    """Numbers of the running processes of a kind: worker or plug-in."""
    found = []
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{number}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            with open(f"/proc/{number}/stat") as file:
                zombie = file.read().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
        is_worker = b"worker" in words and b"dreamlayer" in words
        is_plugin = any(word.endswith(b"dreamlayer.py") for word in words)
        if not zombie and {"worker": is_worker, "plug-in": is_plugin}[which]:
            found.append(int(number))
    return found


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


def check_registered_with_all_arguments():
    """Every parameter of the recipe is an argument, and the menu has the filter."""
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-deep-dream")
    assert procedure is not None
    names = {argument.name for argument in procedure.get_arguments()}
    with open(os.path.join(PLUGIN, "description.json"), encoding="utf-8") as file:
        parameters = {p["name"].replace("_", "-") for p in json.load(file)["parameters"]}
    assert parameters | {"preset", "provider", "output"} <= names, names
    assert procedure.get_menu_paths() == ["<Image>/Filters/Artistic"]
    assert procedure.get_menu_label() == "_Deep Dream..."


def check_identity_changes_no_bit():
    """0 steps leave every bit, in each precision and profile, selected or not, any alpha."""
    wrong = []
    for base, profiles in PROFILES.items():
        for precision in PRECISIONS:
            for name, profile in profiles.items():
                # Without a profile the selection makes no difference to how values are converted.
                for feather in (None, 4.0) if name == "none" else (4.0,):
                    image = picture(base, precision, True, profile())
                    add_layer(image, alpha=False, seed=2)
                    if feather is not None:
                        select(image, feather)
                    before = [bits(layer) for layer in image.get_layers()]
                    dreamt(image, image.get_layers(), steps=0)
                    for layer, old in zip(image.get_layers(), before):
                        differ = sum(a != b for a, b in zip(old, bits(layer)))
                        if differ:
                            case = base.value_nick, precision, name, layer.has_alpha(), feather
                            wrong.append((*case, differ))
                    image.delete()
    assert not wrong, wrong


def check_only_selected_pixels_change():
    """Outside a feathered selection no bit changes and inside most do, in every precision."""
    wrong = []
    for base in PROFILES:
        for precision in PRECISIONS:
            image = picture(base, precision)
            select(image, 6.0)
            layer = image.get_layers()[0]
            before, chosen = bits(layer), selection(image)
            dreamt(image, [layer])
            after = bits(layer)
            outside = sum(b != a for b, a, s in zip(before, after, chosen) if s == 0)
            inside = sum(b != a for b, a, s in zip(before, after, chosen) if s > 0.999)
            full = sum(s > 0.999 for s in chosen)
            if outside or inside < 0.8 * full or not full:
                wrong.append((base.value_nick, precision, outside, inside, full))
            image.delete()
    assert not wrong, wrong


def check_feathered_selection():
    """A feathered selection weighs the dream as the core's mask does; read by the test."""
    image = picture()
    select(image, 12.0)
    layer = image.get_layers()[0]
    whole = Gegl.Rectangle.new(0, 0, WIDTH, HEIGHT)
    chosen = image.get_selection().get_buffer().get(whole, 1.0, "Y u8", Gegl.AbyssPolicy.NONE)
    write("selected-before", b"".join(bits(layer)))
    write("selected-mask", chosen)
    dreamt(image, [layer], seed=3, smoothing=1.5, strength=0.75)
    write("selected-after", b"".join(bits(layer)))


def check_hidden_pixels():
    """Transparent pixels keep every bit in each precision, and do not steer the visible ones."""
    wrong, rows = [], 12
    for base in PROFILES:
        for precision in PRECISIONS if base == RGB else PRECISIONS[1::4]:
            image = picture(base, precision)
            add_layer(image)
            layers = image.get_layers()
            for layer, level in zip(layers, (0.1, 0.8)):
                hide(layer, rows, level)
            before = [bits(layer) for layer in layers]
            dreamt(image, layers)
            after = [bits(layer) for layer in layers]
            count = rows * WIDTH
            differ = [sum(b != a for b, a in zip(*p)) for p in zip(before, after)]
            hidden = [sum(b != a for b, a in zip(b[:count], a)) for b, a in zip(before, after)]
            if any(hidden) or not all(differ) or after[0][count:] != after[1][count:]:
                wrong.append((base.value_nick, precision, hidden, differ))
            image.delete()
    assert not wrong, wrong


def hide(layer, rows, level):
    """Make the first rows transparent, with a color of their own below it, and the rest opaque."""
    values = numbers(layer, "R'G'B'A float")
    for index in range(0, len(values), 4):
        hidden = index < 4 * WIDTH * rows
        values[index + 3] = 1 - hidden
        if hidden:
            values[index : index + 3] = array.array("f", [level, level / 2, level])
    name = Babl.get_name(Babl.format_with_space("R'G'B'A float", layer.get_format()))
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, WIDTH, HEIGHT), name, values.tobytes())
    buffer.flush()


def check_alpha_stays():
    """Alpha keeps its bits, with lock-alpha and without, also where all is transparent."""
    for precision in PRECISIONS:
        image = picture(precision=precision)
        layer = image.get_layers()[0]
        layer.set_lock_alpha(precision.startswith("U16"))
        size = Babl.format_get_bytes_per_pixel(layer.get_format())
        before = [pixel[-size // 4 :] for pixel in bits(layer)]
        dreamt(image, [layer])
        assert before == [pixel[-size // 4 :] for pixel in bits(layer)], precision
        image.delete()


def check_colors_switched_off_stay():
    """A colour that is switched off in the Channels dialog keeps its bits, selected or not."""
    for precision in ("U8_NON_LINEAR", "U16_NON_LINEAR", "FLOAT_LINEAR"):
        for feather in (None, 5.0):
            image = picture(precision=precision)
            if feather is not None:
                select(image, feather)
            image.set_component_active(Gimp.ChannelType.GREEN, False)
            layer = image.get_layers()[0]
            before = bits(layer)
            width = len(before[0]) // 4
            dreamt(image, [layer])
            after = bits(layer)
            assert after != before
            greens = [[pixel[width : 2 * width] for pixel in pixels] for pixels in (before, after)]
            assert greens[0] == greens[1], (precision, feather)
            image.delete()


def check_equal_to_headless():
    """What the filter makes of an 8-bit picture is what the core makes of it; read by the test."""
    image = picture(alpha=False)
    layer = image.get_layers()[0]
    write("before.rgb", b"".join(bits(layer)))
    dreamt(image, [layer], seed=3, smoothing=1.5, strength=0.75)
    write("after.rgb", b"".join(bits(layer)))


def check_wide_values_survive():
    """Values beyond black and white keep their distance from it."""
    image = picture(precision="FLOAT_NON_LINEAR", alpha=False)
    layer = image.get_layers()[0]
    before = numbers(layer, "R'G'B' float")
    dreamt(image, [layer])
    after = numbers(layer, "R'G'B' float")
    assert max(after) > 1.1, max(after)
    assert max(abs(b - a) for b, a in zip(before, after)) < 0.5


def check_profile_counts():
    """With a wider profile the values as stored are dreamt on and come back in that profile."""
    results = []
    for profile in (None, Gimp.ColorProfile.new_rgb_adobe()):
        image = picture(alpha=False, profile=profile)
        before = b"".join(bits(image.get_layers()[0]))
        dreamt(image, image.get_layers())
        results.append(b"".join(bits(image.get_layers()[0])))
        assert profile is None or image.get_color_profile().is_equal(profile)
    changed = sum(abs(a - b) for a, b in zip(results[0], before)) / len(before)
    apart = sum(abs(a - b) for a, b in zip(*results)) / len(before)
    # The two differ where a float fell on another side of a rounding; by far less than the dream.
    assert apart < 0.05 * changed, (apart, changed)


def check_offsets():
    """A layer that is larger than the canvas and off it changes where the selection lies."""
    image = picture()
    layer = add_layer(image, (80, 30), (-20, 25), seed=2)
    other = image.get_layers()[1]
    select(image)
    before, below, chosen = bits(layer), bits(other), selection(image)
    dreamt(image, [layer])
    after = bits(layer)
    changed = [i for i, (b, a) in enumerate(zip(before, after)) if b != a]
    assert changed
    for index in changed:
        x, y = index % 80 - 20, index // 80 + 25
        inside = 0 <= x < WIDTH and 0 <= y < HEIGHT
        assert inside and chosen[y * WIDTH + x] > 0, (x, y)
    assert bits(other) == below


def check_two_layers_at_once():
    """Several layers are each dreamt on as if alone."""
    image = picture()
    add_layer(image, (40, 44), (9, 1), seed=5)
    alone = image.duplicate()
    dreamt(image, image.get_layers())
    for layer in alone.get_layers():
        dreamt(alone, [layer])
    for one, other in zip(image.get_layers(), alone.get_layers()):
        assert bits(one) == bits(other)


def check_layer_mask_is_left_alone():
    """A layer's mask stays as it is; chosen itself, it is dreamt on in grey."""
    image = picture()
    layer = image.get_layers()[0]
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    fill(mask, 9)
    before = bits(mask)
    dreamt(image, [layer])
    assert bits(mask) == before
    dreamt(image, [mask])
    assert bits(mask) != before
    refused(image, [mask], "In place", output="new-layer")


def check_new_layer():
    """A new layer lies over the old one, masked by the selection, and carries its recipe."""
    for feather in (None, 5.0):
        image = picture()
        layer = add_layer(image, (40, 36), (12, 6), seed=4)
        if feather is not None:
            select(image, feather)
        before = bits(layer)
        made = dreamt(image, [layer], output="new-layer", seed=11)
        assert made == image
        assert bits(layer) == before
        top, below = image.get_layers()[:2]
        assert below == layer
        assert top.get_name() == "Deep Dream of layer 4"
        mask = top.get_mask()
        if feather is None:
            assert mask is None
            assert top.get_offsets()[1:] == layer.get_offsets()[1:]
            assert (top.get_width(), top.get_height()) == (40, 36)
        else:
            _, left, up = top.get_offsets()
            width = top.get_width()
            chosen = selection(image)
            shown = numbers(mask, "Y float")
            for index, value in enumerate(shown):
                expected = chosen[(index // width + up) * WIDTH + index % width + left]
                assert abs(value - expected) < 0.01, (value, expected)
        recipe = json.loads(bytes(top.get_parasite("dreamlayer-recipe").get_data()))
        assert recipe["seed"] == 11
        assert recipe["layers"][0]["layer"] == "deep"


def check_new_layer_keeps_the_mask():
    """A new layer of a masked one is masked alike, within the selection; which stays."""
    for feather in (None, 5.0):
        image = picture()
        layer = add_layer(image, (40, 36), (12, 6), seed=4)
        own = layer.create_mask(Gimp.AddMaskType.WHITE)
        layer.add_mask(own)
        fill(own, 8)
        if feather is not None:
            select(image, feather)
        chosen, own_values = selection(image), numbers(own, "Y float")
        dreamt(image, [layer], output="new-layer")
        top = image.get_layers()[0]
        _, left, up = top.get_offsets()
        width, shown = top.get_width(), numbers(top.get_mask(), "Y float")
        for index, value in enumerate(shown):
            x, y = index % width + left, index // width + up
            expected = own_values[(y - 6) * 40 + x - 12]
            if feather is not None:
                expected = min(expected, chosen[y * WIDTH + x])
            assert abs(value - expected) < 0.01, (x, y, value, expected)
        assert selection(image) == chosen
        assert not image.get_channels()


def check_new_image():
    """A new image has parts, precision, profile and recipe in place; the old one is as it was."""
    profile = Gimp.ColorProfile.new_rgb_adobe()
    image = picture(precision="U16_NON_LINEAR", profile=profile)
    add_layer(image, (40, 36), (12, 6), seed=4)
    before = [bits(layer) for layer in image.get_layers()]
    made = dreamt(image, image.get_layers(), output="new-image")
    assert before == [bits(layer) for layer in image.get_layers()]
    assert made != image
    assert made.get_precision() == image.get_precision()
    assert made.get_color_profile().is_equal(profile)
    assert (made.get_width(), made.get_height()) == (WIDTH, HEIGHT)
    assert [layer.get_name() for layer in made.get_layers()] == ["layer 4", "layer 1"]
    assert made.get_layers()[0].get_offsets()[1:] == (12, 6)
    dreamt(image, image.get_layers())
    for one, other in zip(image.get_layers(), made.get_layers()):
        assert bits(one) == bits(other)
        assert other.get_parasite("dreamlayer-recipe") is not None


def check_gray_image():
    """A grey image is dreamt on and stays grey."""
    image = picture(GRAY)
    layer = image.get_layers()[0]
    before = bits(layer)
    dreamt(image, [layer])
    assert bits(layer) != before
    assert image.get_base_type() == GRAY


def check_indexed_is_refused():
    """An indexed image is refused with what to do."""
    image = picture(alpha=False)
    image.convert_indexed(
        Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, ""
    )
    refused(image, image.get_layers(), "indexed", "Image ▸ Mode ▸ RGB")


def check_group_is_refused():
    """A layer group is refused with what to do."""
    image = picture()
    group = Gimp.GroupLayer.new(image, "a group")
    image.insert_layer(group, None, 0)
    refused(image, [group], "a group", "choose the layers in it")


def check_selection_beside_is_refused():
    """A selection that does not touch the layer is told of."""
    image = picture()
    layer = add_layer(image, (8, 8), (0, 0), seed=2)
    select(image)
    refused(image, [layer], "selection", "layer 2")


def check_locked_is_refused():
    """A layer with locked pixels is refused before the work; a new layer of it is fine."""
    image = picture()
    layer = image.get_layers()[0]
    layer.set_lock_content(True)
    refused(image, [layer], "locked", "New layer", **{"steps": 100_000})
    dreamt(image, [layer], output="new-layer")
    assert len(image.get_layers()) == 2


def check_lock_around_is_refused():
    """A lock on a group, or on the layer of a mask, is seen before the work; all layers stay."""
    image = picture()
    group = Gimp.GroupLayer.new(image, "a group")
    image.insert_layer(group, None, 0)
    inner = add_layer(image, seed=3)
    image.reorder_item(inner, group, 0)
    group.set_lock_content(True)
    base = image.get_layers()[-1]
    refused(image, [base, inner], "locked", "a group", **{"steps": 100_000})
    mask = base.create_mask(Gimp.AddMaskType.WHITE)
    base.add_mask(mask)
    base.set_lock_content(True)
    refused(image, [mask], "locked", **{"steps": 100_000})


def check_layer_in_a_group():
    """A layer in a group is dreamt on, and a new layer of it lies in the group too."""
    image = picture()
    group = Gimp.GroupLayer.new(image, "a group")
    image.insert_layer(group, None, 0)
    inner = add_layer(image, seed=3)
    image.reorder_item(inner, group, 0)
    before = bits(inner)
    dreamt(image, [inner], output="new-layer")
    assert bits(inner) == before
    assert [layer.get_name() for layer in group.get_children()] == [
        "Deep Dream of layer 3",
        "layer 3",
    ]
    dreamt(image, [inner])
    assert bits(inner) != before


def check_identity_with_locks():
    """0 steps leave every bit where a colour is switched off or alpha locked."""
    for precision in ("U8_NON_LINEAR", "U32_NON_LINEAR", "FLOAT_LINEAR", "DOUBLE_NON_LINEAR"):
        for lock in ("colour", "alpha"):
            image = picture(precision=precision)
            layer = image.get_layers()[0]
            if lock == "alpha":
                layer.set_lock_alpha(True)
            else:
                image.set_component_active(Gimp.ChannelType.RED, False)
            before = bits(layer)
            dreamt(image, [layer], steps=0)
            assert bits(layer) == before, (precision, lock)
            image.delete()


def check_text_layer():
    """A text layer is dreamt on, or refused before the work; a new layer of it is fine."""
    image = picture()
    font = Gimp.fonts_get_list(None)[0]
    layer = Gimp.TextLayer.new(image, "Dream", font, 20.0, Gimp.Unit.pixel())
    image.insert_layer(layer, None, 0)
    if hasattr(Gimp, "Rasterizable"):
        refused(image, [layer], "text", "asterize", **{"steps": 100_000})
    else:
        dreamt(image, [layer])
    dreamt(image, [layer], output="new-layer")
    assert image.get_layers()[0].get_name().startswith("Deep Dream of ")


def check_bad_values():
    """Each bad value is answered with a sentence that names what is allowed."""
    image = picture()
    layers = image.get_layers()
    refused(image, layers, "preset", "nonsense", "eyes", preset="nonsense")
    refused(image, layers, "provider", "auto", "cpu", provider="gpu9")
    refused(image, layers, "output", "in-place", output="elsewhere")
    refused(image, layers, "steps", "-1", "between", steps=-1)
    refused(image, layers, "octave_scale", "1.01", **{"octave-scale": 0.5})
    refused(image, layers, "strength", "between", strength=1.5)
    refused(image, layers, "normalize", "mean", normalize="median")
    refused(image, layers, "mixed99", layers="mixed99")
    refused(image, layers, "layer", layers="")
    refused(image, layers, "/nowhere.onnx", network="/nowhere.onnx")


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
    """Repeating without a dialog works, the first time with the defaults."""
    image = picture(size=(96, 80))
    layer = image.get_layers()[0]
    before = bits(layer)
    status, message, _ = dream(image, [layer], mode=Gimp.RunMode.WITH_LAST_VALS, **QUICK)
    assert status == Gimp.PDBStatusType.SUCCESS, message
    assert bits(layer) != before


def check_worker_missing():
    """Without the interpreter or the settings, a sentence says what to run."""
    path = os.path.join(PLUGIN, "worker.json")
    with open(path, encoding="utf-8") as file:
        kept = file.read()
    image = picture()
    try:
        os.remove(path)
        refused(image, image.get_layers(), "dreamlayer-plugin install")
        for text in ("{", "[]", '{"command": []}'):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            refused(image, image.get_layers(), "dreamlayer-plugin install")
        for command in (
            ["/no such place/python"],
            ["/usr/bin/false"],
            ["/usr/bin/python3", "-c", "nonsense"],
        ):
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"command": command}, file)
            refused(image, image.get_layers(), "doctor")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"command": ["/usr/bin/python3", "-c", "print('hello')"]}, file)
        refused(image, image.get_layers(), "hello")
        with open(path, "w", encoding="utf-8") as file:
            text = 'print(\'{"type": "ready", "protocol": 99, "version": "9.9"}\')'
            json.dump({"command": ["/usr/bin/python3", "-c", text]}, file)
        refused(image, image.get_layers(), "9.9", "install")
    finally:
        with open(path, "w", encoding="utf-8") as file:
            file.write(kept)
    dreamt(image, image.get_layers())


def check_worker_killed():
    """A worker that dies in the middle is told of, and the image is as it was."""
    image = picture()
    killer = when_running("worker", lambda number: os.kill(number, signal.SIGKILL))
    refused(image, image.get_layers(), "ended unexpectedly", "doctor", **SLOW)
    killer.join()
    assert gone("plug-in")
    dreamt(image, image.get_layers())


def check_cancel():
    """A cancel, which kills the plug-in, ends the worker at once and leaves the image."""
    image = picture()
    layer = image.get_layers()[0]
    before = bits(layer)
    # As GIMP does it: the plug-in's whole process group.
    killer = when_running(
        "plug-in", lambda number: os.killpg(os.getpgid(number), signal.SIGKILL), 2.0
    )
    status, _, _ = dream(image, [layer], **SLOW)
    killer.join()
    assert status != Gimp.PDBStatusType.SUCCESS
    assert gone("worker")
    assert gone("plug-in")
    assert bits(layer) == before
    # The plug-in alone: the worker ends since its input closes.
    killer = when_running("plug-in", lambda number: os.kill(number, signal.SIGKILL), 2.0)
    status, _, _ = dream(image, [layer], **SLOW)
    killer.join()
    assert status != Gimp.PDBStatusType.SUCCESS
    assert gone("worker")
    assert bits(layer) == before
    assert image.undo_is_enabled()
    dreamt(image, [layer])


def main():
    """Run all checks, or those that DREAMLAYER_CHECKS names; write what each came to."""
    Gegl.init(None)
    wanted = os.environ.get("DREAMLAYER_CHECKS", "").split()
    results = {"version": Gimp.version()}
    for name, check in list(globals().items()):
        if not name.startswith("check_") or (wanted and name not in wanted):
            continue
        began = time.monotonic()
        try:
            check()
            results[name] = "ok"
        except Exception:
            results[name] = traceback.format_exc()
        print(name, f"{time.monotonic() - began:.1f} s", flush=True)
        # One at a time: should GIMP die, what is there tells where.
        with open(os.path.join(RESULTS, "results.json"), "w", encoding="utf-8") as file:
            json.dump(results, file)


main()
