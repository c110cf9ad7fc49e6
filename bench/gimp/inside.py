"""Runs as a batch in GIMP for `bench.gimp.measure`: times the filter on 12 megapixels."""

import json
import os
import random
import time

from gi.repository import Babl, Gegl, Gimp

WIDTH, HEIGHT = 4000, 3000


def picture(precision, alpha, selected):
    """An image of noise, with or without a feathered selection."""
    image = Gimp.Image.new_with_precision(WIDTH, HEIGHT, Gimp.ImageBaseType.RGB, precision)
    kind = Gimp.ImageType.RGBA_IMAGE if alpha else Gimp.ImageType.RGB_IMAGE
    layer = Gimp.Layer.new(image, "noise", WIDTH, HEIGHT, kind, 100.0, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, None, 0)
    name = "R'G'B'A u8" if alpha else "R'G'B' u8"
    size = WIDTH * HEIGHT * (4 if alpha else 3)
    whole = Gegl.Rectangle.new(0, 0, WIDTH, HEIGHT)
    buffer = layer.get_buffer()
    name = Babl.get_name(Babl.format_with_space(name, layer.get_format()))
    buffer.set(whole, name, random.Random(1).randbytes(size))
    buffer.flush()
    if selected:
        Gimp.context_set_feather(True)
        Gimp.context_set_feather_radius(50.0, 50.0)
        image.select_ellipse(Gimp.ChannelOps.REPLACE, 10, 10, WIDTH - 20, HEIGHT - 20)
    return image


def main():
    """Time each kind of image, GIMP's own work included."""
    Gegl.init(None)
    found = {"version": Gimp.version()}
    for name, precision, alpha, selected in (
        ("8-bit RGB", Gimp.Precision.U8_NON_LINEAR, False, False),
        ("8-bit RGBA", Gimp.Precision.U8_NON_LINEAR, True, False),
        ("8-bit RGBA, feathered selection", Gimp.Precision.U8_NON_LINEAR, True, True),
        ("16-bit RGBA", Gimp.Precision.U16_NON_LINEAR, True, False),
        ("32-bit float RGBA, linear", Gimp.Precision.FLOAT_LINEAR, True, False),
        ("32-bit float RGBA, feathered selection", Gimp.Precision.FLOAT_LINEAR, True, True),
    ):
        found[name] = []
        for _ in range(int(os.environ["DREAMLAYER_CALLS"])):
            image = picture(precision, alpha, selected)
            procedure = Gimp.get_pdb().lookup_procedure("plug-in-deep-dream")
            config = procedure.create_config()
            config.set_property("image", image)
            config.set_core_object_array("drawables", image.get_layers())
            config.set_property("steps", 0)
            config.set_property("output", "in-place")
            began = time.monotonic()
            status = procedure.run(config).index(0)
            found[name].append(time.monotonic() - began)
            assert status == Gimp.PDBStatusType.SUCCESS, status
            image.delete()
    with open(os.path.join(os.environ["DREAMLAYER_RESULTS"], "results.json"), "w") as file:
        json.dump(found, file)


main()
