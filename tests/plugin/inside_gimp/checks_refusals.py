"""What cannot be dreamt on, and how that is told before the work."""

from gi.repository import Gimp
from scene import add_layer, dreamt, picture, refused


def check_indexed_is_refused():
    """An indexed image is refused with what to do."""
    image = picture(alpha=False)
    image.convert_indexed(
        Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, ""
    )
    refused(image, image.get_layers(), "indexed", "Image ▸ Mode ▸ RGB")


def check_group_is_refused():
    """A layer group is refused with what to do."""
    image = picture()
    group = Gimp.GroupLayer.new(image, "a group")
    image.insert_layer(group, None, 0)
    refused(image, [group], "a group", "choose the layers in it")


def check_locked_is_refused():
    """A layer with locked pixels is refused before the work; a new layer of it is fine."""
    image = picture()
    layer = image.get_layers()[0]
    layer.set_lock_content(True)
    refused(image, [layer], "locked", "New layer", **{"steps": 100_000})
    dreamt(image, [layer], output="new-layer")
    assert len(image.get_layers()) == 2


def check_lock_around_is_refused():
    """A lock on a group, or on the layer of a mask, is seen before the work; all layers stay."""
    image = picture()
    group = Gimp.GroupLayer.new(image, "a group")
    image.insert_layer(group, None, 0)
    inner = add_layer(image, seed=3)
    image.reorder_item(inner, group, 0)
    group.set_lock_content(True)
    base = image.get_layers()[-1]
    refused(image, [base, inner], "locked", "a group", **{"steps": 100_000})
    mask = base.create_mask(Gimp.AddMaskType.WHITE)
    base.add_mask(mask)
    base.set_lock_content(True)
    refused(image, [mask], "locked", **{"steps": 100_000})


def check_text_layer():
    """A text layer is dreamt on, or refused before the work; a new layer of it is fine."""
    image = picture()
    font = Gimp.fonts_get_list(None)[0]
    layer = Gimp.TextLayer.new(image, "Dream", font, 20.0, Gimp.Unit.pixel())
    image.insert_layer(layer, None, 0)
    if hasattr(Gimp, "Rasterizable"):
        refused(image, [layer], "text", "asterize", **{"steps": 100_000})
    else:
        dreamt(image, [layer])
    dreamt(image, [layer], output="new-layer")
    assert image.get_layers()[0].get_name().startswith("Deep Dream of ")
