"""A layer as guide picture, of this or another image."""

import json

from gi.repository import Babl, Gegl, Gimp
from scene import GRAY, RGB, add_layer, bits, dreamt, numbers, picture, refused, session, write

GUIDED = {"layers": "deep:1::direction", "output": "in-place"}


def check_guide_layer_equal_to_headless():
    """With a layer of another image as guide, the filter gives what the core gives with it."""
    image, other = picture(alpha=False), picture(size=(40, 30), alpha=False)
    layer, guide = image.get_layers()[0], add_layer(other, (40, 30), alpha=False, seed=5)
    write("guided-before", b"".join(bits(layer)))
    write("guided-guide", b"".join(bits(guide)))
    values = {"seed": 3, "smoothing": 1.5, "strength": 0.75, "guide-layer": guide}
    dreamt(image, [layer], **GUIDED, **values)
    write("guided-after", b"".join(bits(layer)))
    recipe = json.loads(bytes(layer.get_parasite("dreamlayer-recipe").get_data()))
    assert recipe["guide"].startswith("picture-"), recipe["guide"]


def check_guide_layer_of_any_kind():
    """Grey, deep, transparent and large layers, groups and masks guide dreams of any precision."""
    for precision in ("U8_NON_LINEAR", "U16_NON_LINEAR", "FLOAT_LINEAR"):
        image = picture(precision=precision)
        layer = image.get_layers()[0]
        before = bits(layer)
        group = Gimp.GroupLayer.new(image, "group")
        image.insert_layer(group, None, 0)
        inside = add_layer(image, (30, 20), seed=2)
        image.reorder_item(inside, group, 0)
        mask = layer.create_mask(Gimp.AddMaskType.WHITE)
        layer.add_mask(mask)
        grey = picture(GRAY, "FLOAT_LINEAR").get_layers()[0]
        deep = picture(RGB, "U16_LINEAR", profile=Gimp.ColorProfile.new_rgb_adobe()).get_layers()[0]
        large = picture(size=(2100, 16), alpha=False).get_layers()[0]
        results = []
        for guide in (layer, group, mask, grey, deep, large):
            dreamt(image, [layer], **GUIDED, **{"guide-layer": guide})
            results.append(tuple(bits(layer)))
            restore(layer, before)
        assert len(set(results)) > 3, "guides make no difference"


def check_guide_layer_is_seen_in_the_image_s_colors():
    """The same colors guide alike whatever profile the guide's own image has."""
    image = picture(precision="U16_NON_LINEAR", alpha=False)
    plain = picture(precision="U16_NON_LINEAR", alpha=False)
    wide = picture(precision="U16_NON_LINEAR", alpha=False)
    wide.convert_color_profile(
        Gimp.ColorProfile.new_rgb_adobe(), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, False
    )
    results = []
    for other in (plain, wide):
        layer = image.get_layers()[-1].copy()
        image.insert_layer(layer, None, 0)
        guide = other.get_layers()[0]
        dreamt(image, [layer], **GUIDED, **{"guide-layer": guide})
        results.append(numbers(layer, "R'G'B' float"))
    far = max(abs(a - b) for a, b in zip(*results))
    assert far < 0.02, far


def check_guide_layer_is_passed_over():
    """Where no layer of the network is compared with a guide, it changes nothing."""
    results = []
    for values in ({}, {"guide-layer": picture(size=(20, 20)).get_layers()[0]}):
        image = picture()
        dreamt(image, image.get_layers(), output="in-place", **values)
        results.append(bits(image.get_layers()[0]))
    assert results[0] == results[1]


def check_guide_layer_by_text():
    """What the dialog writes for a layer, which GIMP can repeat, is the layer; or it is gone."""
    other, results = picture(size=(40, 30)), []
    guide = other.get_layers()[0]
    text = f"layer {guide.get_id()} {session()} {guide.get_name()}"
    for values in ({"guide-layer": guide}, {"guide": text}):
        image = picture()
        dreamt(image, image.get_layers(), **GUIDED, **values)
        results.append(bits(image.get_layers()[0]))
    assert results[0] == results[1]
    image = picture()
    former = text.replace(session(), "0123456789abcdef")
    refused(image, image.get_layers(), "deleted or renamed", **GUIDED, guide=former)
    guide.set_name("another")
    refused(image, image.get_layers(), "deleted or renamed", **GUIDED, guide=text)
    other.delete()
    refused(image, image.get_layers(), "deleted or renamed", **GUIDED, guide=text)


def check_guide_layer_of_a_palette_is_reduced_in_colors():
    """A large indexed guide is what it is in RGB: numbers of a palette are not mixed."""
    results = []
    for indexed in (False, True):
        other = picture(size=(2100, 16), alpha=False)
        other.convert_indexed(
            Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, ""
        )
        if not indexed:
            other.convert_rgb()
        image = picture()
        dreamt(image, image.get_layers(), **GUIDED, **{"guide-layer": other.get_layers()[0]})
        results.append(numbers(image.get_layers()[0], "R'G'B' float"))
    far = max(abs(a - b) for a, b in zip(*results))
    assert far < 0.02, far


def check_no_guide():
    """Without a guide that is needed, the filter asks for one."""
    image = picture()
    refused(image, image.get_layers(), "guide", layers="deep:1::direction")


def restore(layer, before):
    """Write pixels back."""
    whole = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
    buffer = layer.get_buffer()
    buffer.set(whole, Babl.get_name(layer.get_format()), b"".join(before))
    buffer.flush()
