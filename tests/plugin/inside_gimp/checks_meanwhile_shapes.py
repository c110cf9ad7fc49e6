"""Layers that are turned, cropped, converted or deleted while the dream runs."""

import array

import changes
from gi.repository import Babl, Gegl, Gimp
from meanwhile import dream_while, moved, place, scene
from scene import GRAY, WIDTH, add_layer, bits, dreamt, numbers, picture, selection


def check_image_is_turned():
    """A dream of a layer that is turned meanwhile lies turned above it."""
    moved("rotate_image", "shape")
    moved("rotate_image_back", "shape", precision="U16_NON_LINEAR", alpha=False)
    moved("turn_image_upside_down", "shape", precision="FLOAT_NON_LINEAR")
    moved("turn_image_upside_down", "shape", near=0.002, precision="FLOAT_LINEAR")


def check_image_is_flipped():
    """A dream of a layer that is flipped meanwhile lies flipped above it."""
    moved("flip_image", "shape")
    moved("flip_layer", "shape", base=GRAY)


def check_square_is_turned():
    """A square layer that is turned is not taken for one that was painted over."""
    image = picture(size=(40, 40))
    layer, twin = image.get_layers()[0], image.duplicate()
    other = twin.get_layers()[0]
    dreamt(twin, [other])
    twin.rotate(Gimp.RotationType.DEGREES90)
    _, notice = dream_while("rotate_image", image, [layer])
    assert "shape" in notice
    assert bits(image.get_layers()[0]) == bits(other)


def check_selected_part_is_turned():
    """A selected part that is turned meanwhile lies turned, behind its turned mask."""
    image, layer, twin, other = scene(5.0)
    changes.rotate_image(twin, other)
    _, notice = dream_while("rotate_image", image, [layer])
    assert "shape" in notice
    top = image.get_layers()[0]
    left, up = (a - b for a, b in zip(top.get_offsets()[1:], other.get_offsets()[1:]))
    there = bits(other, (left, up, top.get_width(), top.get_height()))
    assert bits(top) == there
    shares = numbers(top.get_mask(), "Y float")
    assert set(shares) == {0.0, 1.0}
    chosen = selection(image)
    _, left, up = top.get_offsets()
    for index, share in enumerate(shares):
        x, y = index % top.get_width() + left, index // top.get_width() + up
        assert (chosen[y * image.get_width() + x] > 0) == (share > 0), (x, y)


def check_image_is_cropped():
    """A dream of a layer that is cropped or enlarged lies on the pixels that it is of."""
    moved("crop_image", "shape", alike=False)
    moved("enlarge_layer", "shape", alike=False)
    for change, name in (("crop_image", "crop"), ("enlarge_layer", "enlarge")):
        image, layer, _twin, other = scene()
        original, at = bits(layer), layer.get_offsets()[1:]
        dream_while(change, image, [layer])
        top = image.get_layers()[0]
        assert bits(top) == bits(other), name
        gone = (13, 9) if change == "crop_image" else (0, 0)
        assert [a - g for a, g in zip(at, gone)] == list(top.get_offsets()[1:]), name
        assert original != bits(top)


def check_image_is_scaled():
    """A dream of an image that is scaled meanwhile is scaled, too."""
    image, layer, twin, other = scene()
    changes.scale_image(twin, other)
    _, notice = dream_while("scale_image", image, [layer])
    assert "shape" in notice
    top = image.get_layers()[0]
    assert place(top) == place(other)
    apart = [abs(a - b) for p, q in zip(bits(top), bits(other)) for a, b in zip(p, q)]
    assert sum(apart) / len(apart) < 1, sum(apart) / len(apart)


def check_layer_is_bent():
    """A dream of a layer that is turned by an angle, or scaled, lies over its middle."""
    for change in ("turn_layer", "scale_layer"):
        image, layer, _, other = scene()
        _, notice = dream_while(change, image, [layer])
        assert "shape" in notice
        top, below = image.get_layers()[:2]
        assert bits(top) == bits(other)
        middles = [
            (x + width / 2, y + height / 2) for x, y, width, height in map(place, (top, below))
        ]
        assert all(abs(a - b) <= 1 for a, b in zip(*middles)), middles


def check_layer_is_moved():
    """A layer that is only moved is dreamt on where it is."""
    for change in ("move_layer", "enlarge_canvas", "reorder", "group_layer", "rename_layer"):
        for feather in (None, 4.0):
            image, layer, _, other = scene(feather)
            chosen = selection(image)
            _, notice = dream_while(change, image, [layer])
            assert notice == "", notice
            assert bits(layer) == bits(other), change
            assert change == "enlarge_canvas" or selection(image) == chosen
            image.delete()


def check_image_is_converted():
    """A dream of an image that is converted meanwhile is converted, on a layer of its own."""
    for change in ("make_gray", "make_float", "assign_profile", "convert_profile", "add_alpha"):
        image, layer, twin, other = scene(alpha=change != "add_alpha")
        if change == "add_alpha":
            image.remove_layer(layer)
            twin.remove_layer(other)
            layer = add_layer(image, (40, 36), (12, 6), alpha=False, seed=4)
            twin = image.duplicate()
            other = twin.get_layers()[0]
            dreamt(twin, [other])
        plain = image.duplicate()
        getattr(changes, change)(plain, plain.get_layers()[0])
        _, notice = dream_while(change, image, [layer])
        assert "converted" in notice, notice
        top, below = image.get_layers()[:2]
        assert bits(below) == bits(plain.get_layers()[0])
        # The colors are those of the undisturbed dream, or what they are in gray.
        form = "Y' float" if change == "make_gray" else "R'G'B' float"
        whole = Gegl.Rectangle.new(0, 0, 40, 36)
        sides = [
            array.array("f", one.get_buffer().get(whole, 1.0, form, Gegl.AbyssPolicy.NONE))
            for one in (top, other)
        ]
        apart = [abs(a - b) for a, b in zip(*sides)]
        limit = 0.02 if change == "assign_profile" else 0.005
        assert sum(apart) / len(apart) < limit, (change, sum(apart) / len(apart))
        assert Babl.get_name(top.get_format()).startswith(Babl.get_name(below.get_format())[:4])
        assert place(top) == place(below)


def check_layer_is_gone():
    """A dream of a layer that is deleted or merged meanwhile lies where that was."""
    for change in ("delete_layer", "merge_layers", "flatten"):
        for output in ("in-place", "new-layer"):
            image, layer, _, other = scene()
            made, notice = dream_while(change, image, [layer], output=output)
            assert made == image
            assert "deleted or merged" in notice, notice
            assert not layer.is_valid()
            top = image.get_layers()[0]
            assert place(top) == place(other)
            assert bits(top) == bits(other)
            assert len(image.get_layers()) == 2


def check_layers_are_gone():
    """Of several layers, each dream is kept, and one sentence names them."""
    image, _, twin, _ = scene()
    dreamt(twin, twin.get_layers()[1:])
    _, notice = dream_while("flatten", image, image.get_layers())
    assert "'layer 4', 'layer 1'" in notice, notice
    assert [bits(layer) for layer in image.get_layers()[:2]] == [
        bits(layer) for layer in twin.get_layers()
    ]


def check_image_is_indexed():
    """A dream of an image that is made indexed meanwhile is in a new image of the old kind."""
    image, layer, _, other = scene()
    made, notice = dream_while("make_indexed", image, [layer])
    assert "indexed" in notice
    assert made != image
    assert bits(made.get_layers()[0]) == bits(other)


def check_mask_or_channel_is_gone():
    """A dream of a mask or channel that is deleted meanwhile lies on a layer."""
    image = picture()
    layer = image.get_layers()[0]
    mask = layer.create_mask(Gimp.AddMaskType.COPY)
    layer.add_mask(mask)
    twin = image.duplicate()
    other = twin.get_layers()[0].get_mask()
    dreamt(twin, [other])
    _, notice = dream_while("remove_masked", image, [mask])
    assert "deleted" in notice
    top = image.get_layers()[0]
    grays = [numbers(one, "Y' float") for one in (top, other)]
    assert max(abs(a - b) for a, b in zip(*grays)) < 0.01
    channel = Gimp.Channel.new(image, "a channel", WIDTH, 47, 50.0, Gegl.Color.new("red"))
    image.insert_channel(channel, None, 0)
    _, notice = dream_while("delete_channel", image, [channel])
    assert "'a channel' was deleted" in notice
    assert len(image.get_layers()) == 3


def check_selection_floats():
    """A floating selection that comes meanwhile does not keep the dream out."""
    image, layer, _, _other = scene(0.0)
    made, _ = dream_while("float_selection", image, [layer])
    names = [one.get_name() for one in (*made.get_layers(), *image.get_layers())]
    assert made != image or "Deep Dream of layer 4" in names, names
