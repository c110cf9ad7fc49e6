"""What the preview reads of a layer, inside Krita, while the painter goes on."""

import scene
from krita import Selection

from dreamlayer.editor.dialog.plan import Part
from dreamlayer.pykrita.layer_source import LayerSource
from dreamlayer.pykrita.original import selection_in


def check_a_selection_may_be_dropped_meanwhile():
    """Then nothing is selected for a preview that began with it; the next one is of all."""
    made, node = scene.picture()
    chosen = Selection()
    chosen.select(10, 5, 30, 20, 255)
    made.setSelection(chosen)
    source = LayerSource(made, node)
    part = Part(0, 0, source.width, source.height, 1.0)
    assert source.selected and any(source.read(part).selection)
    made.setSelection(None)
    assert made.selection() is None
    count = source.width * source.height
    assert source.read(part).selection == bytes(count)
    assert selection_in(made, scene.WHOLE) == bytes(scene.WIDTH * scene.HEIGHT)
    source.refresh()
    assert not source.selected and (source.width, source.height) == (scene.WIDTH, scene.HEIGHT)
    del node
