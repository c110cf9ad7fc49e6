"""The style pictures that a preset of the painter's own keeps.

A painter who keeps a style by a name wants that style again, also tomorrow and on the command line.
So a preset keeps its pictures with their weights where all are files. A layer or an open image is
not found again in another session, and a part of the pictures would be another style: there, the
preset keeps the settings alone, and is used with whatever pictures are chosen.
"""

import os

_DIGITS = 3
"""Decimal places of a weight in the dialog."""


def kept(texts, weights):
    """What a recipe has of style pictures: its keys `styles` and `style_weights`, or nothing.

    Parameters
    ----------
    texts : list of str
        The pictures as a procedure's argument names them.
    weights : list of float
        One for each.
    """
    if not texts or not all(os.path.isabs(text) for text in texts):
        return {}
    made = {"styles": list(texts)}
    if len(set(weights)) > 1:
        made["style_weights"] = list(weights)
    return made


def fits(preset, texts, weights):
    """Whether these pictures are those that a preset keeps; all are where it keeps none.

    Parameters
    ----------
    preset : dict
        As for `of_preset`.
    texts, weights
        As for `kept`.
    """
    own, _ = of_preset(preset)
    if not own:
        return True
    known = [round(one, _DIGITS) for one in preset.get("style_weights") or [1.0] * len(own)]
    return kept(texts, weights) == kept(own, known)


def of_preset(preset):
    """The pictures of a preset as a procedure's arguments name them, and their weights as text.

    Parameters
    ----------
    preset : dict
        As the worker describes it; those that come with dreamlayer have no pictures.
    """
    texts = preset.get("styles") or []
    if not all(os.path.isabs(text) for text in texts):
        # Written by hand, for a folder that is not known here.
        return [], ""
    return list(texts), ", ".join(f"{one:g}" for one in preset.get("style_weights") or [])
