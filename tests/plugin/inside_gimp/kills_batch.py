"""Runs as a batch in GIMP: calls the filter again and again, and tells what became of the image."""

import hashlib
import json
import os

from gi.repository import Babl, Gegl, Gimp, Gio


def digest(layer):
    """A digest of the layer's pixels as they are stored."""
    whole = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
    name = Babl.get_name(layer.get_format())
    data = layer.get_buffer().get(whole, 1.0, name, Gegl.AbyssPolicy.NONE)
    return hashlib.sha256(data).hexdigest()


def tell(**facts):
    """Add a line to what the other side reads."""
    with open(os.path.join(os.environ["DREAMLAYER_RESULTS"], "calls.jsonl"), "a") as file:
        file.write(json.dumps(facts) + "\n")


def call(photo):
    """Open the photo, dream on it; the digests before and after, and whether it succeeded."""
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, photo)
    layer = image.get_layers()[0]
    before, undo = digest(layer), image.undo_is_enabled()
    procedure = Gimp.get_pdb().lookup_procedure("plug-in-deep-dream")
    config = procedure.create_config()
    config.set_property("image", image)
    config.set_core_object_array("drawables", [layer])
    config.set_property("network", os.environ["DREAMLAYER_NETWORK"])
    config.set_property("layers", "deep")
    config.set_property("octaves", 2)
    config.set_property("steps", 8)
    config.set_property("output", "in-place")
    tell(calling=True)
    status = procedure.run(config).index(0)
    after = digest(layer)
    usable = image.undo_is_enabled() == undo
    image.delete()
    return before, after, usable, status == Gimp.PDBStatusType.SUCCESS


def main():
    """Call the filter until somebody kills this."""
    Gegl.init(None)
    photo = Gio.File.new_for_path(os.environ["DREAMLAYER_PHOTO"])
    path = os.path.join(os.environ["DREAMLAYER_RESULTS"], "dreamt.txt")
    while True:
        before, after, usable, succeeded = call(photo)
        if succeeded and not os.path.exists(path):
            with open(path, "w") as file:
                file.write(after)
        dreamt = None
        if os.path.exists(path):
            with open(path) as file:
                dreamt = file.read()
        became = {before: "as before", dreamt: "dreamt"}.get(after, "something else")
        if not usable:
            became += ", without undo"
        if succeeded and became != "dreamt":
            became += ", though it succeeded"
        tell(became=became, succeeded=succeeded, digest=after[:8])


main()
