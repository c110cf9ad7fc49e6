"""What a selection does."""

from gi.repository import Gegl
from scene import (
    HEIGHT,
    PRECISIONS,
    PROFILES,
    WIDTH,
    add_layer,
    bits,
    dreamt,
    picture,
    refused,
    select,
    selection,
    write,
)


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


def check_selection_beside_is_refused():
    """A selection that does not touch the layer is told of."""
    image = picture()
    layer = add_layer(image, (8, 8), (0, 0), seed=2)
    select(image)
    refused(image, [layer], "selection", "layer 2")
