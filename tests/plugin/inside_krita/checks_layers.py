"""Checks of layers and selections: what is dreamt on, where the result lies, what is refused."""

import scene
from krita import InfoObject, Krita, QImage, Selection

from dreamlayer.pykrita.nodes import extent
from dreamlayer.pykrita.pixels import Box, box_of

BEYOND = Box(-40, -10, 120, 90)


def _select(made, box, feather=0):
    selection = Selection()
    selection.select(*box, 255)
    if feather:
        selection.feather(feather)
    made.setSelection(selection)
    made.waitForDone()


def check_beyond_the_canvas():
    """A layer that is larger than the canvas is dreamt on as a whole, and the result lies on it."""
    made = scene.document()
    node = scene.add(made, scene.opaque(BEYOND), BEYOND)
    scene.dream(made, [node])
    result = scene.top(made)
    assert box_of(result.bounds()) == BEYOND
    assert scene.differing(scene.data(result, BEYOND), scene.data(node, BEYOND)) > 10_000
    assert result.name() == "Deep Dream of layer"


def check_selection():
    """Only what is selected is on the new layer; less at soft edges."""
    made = scene.document()
    node = scene.add(made, scene.opaque())
    before = scene.seen(made)
    _select(made, Box(15, 12, 25, 20), 4)
    selection = made.selection()
    shares = bytes(selection.pixelData(*scene.WHOLE))
    assert sum(0 < s < 255 for s in shares) > 0 and 255 in shares
    scene.dream(made, [node], scene.QUICK, **{"step-size": 0.1})
    after = scene.seen(made)
    changed = {0: [], 1: [], 255: []}
    for pixel, share in enumerate(shares):
        parts = slice(4 * pixel, 4 * pixel + 4)
        amount = sum(abs(a - b) for a, b in zip(before[parts], after[parts]))
        changed[share if share in (0, 255) else 1].append(amount)
    means = {share: sum(amounts) / len(amounts) for share, amounts in changed.items()}
    assert means[0] == 0 < means[1] < means[255], means
    result = scene.top(made)
    alphas = scene.data(result)[3::4]
    assert all((alpha > 0) == (share > 0) for alpha, share in zip(alphas, shares))


def check_soft_edges_in_other_modes():
    """In another mode, the new layer itself fades out where the selection does."""
    made = scene.document()
    node = scene.add(made, scene.opaque())
    _select(made, Box(15, 12, 25, 20), 4)
    shares = bytes(made.selection().pixelData(*scene.WHOLE))
    scene.dream(made, [node], mode="multiply", opacity=50.0)
    result = scene.top(made)
    assert scene.data(result)[3::4] == shares
    assert result.blendingMode() == "multiply" and result.opacity() == 128


def check_selection_at_the_edge():
    """A selection that reaches beyond the canvas ends there, even where the layer goes on."""
    made = scene.document()
    node = scene.add(made, scene.opaque(BEYOND), BEYOND)
    _select(made, Box(-30, -30, 60, 60))
    scene.dream(made, [node])
    assert box_of(scene.top(made).bounds()) == Box(0, 0, 30, 30)


def check_selection_beside():
    """A selection that does not touch the layer is told."""
    made = scene.document(size=(200, 100))
    node = scene.add(made, scene.opaque())
    _select(made, Box(150, 60, 20, 20))
    scene.refused(made, [node], "selection does not touch 'layer'")


def check_group():
    """A group is dreamt on as it is seen, also where it is hidden, onto a layer above it."""
    made = scene.document()
    group = made.createGroupLayer("group")
    made.rootNode().addChildNode(group, None)
    scene.add(made, scene.opaque(), parent=group)
    before = bytes(group.projectionPixelData(*scene.WHOLE))
    scene.dream(made, [group], scene.NOTHING)
    assert scene.data(scene.top(made)) == before == scene.opaque()
    assert scene.tree(made) == [["group", ["layer"]], "Deep Dream of group"]
    group.setVisible(False)
    scene.settle(made)
    scene.dream(made, [group])
    result = made.topLevelNodes()[1]
    assert scene.differing(scene.data(result), before) > 2_000


def check_layers_without_pixels():
    """Vector, clone, file, fill and filter layers are dreamt on as they are seen."""
    made = scene.document()
    node = scene.add(made, scene.opaque())
    root = made.rootNode()
    picture = QImage(20, 10, QImage.Format.Format_RGB32)
    picture.fill(0xFF336699)
    path = scene.RESULTS + "/file.png"
    picture.save(path)
    info = InfoObject()
    info.setProperty("color", "<!DOCTYPE color><color><sRGB r='0.4' g='0.5' b='0.6'/></color>")
    whole = Selection()
    whole.select(*scene.WHOLE, 255)
    layers = [
        made.createVectorLayer("vector"),
        made.createCloneLayer("clone", node),
        made.createFileLayer("file", path, "None"),
        made.createFillLayer("fill", "color", info, whole),
        made.createFilterLayer("filter", Krita.instance().filter("invert"), whole),
    ]
    for layer in layers:
        root.addChildNode(layer, None)
    layers[0].addShapesFromSvg(
        '<svg width="61" height="47" xmlns="http://www.w3.org/2000/svg">'
        '<rect x="5" y="6" width="20" height="10" fill="#ff8000"/></svg>'
    )
    scene.settle(made)
    # Krita paints shapes and reads files in the background.
    _until(lambda: box_of(layers[0].bounds()) and box_of(layers[2].bounds()))
    for layer in layers:
        name, box = layer.name(), extent(made, layer)
        assert box, name
        before = bytes(layer.projectionPixelData(*box))
        assert any(before), name
        layer.setName(name)
        scene.dream(made, [layer], scene.NOTHING)
        result = made.nodeByName("Deep Dream of " + name)
        assert bytes(result.pixelData(*box)) == before, name


def check_layer_with_a_mask():
    """A layer with a transparency mask is dreamt on as it is seen."""
    made = scene.document()
    node = scene.add(made, scene.opaque())
    mask = made.createTransparencyMask("mask")
    node.addChildNode(mask, None)
    mask.setPixelData(bytes([128]) * (scene.WIDTH * scene.HEIGHT), *scene.WHOLE)
    scene.settle(made)
    scene.dream(made, [node])
    assert set(scene.data(scene.top(made))[3::4]) == {128}


def check_refusals():
    """Masks, empty and wholly transparent layers are refused in a sentence, and nothing changes."""
    made = scene.document()
    node = scene.add(made, scene.opaque())
    mask = made.createTransparencyMask("mask")
    node.addChildNode(mask, None)
    scene.refused(made, [mask], "'mask' is a mask")
    empty = made.createNode("empty", "paintlayer")
    made.rootNode().addChildNode(empty, None)
    scene.refused(made, [empty], "'empty' has no visible pixels")
    scene.refused(made, [scene.add(made, bytes(400), Box(0, 0, 10, 10), "clear")], "'clear' has no")
    scene.refused(made, [], "no layer is chosen")
    scene.refused(made, [node], "onto a layer of its own", output="in-place")
    scene.refused(made, [node], "no mode 'lch-hue'", mode="lch-hue")
    scene.refused(made, [node], "steps must lie between", steps=-1)


def check_locked():
    """A locked layer is dreamt on: nothing is written onto it."""
    made = scene.document()
    node = scene.add(made, scene.opaque())
    node.setLocked(True)
    scene.dream(made, [node])
    assert scene.data(node) == scene.opaque()
    assert scene.tree(made) == ["layer", "Deep Dream of layer"]


def check_place_in_the_stack():
    """The result lies right above its layer, in its group, and several have one each."""
    made = scene.document()
    group = made.createGroupLayer("group")
    made.rootNode().addChildNode(group, None)
    low = scene.add(made, scene.opaque(seed=2), name="low", parent=group)
    scene.add(made, scene.opaque(seed=3), name="high", parent=group)
    other = scene.add(made, scene.opaque(seed=4), name="other")
    scene.dream(made, [low, other])
    inside = ["low", "Deep Dream of low", "high"]
    assert scene.tree(made) == [["group", inside], "other", "Deep Dream of other"]


def _until(ask):
    import time

    from krita import QApplication

    end = time.monotonic() + 10
    while not ask() and time.monotonic() < end:
        QApplication.instance().processEvents()
        time.sleep(0.05)
    assert ask()
