"""Strokes, selections, masks and locks that come while the dream runs: nothing of them is lost."""

import array

import changes
from gi.repository import Gimp
from meanwhile import dream_while, scene
from scene import WIDTH, bits, numbers, selection


def check_dreaming_while_nothing_happens():
    """The filter whose worker waits gives what it gives else, and tells of nothing."""
    image, layer, _, other = scene()
    made, notice = dream_while("nothing", image, [layer])
    assert made == image
    assert notice == ""
    assert bits(layer) == bits(other)


def check_strokes_stay():
    """What is painted meanwhile stays, with the dream added to it; elsewhere the dream is exact.

    In linear precision it is exact to a level.
    """
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
                    wanted = d if n == t else n
                    # Linear pixels are sent as floats, which babl does not round alike each time.
                    apart = max(abs(p - q) for p, q in zip(a, wanted))
                    wrong += apart > 1 if precision == "U8_LINEAR" else a != wanted
                    continue
                added += 1
                code = "B" if precision.startswith("U8") else "H"
                values = list(zip(*(array.array(code, v) for v in (n, t, d, a))))
                if "NON" in precision:
                    top = 255 if code == "B" else 65535
                    wrong += any(
                        abs(av - min(max(nv + dv - tv, 0), top)) > (top > 255)
                        for nv, tv, dv, av in values[:3]
                    )
                else:
                    # What is dreamt, and so what is added, is perceptual.
                    wrong += any(
                        abs(av - linear(perceptual(nv) + perceptual(dv) - perceptual(tv))) > 1
                        for nv, tv, dv, av in values[:3]
                    )
            assert added > 40, added
            assert not wrong, (precision, feather, wrong)
            assert len(image.get_layers()) == 2
            for one in (image, twin, plain):
                one.delete()


def perceptual(level):
    """A linear 8-bit level with the curve of sRGB, in 0..1."""
    share = level / 255
    return 12.92 * share if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055


def linear(share):
    """The inverse, as far as 8 bits hold it."""
    share = min(max(share, 0.0), 1.0)
    return 255 * (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)


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
                assert abs(share - selection_at(chosen, x, y)) < 0.01


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
