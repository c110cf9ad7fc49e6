"""Checks of pixels: what a dream leaves alone keeps its bytes, in every depth and model."""

import array

import scene

from dreamlayer.pykrita.pixels import Box, Space, space_of


def check_identity_everywhere():
    """A dream of no steps gives the very bytes back, hidden colors and alpha too."""
    failed = []
    for space in scene.SPACES:
        made, node = scene.picture(space)
        before = scene.data(node)
        scene.dream(made, [node], scene.NOTHING)
        result = scene.top(made)
        changed = scene.differing(scene.data(result), before)
        if changed or space_of(result) != space or len(scene.tree(made)) != 2:
            failed.append((space, changed, space_of(result), scene.tree(made)))
        del node, result
        made.close()
    assert not failed, failed


def check_dreams_change_colors_alone():
    """A dream changes what is seen; alpha, and the colors that it hides, stay bit-identical."""
    failed = []
    for space in scene.SPACES:
        made = scene.document(space)
        node = scene.add(made, scene.colors(space))
        before = scene.data(node)
        scene.dream(made, [node])
        after = scene.data(scene.top(made))
        size, value = space.pixel_bytes, space.value_bytes
        pixels = range(0, len(before), size)
        alphas = [before[p + size - value : p + size] for p in pixels]
        kept = all(after[p + size - value : p + size] == alpha for p, alpha in zip(pixels, alphas))
        hidden = all(
            after[p : p + size] == before[p : p + size]
            for p, alpha in zip(pixels, alphas)
            if not any(alpha)
        )
        shown = [p for p, alpha in zip(pixels, alphas) if any(alpha)]
        share = sum(after[p : p + size] != before[p : p + size] for p in shown) / len(shown)
        if not kept or not hidden or share < 0.5:
            failed.append((space, kept, hidden, share))
        del node
        made.close()
    assert not failed, failed


def check_not_a_number():
    """Pixels with infinity or not a number are not dreamt on, and keep their bytes."""
    for space in (
        Space("RGBA", "F32", scene.SRGB),
        Space("RGBA", "F32", "sRGB-elle-V2-g10.icc"),
        Space("XYZA", "F32", "XYZ identity built-in"),
    ):
        values = array.array("f", scene.colors(space))
        values[3::4] = array.array("f", [1.0] * (len(values) // 4))
        values[4 * 100] = scene.nan()
        values[4 * 200 + 1] = float("inf")
        values[4 * 300 + 2] = float("-inf")
        made = scene.document(space)
        node = scene.add(made, values.tobytes())
        before = scene.data(node)
        scene.dream(made, [node])
        after = scene.data(scene.top(made))
        for pixel in (100, 200, 300):
            assert after[16 * pixel : 16 * pixel + 16] == before[16 * pixel : 16 * pixel + 16]
        assert scene.differing(after, before) > len(before) / 4
        finite = array.array("f", after)
        assert sum(v - v != 0 for v in finite) == 3
        del node
        made.close()


def check_wide_and_bright_colors():
    """Colors beyond sRGB, black and white are dreamt on without being cut off."""
    space = Space("RGBA", "F32", "Rec2020-elle-V4-g10.icc")
    box = scene.WHOLE
    made = scene.document(space)
    node = scene.add(
        made, array.array("f", [4.0, 1.0, 0.0, 1.0] * box.width * box.height).tobytes()
    )
    scene.dream(made, [node])
    after = array.array("f", scene.data(scene.top(made)))
    assert sum(after[0::4]) / len(after[0::4]) > 3.0


def check_bands():
    """A picture of several bands comes back whole, and in the right order."""
    box = Box(0, 0, 2100, 2050)
    made = scene.document(size=box[2:])
    row = scene.opaque(Box(0, 0, box.width, 1))
    before = b"".join(row[4 * n :] + row[: 4 * n] for n in range(box.height))
    node = scene.add(made, before, box)
    scene.dream(made, [node], scene.NOTHING)
    assert scene.data(scene.top(made), box) == before


def check_order_of_channels():
    """Red is sent as red: what is only red is dreamt on like that, in all depths."""
    from dreamlayer.pykrita.color import Wire

    for depth, red in (("U8", 255), ("U16", 65535), ("F16", 1.0), ("F32", 1.0)):
        native = [0, 0, red, red] if depth in ("U8", "U16") else [red, 0, 0, red]
        space = Space("RGBA", depth, scene.SRGB)
        wire = Wire(space)
        sent = wire.sent(scene.packed(native, depth), 1, 1)
        code = {"uint8": "B", "uint16": "H", "float32": "f"}[wire.kind]
        assert list(array.array(code, sent)) == [red, 0, 0, red], (depth, sent)
        assert wire.received(sent, 1, 1) == scene.packed(native, depth)
