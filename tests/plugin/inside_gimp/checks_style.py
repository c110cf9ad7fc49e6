"""Style Transfer, called by scripts: style pictures, weights, precisions, and what is refused."""

import json
import os

from gi.repository import Babl, Gegl, Gimp, Gio
from scene import (
    GRAY,
    HEIGHT,
    NETWORK,
    RESULTS,
    RGB,
    WIDTH,
    add_layer,
    bits,
    fill,
    numbers,
    picture,
    processes,
    select,
    selection,
    write,
)

STYLE_QUICK = {
    "network": NETWORK,
    "content-layers": "deep",
    "style-layers": "image, first, deep",
    "octaves": 1,
    "rounds": 1,
    "evaluations": 4,
    "output": "in-place",
}
KINDS = [
    (RGB, "U8_NON_LINEAR", False),
    (RGB, "U16_NON_LINEAR", True),
    (RGB, "U32_LINEAR", True),
    (RGB, "FLOAT_LINEAR", True),
    (GRAY, "U8_LINEAR", True),
    (GRAY, "HALF_NON_LINEAR", False),
    (GRAY, "DOUBLE_PERCEPTUAL", True),
]
"""Base types, precisions and alpha: some of each."""

ALONE = Gimp.RunMode.NONINTERACTIVE


def style(image, drawables, run_mode=ALONE, layers=(), images=(), files=(), **values):
    """Call the filter; status, message and the image it gave back."""
    pictures = [f"layer:{one.get_id()}" for one in layers]
    pictures += [f"image:{one.get_id()}" for one in images]
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-style-transfer")
    config = procedure.create_config()
    config.set_property("run-mode", run_mode)
    config.set_property("image", image)
    config.set_core_object_array("drawables", list(drawables))
    config.set_property("style-pictures", pictures + list(files))
    for name, value in values.items():
        config.set_property(name.replace("_", "-"), value)
    result = procedure.run(config)
    status = result.index(0)
    message = Gimp.get_pdb().get_last_error() if status != Gimp.PDBStatusType.SUCCESS else ""
    return status, message, result.index(1) if result.length() > 1 else None


def styled(image, drawables, layers=(), images=(), **values):
    """Call the filter, which must succeed; the image it gave back."""
    values = {**STYLE_QUICK, **values}
    status, message, made = style(image, drawables, ALONE, layers, images, **values)
    assert status == Gimp.PDBStatusType.SUCCESS, f"{status}: {message}"
    assert not processes("worker"), "a worker is left"
    return made


def refused(image, drawables, *words, **values):
    """Call the filter, which must refuse in a sentence that has these words."""
    before = [bits(drawable) for drawable in drawables]
    images = len(Gimp.get_images())
    status, message, _ = style(image, drawables, **{**STYLE_QUICK, **values})
    assert status == Gimp.PDBStatusType.EXECUTION_ERROR, status
    for word in words:
        assert word in message, f"{word!r} is not in {message!r}"
    assert "Traceback" not in message and "--" not in message and "\n" not in message, message
    assert before == [bits(drawable) for drawable in drawables]
    assert len(Gimp.get_images()) == images, "a style picture's image is left"
    assert not processes("worker"), "a worker is left"
    return message


def file_of(image, name):
    """Save an image into a file; its path."""
    path = os.path.join(RESULTS, name)
    Gimp.file_save(ALONE, image, Gio.File.new_for_path(path), None)
    return path


def check_style_equals_headless():
    """By layer, image and file, with weights: on 8 bits what the core makes; read by the test."""
    image = picture()
    layer = image.get_layers()[0]
    other = picture(size=(50, 44))
    fill(other.get_layers()[0], 7)
    third = picture(size=(48, 70), alpha=False)
    fill(third.get_layers()[0], 8)
    below = add_layer(image, (45, 52), (3, 2), seed=6)
    for name, one in (
        ("before", layer),
        ("1", below),
        ("2", other.get_layers()[0]),
        ("3", third.get_layers()[0]),
    ):
        write(f"style-{name}", b"".join(bits(one)))
    path = file_of(third, "third style ü.png")
    images = len(Gimp.get_images())
    values = {"files": [path], "style_weights": "1, 0.5,2", "seed": 3, "strength": 0.75}
    assert styled(image, [layer], [below], [other], **values) == image
    assert len(Gimp.get_images()) == images, "a style picture's image is left"
    assert len(other.get_layers()) == 1
    write("style-after", b"".join(bits(layer)))


def check_style_in_a_selection():
    """A feathered selection blends the style; no bit changes outside; read by the test."""
    image = picture()
    other = picture(size=(50, 44))
    fill(other.get_layers()[0], 7)
    select(image, 12.0)
    layer = image.get_layers()[0]
    whole = Gegl.Rectangle.new(0, 0, WIDTH, HEIGHT)
    chosen = image.get_selection().get_buffer().get(whole, 1.0, "Y u8", Gegl.AbyssPolicy.NONE)
    write("style-selected-before", b"".join(bits(layer)))
    write("style-selected-mask", chosen)
    write("style-selected-style", b"".join(bits(other.get_layers()[0])))
    styled(image, [layer], other.get_layers(), seed=3)
    write("style-selected-after", b"".join(bits(layer)))


def check_style_in_every_kind():
    """In RGB and gray of each precision pixels change; alpha and what is not selected do not."""
    other = picture()
    fill(other.get_layers()[0], 7)
    wrong = []
    for base, precision, alpha in KINDS:
        image = picture(base, precision, alpha)
        layer = image.get_layers()[0]
        _tame(layer)
        select(image, 5.0)
        before, chosen = bits(layer), selection(image)
        opacity = _alpha(layer) if alpha else None
        styled(image, [layer], other.get_layers())
        after = bits(layer)
        inside = [n for n, share in enumerate(chosen) if share > 0.999]
        changed = sum(before[n] != after[n] for n in inside)
        outside = sum(before[n] != after[n] for n, s in enumerate(chosen) if s == 0)
        same = opacity is None or _alpha(layer) == opacity
        if changed < 0.8 * len(inside) or outside or not same:
            wrong.append((base.value_nick, precision, alpha, changed, outside, same))
    assert not wrong, wrong


def _tame(layer):
    """Floats within 0..1, as the style's content must be for the most part."""
    values = numbers(layer, "RGBA float")
    kind = Babl.get_name(Babl.format_get_type(layer.get_format(), 0))
    if kind in ("half", "float", "double"):
        tame = type(values)("f", (min(max(value, 0.05), 0.95) for value in values))
        form = Babl.get_name(Babl.format_with_space("RGBA float", layer.get_format()))
        buffer = layer.get_buffer()
        buffer.set(Gegl.Rectangle.new(0, 0, WIDTH, HEIGHT), form, tame.tobytes())
        buffer.flush()


def _alpha(layer):
    own = layer.get_format()
    size = Babl.format_get_bytes_per_pixel(own) // Babl.format_get_n_components(own)
    return [pixel[-size:] for pixel in bits(layer)]


def check_style_of_each_kind():
    """Gray, deep, indexed and transparent style pictures, groups and masks all give a style."""
    results = []
    for base, precision in ((RGB, "FLOAT_LINEAR"), (GRAY, "U8_NON_LINEAR")):
        other = picture(base, precision)
        fill(other.get_layers()[0], 7)
        _tame(other.get_layers()[0])
        results.append(_with_style([other.get_layers()[0]]))
        results.append(_with_style((), [other]))
    indexed = picture(alpha=False)
    indexed.convert_indexed(
        Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, ""
    )
    results.append(_with_style(indexed.get_layers()))
    results.append(_with_style((), [indexed]))
    grouped = picture()
    group = Gimp.GroupLayer.new(grouped, "a group")
    grouped.insert_layer(group, None, 0)
    grouped.reorder_item(add_layer(grouped, seed=9), group, 0)
    results.append(_with_style([group]))
    # Layer and whole image of one layer are one picture.
    assert results[4] == results[5]
    assert len({tuple(one) for one in results}) >= 4


def _with_style(layers, images=()):
    image = picture()
    layer = image.get_layers()[0]
    before = bits(layer)
    styled(image, [layer], layers, images)
    after = bits(layer)
    assert after != before
    return after


def check_style_weights_count():
    """A picture of weight 0 has no say; of two, the heavier one has more."""
    one, two = picture(), picture()
    fill(two.get_layers()[0], 7)
    first, second = one.get_layers()[0], two.get_layers()[0]

    def weighed(layers, weights):
        image = picture()
        styled(image, image.get_layers(), layers, style_weights=weights)
        return bits(image.get_layers()[0])

    alone = weighed([second], "")
    assert weighed([first, second], "0, 1") == alone
    assert weighed([second], "5") == alone
    assert weighed([first, second], "1, 1") != weighed([first, second], "1, 3")


def check_style_outputs():
    """A new layer and a new image carry the style's recipe; the layer is as it was."""
    for output in ("new-layer", "new-image"):
        image, other = picture(precision="U16_NON_LINEAR"), picture()
        layer = image.get_layers()[0]
        before = bits(layer)
        look = {"opacity": 40.0, "mode": "screen"}
        made = styled(image, [layer], other.get_layers(), output=output, seed=11, **look)
        assert bits(layer) == before
        top = made.get_layers()[0]
        assert (made == image) == (output == "new-layer")
        name = "Style Transfer of layer 1" if output == "new-layer" else "layer 1"
        assert top.get_name() == name
        if output == "new-layer":
            assert round(top.get_opacity()) == 40
            assert top.get_mode() == Gimp.LayerMode.SCREEN
        recipe = json.loads(bytes(top.get_parasite("dreamlayer-style-recipe").get_data()))
        assert recipe["seed"] == 11
        assert recipe["styles"][0].startswith("picture-")
        # Deep Dream would not know what to do with it.
        assert top.get_parasite("dreamlayer-recipe") is None


def check_style_by_preset():
    """The default preset works with what comes with dreamlayer; one that lacks its network says so
    in a sentence."""
    image, other = picture(), picture()
    fill(other.get_layers()[0], 7)
    before = bits(image.get_layers()[0])
    values = {"preset": "like-style", "rounds": 1, "evaluations": 2, "output": "in-place"}
    status, message, _ = style(image, image.get_layers(), layers=other.get_layers(), **values)
    assert status == Gimp.PDBStatusType.SUCCESS, message
    assert bits(image.get_layers()[0]) != before
    for preset, title in (("style", "Neural style, as published"), ("strokes", "Visible strokes")):
        status, message, _ = style(
            image, image.get_layers(), layers=other.get_layers(), preset=preset
        )
        assert status == Gimp.PDBStatusType.EXECUTION_ERROR
        assert title in message and "vgg16" in message and "not installed" in message, message
        assert len(message) < 160, message


def check_style_refusals():
    """What cannot be used as a style picture or weight is told before the work."""
    image, other = picture(), picture()
    layers, styles = image.get_layers(), other.get_layers()
    refused(image, layers, "no style picture", "layer, an open image or a file")
    missing = os.path.join(RESULTS, "missing.png")
    refused(image, layers, "is not there", "missing.png", files=[missing])
    write("text.png", b"no picture")
    broken = os.path.join(RESULTS, "text.png")
    refused(image, layers, "cannot open", "text.png", files=[broken])
    for weights, words in (
        ("1, 2", ("2 weights", "1 style")),
        ("heavy", ("must be numbers", "heavy")),
        ("-1", ("between 0 and", "-1")),
        ("nan", ("between 0 and", "nan")),
        ("0", ("all 0",)),
    ):
        refused(image, layers, *words, layers=styles, style_weights=weights)
    refused(image, layers, "not known", "layer:ID", files=["third.png"])
    for gone in ("layer:999999", "image:999999", "layer:", "layer:x", "image:" + "9" * 30):
        refused(image, layers, "closed, deleted or renamed", files=[gone])
    refused(image, layers, "preset", "dream", layers=styles, preset="dream")
    refused(image, layers, "rounds", "between 1 and", layers=styles, rounds=0)
    refused(image, layers, "measure", "relative", layers=styles, measure="loosely")
    refused(image, layers, "100 at most", layers=styles * 101)
    tiny = picture(size=(3, 2))
    shipped = {"network": "inception_v3_mixed5", "content_layers": "mixed3"}
    shipped["style_layers"] = "mixed0, mixed1"
    message = refused(image, layers, "layer 1", "3 × 2", layers=tiny.get_layers(), **shipped)
    assert "picture-" not in message, message
    indexed = picture(alpha=False)
    indexed.convert_indexed(
        Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, ""
    )
    refused(indexed, indexed.get_layers(), "indexed", "Image ▸ Mode ▸ RGB", layers=styles)
