"""The dream as an animation: its frames are the layers of a new image."""

import json
import os
import signal

from gi.repository import Gimp, Gio
from scene import (
    GRAY,
    QUICK,
    RESULTS,
    RGB,
    add_layer,
    bits,
    call,
    dreamt,
    module,
    numbers,
    picture,
    refused,
    select,
    when_running,
)

MOVING = {"output": "animation", "frames": 4, "frame-time": 120}


def check_frames_are_layers():
    """From below, the first frame is the dream itself; names tell GIMP how long each is shown."""
    image = picture()
    add_layer(image, (40, 36), (12, 6), seed=4)
    layer = image.get_layers()[0]
    before = [bits(one) for one in image.get_layers()]
    made = dreamt(image, [layer], **MOVING, zoom=5.0, rotation=3.0)
    assert before == [bits(one) for one in image.get_layers()]
    assert made != image
    assert (made.get_width(), made.get_height()) == (40, 36)
    frames = made.get_layers()[::-1]
    assert [one.get_name() for one in frames] == [
        f"Frame {number} (120ms) (replace)" for number in (1, 2, 3, 4)
    ]
    assert all((one.get_width(), one.get_height()) == (40, 36) for one in frames)
    assert len({tuple(bits(one)) for one in frames}) == 4
    recipes = [one.get_parasite("dreamlayer-recipe") for one in frames]
    assert all(json.loads(bytes(one.get_data()))["steps"] == 2 for one in recipes)
    motion = json.loads(bytes(made.get_parasite("dreamlayer-animation").get_data()))
    assert motion == {
        "frames": 4,
        "zoom": 1.05,
        "rotation": 3.0,
        "frame_steps": 2,
        "frame_time": 120,
    }
    dreamt(image, [layer])
    assert bits(layer) == bits(frames[0])


def check_frames_only_move_without_steps():
    """A half turn without a dream turns the layer, alpha included; the next one turns it back."""
    image = picture(precision="U16_NON_LINEAR")
    layer = image.get_layers()[0]
    values = {**MOVING, "zoom": 0.0, "rotation": 180.0, "frames": 3}
    made = dreamt(image, [layer], **values, steps=0)
    first, second, third = (numbers(one, "R'G'B'A float") for one in made.get_layers()[::-1])
    assert made.get_precision() == image.get_precision()
    pixels = [first[start : start + 4] for start in range(0, len(first), 4)]
    turned = [second[start : start + 4] for start in range(0, len(second), 4)]
    for one, other in zip(pixels, reversed(turned)):
        assert abs(one[3] - other[3]) < 1e-3, (one, other)
        # Hidden colors need not be the same, and are hard to tell where little is seen.
        limit = 2e-3 if one[3] > 0.2 else 1.0
        assert all(abs(a - b) < limit for a, b in zip(one[:3], other[:3])), (one, other)
    for one, other in zip(pixels, (third[s : s + 4] for s in range(0, len(third), 4))):
        assert abs(one[3] - other[3]) < 1e-3, (one, other)


def check_frames_of_every_kind():
    """Gray and RGB, integers and floats, with and without alpha, keep what they are."""
    for base, precision, alpha in (
        (RGB, "U8_NON_LINEAR", False),
        (RGB, "U32_LINEAR", True),
        (GRAY, "U8_NON_LINEAR", True),
        (GRAY, "FLOAT_LINEAR", False),
    ):
        image = picture(base, precision, alpha)
        layer = image.get_layers()[0]
        made = dreamt(image, [layer], **MOVING)
        assert made.get_base_type() == base
        assert made.get_precision() == image.get_precision()
        assert [one.has_alpha() for one in made.get_layers()] == [alpha] * 4
        dreamt(image, [layer])
        first, *others = made.get_layers()[::-1]
        own = numbers(first, "R'G'B'A float")
        # babl rounds linear values differently from one process to the next.
        near = 0.002 if precision.endswith("_LINEAR") and "NON" not in precision else 0.0
        assert max(abs(a - b) for a, b in zip(own, numbers(layer, "R'G'B'A float"))) <= near
        # Zoomed by little and dreamt on by few steps, they are not far from it.
        for frame in others:
            apart = [abs(a - b) for a, b in zip(own, numbers(frame, "R'G'B'A float"))]
            assert 0 < sum(apart) / len(apart) < 0.5
        image.delete()
        made.delete()


def check_frames_of_a_selection():
    """They are as large as its bounds, and what is outside it moves without a dream."""
    image = picture(alpha=False)
    layer = image.get_layers()[0]
    select(image)
    made = dreamt(image, [layer], **MOVING, zoom=0.0, steps=8)
    assert (made.get_width(), made.get_height()) == (30, 24)
    own = bits(layer, (15, 10, 30, 24))
    for frame in made.get_layers():
        seen = bits(frame)
        # The corner of an ellipse's bounds is outside of it.
        assert seen[0] == own[0]
        middle = 12 * 30 + 15
        assert seen[middle] != own[middle]


def check_frames_turn_about_the_middle_of_the_selection():
    """Also in a corner of the layer: a half turn turns what is seen."""
    image = picture(alpha=False)
    layer = image.get_layers()[0]
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 20, 12)
    values = {**MOVING, "zoom": 0.0, "rotation": 180.0, "frames": 2, "steps": 0}
    made = dreamt(image, [layer], **values)
    second, first = (bits(one) for one in made.get_layers())
    assert first == bits(layer, (0, 0, 20, 12))
    assert all(
        abs(a - b) <= 1 for one, other in zip(first[::-1], second) for a, b in zip(one, other)
    )


def check_frames_before_a_failure_are_kept():
    """Where the worker is killed in the middle, those that came are an image, and a notice."""
    image = picture(alpha=False)
    values = {**QUICK, **MOVING, "frames": 2000}
    thread = when_running("worker", lambda number: os.kill(number, signal.SIGKILL), delay=4.0)
    status, message, made, notice = call(image, image.get_layers(), **values)
    thread.join()
    assert status == Gimp.PDBStatusType.SUCCESS, message
    count = len(made.get_layers())
    assert 0 < count < 2000
    # The recipe as it was asked for has paths, here that of the network.
    assert all(one.get_parasite("dreamlayer-recipe") is None for one in made.get_layers())
    assert f"ended after {count} of 2000 frames: the worker ended unexpectedly" in notice, notice


def check_frames_are_exported():
    """GIMP's export makes an animation of them that is shown as was set."""
    image = picture(alpha=False)
    made = dreamt(image, image.get_layers(), **MOVING)
    path = os.path.join(RESULTS, "animation.webp")
    export = Gimp.get_pdb().lookup_procedure("file-webp-export")
    config = export.create_config()
    config.set_property("image", made)
    config.set_property("file", Gio.File.new_for_path(path))
    config.set_property("animation", True)
    result = export.run(config)
    assert result.index(0) == Gimp.PDBStatusType.SUCCESS, Gimp.get_pdb().get_last_error()


def check_frames_need_one_layer():
    """Several layers, a mask, a channel and values out of range are refused in a sentence."""
    image = picture()
    add_layer(image, seed=4)
    refused(image, image.get_layers(), "one layer", "2 are chosen", **MOVING)
    layer = image.get_layers()[0]
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
    refused(image, [layer.get_mask()], "is chosen, not the layer", **MOVING)
    image.set_component_active(Gimp.ChannelType.RED, False)
    refused(image, [layer], "one is switched off", **MOVING)
    image.set_component_active(Gimp.ChannelType.RED, True)
    for name, value in (("frames", 1), ("zoom", -60.0), ("rotation", 200.0), ("frame-time", 5)):
        shown = name.replace("-", "_")
        refused(image, [layer], f"{shown} must lie between", **{**MOVING, name: value})


def check_frames_need_memory():
    """They are refused where they would not fit into what is free."""
    animation, messages = module("gimp3.animation"), module("editor.messages")
    original, regions = module("gimp3.original"), module("gimp3.pixels")
    image = picture(size=(400, 300))
    taken = original.Original(regions.Region(image.get_layers()[0], False), True)
    path = os.path.join(RESULTS, "meminfo")
    said = {}
    for free in (96000, 93000):
        with open(path, "w") as file:
            file.write(f"MemTotal: 99999999 kB\nMemAvailable:   {free} kB\n")
        try:
            animation.check_memory(taken, 100, path)
        except messages.RefusedError as error:
            said[free] = str(error)
    # Two copies of 100 frames with four bytes a pixel are 93750 kB.
    assert list(said) == [93000], said
    assert "100 frames of 400 × 300 pixels need about 0.1 GB" in said[93000], said
    animation.check_memory(taken, 100, os.path.join(RESULTS, "no such file"))
