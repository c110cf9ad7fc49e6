"""Checks of outputs, recipes, what the painter does meanwhile, and the worker's end."""

import json
import os

import scene
from krita import Krita
from stopping import stop

from dreamlayer.editor.messages import STYLE
from dreamlayer.editor.settings import DREAM as OF_DREAMS
from dreamlayer.editor.settings import Settings
from dreamlayer.editor.worker_client import Worker, WorkerError
from dreamlayer.pykrita.dialog import screen
from dreamlayer.pykrita.dialog.filter_window import FilterWindow
from dreamlayer.pykrita.pixels import Box, Space, box_of, space_of
from dreamlayer.pykrita.recipes import recipe_on
from dreamlayer.pykrita.work import dream_as_set


def check_new_document():
    """A new document has the colors and the size of what was dreamt on, and one layer."""
    space = Space("LABA", "U16", "Lab identity built-in")
    made = scene.document(space)
    box = Box(-5, 10, 40, 30)
    node = scene.add(made, scene.colors(space, box), box)
    result, notice = scene.dream(made, [node], scene.NOTHING, output="new-image")
    assert result != made and not notice and space_of(result) == space
    assert (result.width(), result.height()) == (40, 30)
    assert scene.tree(result) == ["layer"] and scene.tree(made) == ["layer"]
    assert scene.data(scene.top(result), Box(0, 0, 40, 30)) == scene.data(node, box)
    assert recipe_on(result, scene.top(result))["steps"] == 0
    assert result.modified()


def check_new_document_of_several():
    """A new document has the layers in the order that they had, whichever is the active one."""
    made = scene.document()
    group = made.createGroupLayer("group")
    made.rootNode().addChildNode(group, None)
    low = scene.add(made, scene.opaque(seed=2), name="low", parent=group)
    middle = scene.add(made, scene.opaque(seed=3), name="middle", parent=group)
    top = scene.add(made, scene.opaque(seed=4), name="top")
    names = ["low", "middle", "group", "top"]
    for nodes in ([low, middle, group, top], [top, group, low, middle]):
        result, _notice = scene.dream(made, nodes, scene.NOTHING, output="new-image")
        assert scene.tree(result) == names, scene.tree(result)
    # Also where the document is closed meanwhile.
    nodes = [top, low]
    del group, low, middle, top
    result, notice = scene.dream(made, nodes, scene.QUICK, _once(made.close))
    assert "closed" in notice and scene.tree(result) == ["low", "top"]


def _once(change):
    """A progress that does something the first time."""
    done = []

    def progress(text, fraction):
        if not done:
            done.append(True)
            change()

    return progress


def check_paint_in():
    """To paint in, the dream is on a layer that a mask hides until it is painted on."""
    made = scene.document()
    node = scene.add(made, scene.opaque())
    before = scene.seen(made)
    scene.dream(made, [node], output="paint-in")
    assert scene.tree(made) == ["layer", ["Deep Dream of layer", ["Deep Dream of layer"]]]
    assert scene.seen(made) == before
    mask = scene.top(made).childNodes()[0]
    assert mask.type() == "transparencymask"
    mask.setPixelData(b"\xff" * scene.WIDTH * scene.HEIGHT, *scene.WHOLE)
    assert scene.seen(made) == scene.data(scene.top(made)) != before


def check_recipe_survives_a_file():
    """The recipe is found on the new layer alone, also when the document is opened again."""
    made = scene.document()
    node = scene.add(made, scene.opaque())
    scene.dream(made, [node], seed=7)
    used = recipe_on(made, scene.top(made))
    assert used["seed"] == 7 and used["steps"] == 2
    assert recipe_on(made, node) is None and recipe_on(made, scene.top(made), STYLE) is None
    path = scene.RESULTS + "/recipe.kra"
    made.saveAs(path)
    made.waitForDone()
    again = Krita.instance().openDocument(path)
    assert recipe_on(again, scene.top(again)) == used
    assert scene.NETWORK not in json.dumps(used)


def check_layer_in_other_colors():
    """A layer may have other colors than its document; its dream has the layer's."""
    made = scene.document()
    space = Space("GRAYA", "U16", "Gray-D50-elle-V2-srgbtrc.icc")
    source = scene.document(space)
    node = scene.add(source, scene.colors(space)).clone()
    made.rootNode().addChildNode(node, None)
    scene.settle(made)
    before = scene.data(node)
    scene.dream(made, [node], scene.NOTHING)
    assert space_of(scene.top(made)) == space and scene.data(scene.top(made)) == before


def _meanwhile(change, box=scene.WHOLE):
    """Dream, and do something to the document in between; it, the result and the notice."""
    made = scene.document(size=(100, 90))
    scene.add(made, scene.opaque(box), box)
    once = _once(lambda: change(made))
    result, notice = scene.dream(made, [scene.top(made)], scene.QUICK, once)
    return made, result, notice


def check_closed_meanwhile():
    """Where the document is closed meanwhile, the dream is in a new one, and that is told."""
    made, result, notice = _meanwhile(lambda made: made.close())
    assert result in Krita.instance().documents() and "closed" in notice
    assert scene.tree(result) == ["layer"]
    assert scene.differing(scene.data(scene.top(result)), scene.opaque()) > 2_000


def check_deleted_meanwhile():
    """Where the layer is deleted meanwhile, the dream is on a new layer, and that is told."""
    made, result, notice = _meanwhile(lambda made: scene.top(made).remove())
    assert result == made and "'layer' was deleted" in notice
    assert scene.tree(made) == ["Deep Dream of layer"]


def check_moved_meanwhile():
    """Where the canvas is cropped meanwhile, the dream moves with its layer."""
    box = Box(20, 15, scene.WIDTH, scene.HEIGHT)
    made, result, notice = _meanwhile(lambda made: made.resizeImage(10, 5, 80, 70), box)
    assert result == made and notice == ""
    assert box_of(scene.top(made).bounds()) == Box(10, 10, scene.WIDTH, scene.HEIGHT)


def check_scaled_meanwhile():
    """Where the document is scaled meanwhile, the dream stays where it was, and that is told."""
    made, result, notice = _meanwhile(lambda made: made.scaleImage(200, 180, 100, 100, "Bicubic"))
    assert result == made and "size of 'layer' changed" in notice
    assert box_of(scene.top(made).bounds()) == scene.WHOLE


def check_converted_meanwhile():
    """Where the document is converted meanwhile, the dream has the colors of its start."""

    def convert(made):
        made.setColorSpace("LABA", "U16", "Lab identity built-in")
        made.waitForDone()

    made, result, notice = _meanwhile(convert)
    assert result == made and made.colorModel() == "LABA"
    assert space_of(scene.top(made)) == Space("RGBA", "U8", scene.SRGB)


def check_painted_meanwhile():
    """What is painted on the layer meanwhile stays, below the dream."""

    def paint(made):
        scene.top(made).setPixelData(scene.opaque(seed=9), *scene.WHOLE)

    made, result, notice = _meanwhile(paint)
    assert result == made and notice == ""
    assert scene.data(made.topLevelNodes()[0]) == scene.opaque(seed=9)


def _fails(change=None, folder=scene.FOLDER, values=scene.QUICK):
    """Dream with a worker that fails; the sentence. Nothing may be written."""
    made = scene.document()
    node = scene.add(made, scene.opaque())
    before = scene.tree(made)
    settings = Settings(scene.FOLDER, OF_DREAMS)
    try:
        worker = Worker(folder)
        try:
            progress = (lambda text, fraction: change(worker)) if change else None
            arguments = scene.Arguments(settings, values)
            dream_as_set(worker, made, [node], arguments, settings, progress)
        finally:
            worker.kill()
            worker.close()
    except WorkerError as error:
        assert scene.tree(made) == before and scene.data(node) == scene.opaque()
        return error.sentence
    raise AssertionError("it did not fail")


def check_stop():
    """A dream that is stopped ends, and nothing is written."""
    made = scene.document()
    node = scene.add(made, scene.opaque())
    del node
    # Of the time there is no promise here: the machine may do much else, see `stopping`.
    for milliseconds in (0, 100, 300):
        stop(made, scene.SLOW, milliseconds)
        assert scene.tree(made) == ["layer"] and scene.data(scene.top(made)) == scene.opaque()


def check_stop_insists():
    """A worker that goes on after Stop is ended, whether it reads its input or not."""
    done, loop = [], screen.Loop()

    class Stubborn:
        """Work that does not stop."""

        def is_busy(self):
            """It is at work."""
            return True

        is_stopping = is_busy

        def cancel(self):
            """It does not listen."""
            done.append("cancelled")

        def abandon(self):
            """Its worker is killed."""
            done.append("abandoned")
            loop.quit()

    window = FilterWindow.__new__(FilterWindow)
    window.applying = Stubborn()
    window.leave()
    limit = screen.call_later(60_000, loop.quit)
    loop.run()
    screen.forget(limit)
    assert done == ["cancelled", "abandoned"], done


def check_cancel():
    """A worker that is killed at the painter's word ends, and nothing is written."""
    _fails(lambda worker: worker.kill(), values=scene.SLOW)


def check_killed():
    """A worker that is killed in the middle is told in a sentence."""
    import signal

    sentence = _fails(lambda worker: os.kill(worker.pid, signal.SIGKILL), values=scene.SLOW)
    assert "the worker ended unexpectedly (signal 9" in sentence


def check_no_worker():
    """Without worker.json, or with a Python that is not there, a sentence tells what to do."""
    folder = scene.RESULTS + "/nowhere"
    os.makedirs(folder, exist_ok=True)
    assert "dreamlayer-plugin install" in _fails(folder=folder)
    with open(folder + "/worker.json", "w", encoding="utf-8") as file:
        json.dump({"command": ["/no/such/python"]}, file)
    assert "does not start" in _fails(folder=folder)
