"""Where the dream goes: new layers and new images."""

import json

from gi.repository import Gegl, Gimp
from scene import (
    HEIGHT,
    WIDTH,
    add_layer,
    bits,
    dreamt,
    fill,
    numbers,
    picture,
    refused,
    select,
    selection,
)


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


def check_new_layer_is_the_default():
    """Without an output, the dream goes onto a new layer."""
    image = picture()
    layer = image.get_layers()[0]
    before = bits(layer)
    dreamt(image, [layer], output="")
    assert bits(layer) == before
    assert len(image.get_layers()) == 2
    arguments = Gimp.get_pdb().lookup_procedure("plug-in-deep-dream").get_arguments()
    assert {a.name: a.get_default_value() for a in arguments}["output"] == "new-layer"


def check_new_layers_are_chosen():
    """After the dream the new layers are chosen, and they are edited, not their masks."""
    for feather in (None, 5.0):
        image = picture()
        first, second = image.get_layers()[0], add_layer(image, (40, 36), (12, 6), seed=4)
        own = second.create_mask(Gimp.AddMaskType.WHITE)
        second.add_mask(own)
        second.set_edit_mask(False)
        if feather is not None:
            select(image, feather)
        dreamt(image, [second, first], output="new-layer")
        made = [one for one in image.get_layers() if one.get_name().startswith("Deep Dream")]
        assert [one.get_name() for one in made] == [
            "Deep Dream of layer 4",
            "Deep Dream of layer 1",
        ]
        assert {one.get_id() for one in image.get_selected_layers()} == {
            one.get_id() for one in made
        }
        assert made[0].get_mask() is not None
        assert (made[1].get_mask() is None) == (feather is None)
        for one in made:
            assert one.get_mask() is None or not one.get_edit_mask()
        assert not any(isinstance(d, Gimp.LayerMask) for d in image.get_selected_drawables())
        # A second dream is of the new layers.
        dreamt(image, made[:1], output="new-layer")
        assert image.get_layers()[0].get_name() == "Deep Dream of Deep Dream of layer 4"


def check_opacity_and_mode():
    """A new layer has the opacity and mode that are asked for; the dream is the same."""
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-deep-dream")
    told = {argument.name: argument.blurb for argument in procedure.get_arguments()}["mode"]
    modes = told.partition("One of ")[2].split(", ")
    assert {"normal", "screen", "overlay", "softlight", "lighten-only", "darken-only"} <= {*modes}
    assert {"multiply", "hsl-color", "lch-color", "luminance"} <= {*modes}
    image = picture()
    layer = image.get_layers()[0]
    for number, mode in enumerate(modes):
        dreamt(image, [layer], output="new-layer", mode=mode, opacity=100.0 - 7 * number, steps=0)
        (top,) = image.get_selected_layers()
        assert top.get_mode() == getattr(Gimp.LayerMode, mode.upper().replace("-", "_"))
        assert abs(top.get_opacity() - (100 - 7 * number)) < 1e-6
        assert bits(top) == bits(layer)
    dreamt(image, [layer], output="new-layer", opacity=0.0, steps=0)
    assert image.get_selected_layers()[0].get_opacity() == 0


def check_paint_in():
    """To paint in: the dream behind a black mask that is chosen, whatever is selected."""
    for feather in (None, 5.0):
        image = picture()
        layer = image.get_layers()[0]
        if feather is not None:
            select(image, feather)
        twin = image.duplicate()
        dreamt(twin, twin.get_layers(), output="new-layer")
        before = bits(layer)
        dreamt(image, [layer], output="paint-in")
        top = image.get_layers()[0]
        assert bits(layer) == before
        assert bits(top) == bits(twin.get_layers()[0])
        mask = top.get_mask()
        assert set(numbers(mask, "Y float")) == {0.0}
        assert top.get_edit_mask()
        assert image.get_selected_drawables() == [mask]
        # Asked for again on the mask, the filter says what is chosen.
        message = refused(image, [mask], "mask of 'Deep Dream of layer 1'", output="paint-in")
        assert "In place" in message


def check_mask_from_layer_mask():
    """The layer's mask weighs the dream as a selection of its shape does."""
    for precision in ("U8_NON_LINEAR", "FLOAT_LINEAR"):
        image = picture(precision=precision)
        layer = image.get_layers()[0]
        mask = layer.create_mask(Gimp.AddMaskType.WHITE)
        layer.add_mask(mask)
        fill(mask, 7)
        buffer = mask.get_buffer()
        # Black at the left, and white beyond white where floats hold that.
        buffer.set(Gegl.Rectangle.new(0, 0, 20, HEIGHT), "Y u8", bytes(20 * HEIGHT))
        buffer.flush()
        twin = image.duplicate()
        other = twin.get_layers()[0]
        twin.select_item(Gimp.ChannelOps.REPLACE, other.get_mask())
        dreamt(twin, [other])
        before = bits(layer)
        dreamt(image, [layer], **{"mask-from": "layer-mask"})
        after = bits(layer)
        assert after != before
        for index, (b, a) in enumerate(zip(before, after)):
            assert b == a or index % WIDTH >= 20
        if precision.startswith("U8"):
            # The selection's bounds limit what the network sees, by more than its reach here.
            inner = [i for i in range(len(after)) if i % WIDTH >= 20]
            assert [after[i] for i in inner] == [bits(other)[i] for i in inner]
        image.delete()


def check_mask_from_both():
    """With a selection and a mask, what either leaves out stays; a new layer shows the rest."""
    image = picture()
    layer = image.get_layers()[0]
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    fill(mask, 7)
    buffer = mask.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, 30, HEIGHT), "Y u8", bytes(30 * HEIGHT))
    buffer.flush()
    select(image, 5.0)
    chosen, shares, before = selection(image), numbers(mask, "Y float"), bits(layer)
    dreamt(image, [layer], **{"mask-from": "layer-mask", "output": "new-layer"})
    top = image.get_layers()[0]
    shown, (_, left, up) = numbers(top.get_mask(), "Y float"), top.get_offsets()
    for index, value in enumerate(shown):
        x, y = index % top.get_width() + left, index // top.get_width() + up
        least = min(chosen[y * WIDTH + x], shares[y * WIDTH + x])
        assert value == (1.0 if least > 0 else 0.0)
    dreamt(image, [layer], **{"mask-from": "layer-mask"})
    changed = [i for i, (b, a) in enumerate(zip(before, bits(layer))) if b != a]
    assert changed
    assert all(min(chosen[i], shares[i]) > 0 for i in changed)
