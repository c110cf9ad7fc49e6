"""What the painter does while the dream runs: nothing of it is lost, and no dream."""

import array
import json
import os

import changes
from gi.repository import Babl, Gegl, Gimp
from scene import (
    GRAY,
    PLUGIN,
    QUICK,
    RESULTS,
    WIDTH,
    add_layer,
    bits,
    call,
    dreamt,
    numbers,
    picture,
    processes,
    select,
    selection,
)

HERE = os.path.dirname(os.path.abspath(__file__))


def dream_while(change, image, drawables, **values):
    """Call the filter, and have the painter do something meanwhile; its image and its notice."""
    path = os.path.join(PLUGIN, "worker.json")
    with open(path, encoding="utf-8") as file:
        kept = file.read()
    settings = json.loads(kept)
    paused = ["/usr/bin/python3", os.path.join(HERE, "paused_worker.py")]
    settings["command"] = paused + settings["command"]
    for name in ("asked", "go", "failed"):
        if os.path.exists(os.path.join(RESULTS, name)):
            os.remove(os.path.join(RESULTS, name))
    numbers_ = [drawable.get_id() for drawable in drawables]
    wanted = {"folder": HERE, "name": change, "image": image.get_id(), "drawables": numbers_}
    with open(os.path.join(RESULTS, "change.json"), "w", encoding="utf-8") as file:
        json.dump(wanted, file)
    try:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        status, message, made, notice = call(image, drawables, **{**QUICK, **values})
    finally:
        with open(path, "w", encoding="utf-8") as file:
            file.write(kept)
    assert not os.path.exists(os.path.join(RESULTS, "change.json")), "the painter did nothing"
    if os.path.exists(os.path.join(RESULTS, "failed")):
        with open(os.path.join(RESULTS, "failed"), encoding="utf-8") as file:
            raise AssertionError(f"{change}: {file.read()}")
    assert status == Gimp.PDBStatusType.SUCCESS, f"{change}: {status}: {message}"
    assert not processes("worker"), "a worker is left"
    return made, notice


def scene(feather=None, **how):
    """An image with the layer to dream on above another, and the same dreamt on undisturbed."""
    image = picture(**how)
    add_layer(image, (40, 36), (12, 6), seed=4)
    if feather is not None:
        select(image, feather)
    twin = image.duplicate()
    dreamt(twin, twin.get_layers()[:1])
    return image, image.get_layers()[0], twin, twin.get_layers()[0]


def place(layer):
    """Offsets and size."""
    return (*layer.get_offsets()[1:], layer.get_width(), layer.get_height())


def check_dreaming_while_nothing_happens():
    """The filter whose worker waits gives what it gives else, and tells of nothing."""
    image, layer, _, other = scene()
    made, notice = dream_while("nothing", image, [layer])
    assert made == image
    assert notice == ""
    assert bits(layer) == bits(other)


def check_strokes_stay():
    """What is painted meanwhile stays, with the dream added to it; elsewhere the dream is exact."""
    for precision in ("U8_NON_LINEAR", "U16_NON_LINEAR", "U8_LINEAR"):
        for feather in (None, 5.0):
            image, layer, twin, other = scene(feather, precision=precision)
            then, plain = bits(layer), image.duplicate()
            made, notice = dream_while("stroke", image, [layer])
            assert (made, notice) == (image, "")
            changes.stroke(plain, plain.get_layers()[0])
            now, dream, after = bits(plain.get_layers()[0]), bits(other), bits(layer)
            painted = sum(n != t for n, t in zip(now, then))
            assert 0 < painted <= 5 * 40
            wrong, added = 0, 0
            for n, t, d, a in zip(now, then, dream, after):
                if n == t or d == t:
                    wrong += a != (d if n == t else n)
                    continue
                added += 1
                if "NON" in precision:
                    code = "B" if precision.startswith("U8") else "H"
                    top = 255 if code == "B" else 65535
                    values = zip(*(array.array(code, v) for v in (n, t, d, a)))
                    wrong += any(
                        abs(av - min(max(nv + dv - tv, 0), top)) > (top > 255)
                        for nv, tv, dv, av in list(values)[:3]
                    )
                else:
                    wrong += a == n and d[:3] != t[:3] and abs(d[0] - t[0]) > 20
            assert added > 40, added
            assert not wrong, (precision, feather, wrong)
            assert len(image.get_layers()) == 2
            for one in (image, twin, plain):
                one.delete()


def check_strokes_in_floats_stay():
    """The same in floats, beyond black and white, and with a color that is switched off."""
    image, layer, _, other = scene(precision="FLOAT_NON_LINEAR")
    image.set_component_active(Gimp.ChannelType.GREEN, False)
    then = numbers(layer, "R'G'B'A float")
    plain = image.duplicate()
    changes.stroke(plain, plain.get_layers()[0])
    now = bits(plain.get_layers()[0])
    dream = numbers(other, "R'G'B'A float")
    dream_while("stroke", image, [layer])
    after, painted = bits(layer), 0
    for index, (n, a) in enumerate(zip(now, after)):
        nv, av = array.array("f", n), array.array("f", a)
        tv, dv = then[4 * index : 4 * index + 4], dream[4 * index : 4 * index + 4]
        assert n[4:8] == a[4:8], "green"
        assert n[12:] == a[12:], "alpha"
        if nv[:3] != tv[:3]:
            painted += 1
            # Painted bits are any numbers: NaN and what is too large to add to.
            if abs(nv[0]) < 1e3:
                assert abs(av[0] - (nv[0] + dv[0] - tv[0])) < 1e-2, (index, nv, av)
        else:
            assert abs(av[0] - dv[0]) < 1e-6
    assert painted


def check_erased_stays_erased():
    """What is erased meanwhile stays transparent."""
    image, layer, _twin, other = scene()
    dream_while("erase", image, [layer])
    after = bits(layer)
    for y in range(36):
        for x in range(40):
            left, top = x + 12, y + 6
            pixel = after[y * 40 + x]
            if 5 <= left < 25 and 5 <= top < 13:
                assert pixel[3] == 0, (x, y)
            else:
                assert pixel == bits(other, (x, y, 1, 1))[0]


def moved(change, word, alike=True, **how):
    """Dream while the painter changes the layer: it stays as it is, and the dream goes above it.

    With `alike` the dream is what it becomes where it is there before the change.
    """
    for output in ("in-place", "new-layer"):
        image, layer, twin, other = scene(**how)
        plain = image.duplicate()
        getattr(changes, change)(plain, plain.get_layers()[0])
        getattr(changes, change)(twin, other)
        made, notice = dream_while(change, image, [layer], output=output)
        assert made == image
        assert word in notice, notice
        assert "layer 4" in notice, notice
        top = image.get_layers()[0]
        assert image.get_selected_layers() == [top]
        assert top.get_name() == "Deep Dream of layer 4"
        assert bits(image.get_layers()[1]) == bits(plain.get_layers()[0]), change
        if alike:
            assert place(top) == place(other), (change, place(top), place(other))
            assert bits(top) == bits(other), change
        assert top.get_parasite("dreamlayer-recipe") is not None
        for one in (image, twin, plain):
            one.delete()


def check_image_is_turned():
    """A dream of a layer that is turned meanwhile lies turned above it."""
    moved("rotate_image", "shape")
    moved("rotate_image_back", "shape", precision="U16_LINEAR", alpha=False)
    moved("turn_image_upside_down", "shape", precision="FLOAT_LINEAR")


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


def check_selection_changes():
    """The dream keeps to the selection that it began with; the present one stays."""
    for change in ("drop_selection", "select_elsewhere"):
        for feather in (None, 5.0):
            image, layer, twin, other = scene(feather)
            chosen = selection(image)
            plain = image.duplicate()
            getattr(changes, change)(plain, plain.get_layers()[0])
            _, notice = dream_while(change, image, [layer])
            assert notice == ""
            assert bits(layer) == bits(other), (change, feather)
            assert selection(image) == selection(plain)
            assert image.get_selected_layers() == [layer]
            assert not image.get_channels()
            if feather is None:
                continue
            _, notice = dream_while(change, twin, [other], output="new-layer")
            assert notice == ""
            top = twin.get_layers()[0]
            assert selection(twin) == selection(plain)
            shares, (_, left, up) = numbers(top.get_mask(), "Y float"), top.get_offsets()
            for index, share in enumerate(shares):
                x, y = index % top.get_width() + left, index // top.get_width() + up
                wanted = selection_at(chosen, x, y) if change == "drop_selection" else share
                assert abs(share - wanted) < 0.01


def selection_at(chosen, x, y):
    """A selection's share at a pixel."""
    return chosen[y * WIDTH + x]


def check_layer_is_locked():
    """A layer that is locked meanwhile stays, and the dream goes above it."""
    image, layer, _, other = scene()
    before = bits(layer)
    _, notice = dream_while("lock_pixels", image, [layer])
    assert "locked" in notice
    assert bits(layer) == before
    assert bits(image.get_layers()[0]) == bits(other)


def check_layer_is_filled():
    """A layer that is painted over as a whole stays, and the dream goes above it."""
    image, layer, _, other = scene()
    _, notice = dream_while("fill_all", image, [layer])
    assert "painted over" in notice
    assert set(bits(layer)) == {b"\xff\xff\xff\xff"}
    assert bits(image.get_layers()[0]) == bits(other)


def check_mask_changes():
    """A layer's mask may come, be edited or be applied; the dream goes into the layer."""
    for change in ("add_mask", "paint_mask", "apply_mask"):
        image, layer, _twin, other = scene()
        if change != "add_mask":
            for one in (layer, other):
                mask = one.create_mask(Gimp.AddMaskType.WHITE)
                one.add_mask(mask)
        _, notice = dream_while(change, image, [layer])
        assert notice == "", notice
        assert bits(layer) == bits(other), change
        assert (layer.get_mask() is None) == (change == "apply_mask")


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
    assert made != image or any("layer 4" in name for name in names), names
