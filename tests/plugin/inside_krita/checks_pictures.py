"""Checks of pictures beside the layer: guides, style pictures, and the preview."""

import time

import scene
from krita import Krita, QImage, Selection

from dreamlayer.editor.messages import DREAM, STYLE
from dreamlayer.pykrita import guide
from dreamlayer.pykrita.documents import name_of
from dreamlayer.pykrita.layer_source import LayerSource
from dreamlayer.pykrita.pixels import Box, Space, space_of
from dreamlayer.pykrita.recipes import recipe_on
from dreamlayer.pykrita.style.pictures import opened, text_of

STYLED = {
    "network": scene.NETWORK,
    "content-layers": "deep",
    "style-layers": "first",
    "size": 48,
    "octaves": 1,
    "rounds": 1,
    "evaluations": 2,
}


def check_guide():
    """A layer of another document can be the guide; its id survives, and a closed one is told."""
    made = scene.document()
    node = scene.add(made, scene.opaque())
    other = scene.document(Space("RGBA", "F32", "sRGB-elle-V2-g10.icc"))
    layer = scene.add(other, scene.noise(space_of(other)), name="the guide")
    text = guide.text_for(layer)
    found = guide.chosen(text)
    assert found[0] == other and found[1].name() == "the guide"
    guided = {"layers": "deep:1::direction", "guide": text}
    scene.dream(made, [node], **guided)
    used = recipe_on(made, scene.top(made))
    assert used["guide"].startswith("picture-"), used["guide"]
    del layer, found
    other.close()
    scene.refused(made, [node], "guide picture was deleted", **guided)


def check_guide_of_one_color():
    """A guide is sent in the colors of what is dreamt on, red as red."""
    made = scene.document()
    layer = scene.add(made, bytes([0, 0, 255, 255]) * (scene.WIDTH * scene.HEIGHT))
    sent = guide.Guide((made, layer), 32)
    assert sent.size() == {"width": 32, "height": 25}
    for space in scene.SPACES[:2]:
        rows = sent.rows("uint8" if space.depth == "U8" else "uint16", space)
        assert set(rows[0 :: 4 * space.value_bytes]) == {255} and set(rows[2::8]) <= {0, 255}
    assert sent.rows("uint8", scene.SPACES[0])[:4] == bytes([255, 0, 0, 255])


def check_style():
    """Layers, documents and files give their style, in any colors."""
    path = scene.RESULTS + "/style.png"
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(0xFFFF8000)
    image.save(path)
    other = scene.document(Space("CMYKA", "U8", "Chemical proof"))
    layer = scene.add(other, scene.colors(space_of(other)), name="style")
    made = scene.document(Space("RGBA", "U16", scene.SRGB))
    node = scene.add(made, scene.noise(space_of(made)))
    texts = [text_of(other, layer), text_of(other), path]
    scene.style(made, [node], STYLED, **{"style-pictures": texts, "style-weights": "1, 2, 0.5"})
    assert scene.tree(made) == ["layer", "Style Transfer of layer"]
    assert scene.differing(scene.data(scene.top(made)), scene.data(node)) > 2_000
    assert recipe_on(made, scene.top(made), STYLE)["rounds"] == 1
    assert recipe_on(made, scene.top(made), DREAM) is None
    count = len(Krita.instance().documents())
    for text, words in (("", "no style picture"), ("/no/file.png", "is not there")):
        pictures = [text] if text else []
        try:
            scene.style(made, [node], STYLED, **{"style-pictures": pictures})
        except Exception as error:
            assert words in str(error), error
        else:
            raise AssertionError(text)
    assert len(Krita.instance().documents()) == count


def check_preview_source():
    """The preview sees the layer reduced, with its selection, and tells when it is gone."""
    import collections

    part = collections.namedtuple("Part", "left top width height scale")
    made = scene.document(size=(400, 300))
    box = Box(0, 0, 400, 300)
    node = scene.add(made, bytes([0, 128, 255, 255]) * (400 * 300), box)
    source = LayerSource(made, node)
    assert (source.width, source.height) == (400, 300) and source.is_there()
    pixels = source.read(part(100, 100, 200, 100, 0.25))
    assert (pixels.width, pixels.height) == (50, 25) and pixels.selection is None
    assert pixels.rgba == bytes([255, 128, 0, 255]) * (50 * 25)
    selection = Selection()
    selection.select(200, 100, 50, 40, 255)
    made.setSelection(selection)
    source.refresh()
    assert source.selected and source.changed == (50, 40)
    assert (source.width, source.height) == (178, 168)
    pixels = source.read(part(0, 0, 178, 168, 0.5))
    assert len(pixels.selection) == 89 * 84 and 255 in pixels.selection and 0 in pixels.selection
    node.remove()
    made.waitForDone()
    assert not source.is_there()
    source.refresh()
    made.close()
    assert not source.is_there()


def check_preview_of_a_large_layer():
    """A preview of 100 megapixels is there in less than a second."""
    import collections

    part = collections.namedtuple("Part", "left top width height scale")
    made = scene.document(size=(10_000, 10_000))
    node = made.createNode("large", "paintlayer")
    row = bytes([0, 128, 255, 255]) * 10_000
    for top in range(0, 10_000, 1_000):
        node.setPixelData(row * 1_000, 0, top, 10_000, 1_000)
    made.rootNode().addChildNode(node, None)
    made.waitForDone()
    source = LayerSource(made, node)
    began = time.monotonic()
    pixels = source.read(part(0, 0, 10_000, 10_000, 0.07))
    took = time.monotonic() - began
    scene.keep("large.json", {"seconds": took})
    assert (pixels.width, pixels.height) == (700, 700) and took < 1.0, took
    assert pixels.rgba[:4] == bytes([255, 128, 0, 255])


def check_names_of_documents():
    """A document goes by its file, also from a format without titles, else by its title."""
    path = scene.RESULTS + "/a photo: ü.jpg"
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(0xFFFF8000)
    image.save(path)
    photo = Krita.instance().openDocument(path)
    assert name_of(photo) == "a photo: ü.jpg"
    assert opened([text_of(photo)], "")[0].name == "a photo: ü.jpg"
    made = scene.document()
    made.setName("my title")
    assert name_of(made) == "my title"
    made.setName("")
    assert name_of(made) == "Untitled"
