"""Style pictures: which one a text names, what they leave behind, NaN in them, and presets'."""

import array
import os
import shutil

from checks_style import STYLE_QUICK, file_of, refused, style, styled
from gi.repository import Gegl, Gimp
from scene import NETWORK, RESULTS, bits, fill, module, own_preset, picture, session


def check_style_picture_by_text():
    """What the dialog writes for a layer or image is that one, in the same session alone."""
    image, other = picture(), picture()
    one = other.get_layers()[0]
    for thing, kind in ((one, "layer"), (other, "image")):
        text = module("gimp3.style.pictures").text_of(thing)
        assert text == f"{kind}:{thing.get_id()}@{session()}:{thing.get_name()}", text
        styled(image, image.get_layers(), files=[text])
        styled(image, image.get_layers(), files=[text.replace("@" + session(), "")])
        former = text.replace(session(), "0123456789abcdef")
        for gone in (former, text + " of another name"):
            refused(image, image.get_layers(), "closed, deleted or renamed", files=[gone])


def check_style_picture_with_nan():
    """Pixels of a style picture that are no numbers are black, as everywhere else."""
    results = []
    for odd in (0.0, float("nan"), float("inf")):
        image = picture(precision="FLOAT_NON_LINEAR")
        other = picture(precision="FLOAT_NON_LINEAR", alpha=False)
        for layer, values in (
            (image.get_layers()[0], [0.2, 0.5, 0.7, 1.0]),
            (other.get_layers()[0], [0.9, 0.1, 0.3, 1.0]),
        ):
            area = Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height())
            plain = array.array("f", values * (area.width * area.height))
            layer.get_buffer().set(area, "R'G'B'A float", plain.tobytes())
        pixel = array.array("f", [odd, odd, odd, 1.0]).tobytes()
        other.get_layers()[0].get_buffer().set(
            Gegl.Rectangle.new(9, 9, 1, 1), "R'G'B'A float", pixel
        )
        styled(image, image.get_layers(), other.get_layers())
        results.append(bits(image.get_layers()[0]))
    assert results[0] == results[1] == results[2]


def check_style_pictures_leave_nothing():
    """Files and images opened for a style are closed, whatever fails and whoever closed them."""
    pictures, third = module("gimp3.style.pictures"), picture()
    fill(third.get_layers()[0], 8)
    path = file_of(third, "a third style.png")
    images = len(Gimp.get_images())
    kept = pictures.StylePicture

    class Failing(kept):
        def __init__(self, drawable, name, *others):
            if name == os.path.basename(other):
                raise ValueError("something else")
            super().__init__(drawable, name, *others)

    other = os.path.join(RESULTS, "a fourth style.png")
    with open(path, "rb") as file, open(other, "wb") as copy:
        copy.write(file.read())
    pictures.StylePicture = Failing
    try:
        pictures.opened([path, other], "")
        raise AssertionError("nothing failed")
    except ValueError:
        pass
    finally:
        pictures.StylePicture = kept
    assert len(Gimp.get_images()) == images, "a style picture's image is left"
    shown = picture()
    layer = shown.get_layers()[0]
    texts = [f"image:{shown.get_id()}", f"layer:{layer.get_id()}", path]
    made = pictures.opened(texts, "")
    assert len(Gimp.get_images()) == images + 2
    shown.delete()
    made[2].drawable.get_image().delete()
    assert not made[1].is_there()
    told = ""
    try:
        made[1].rows("uint8", third.get_layers()[0])
    except module("editor.messages").RefusedError as error:
        told = str(error)
    assert "deleted" in told, told
    pictures.close(made)
    assert len(Gimp.get_images()) == images


def check_style_picture_of_own_preset():
    """A preset of the painter's own is found by its name, with the pictures that it keeps."""
    other = picture()
    fill(other.get_layers()[0], 7)
    path = file_of(other, "kept style ü.png")
    # Where GIMP and the worker, each in its own root, both see it.
    network = os.path.join(RESULTS, "own network.onnx")
    shutil.copyfile("/host" + NETWORK, network)
    own = {name.replace("-", "_"): value for name, value in STYLE_QUICK.items()}
    del own["output"]
    own["network"] = network
    results = []
    with own_preset("My oil", {**own, "command": "style", "styles": [path]}):
        for given in ({"preset": "My oil"}, {**STYLE_QUICK, "files": [path]}):
            image = picture()
            status, message, _ = style(
                image, image.get_layers(), **{**given, "output": "in-place", "seed": 3}
            )
            assert status == Gimp.PDBStatusType.SUCCESS, message
            results.append(bits(image.get_layers()[0]))
    assert results[0] == results[1]
