"""Where the dream goes: new layers and new images."""

import json

from gi.repository import Gimp
from scene import HEIGHT, WIDTH, add_layer, bits, dreamt, fill, numbers, picture, select, selection


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
