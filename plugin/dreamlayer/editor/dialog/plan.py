"""What is dreamt for a preview: which part of the picture, how large, by which recipe.

Shapes have a size in pixels of the octave that they grow on. A preview at a smaller scale stands
for the octaves up to that scale, and the finer ones are left out.
"""

import collections
import math
import re

DRAFT_SIDE = 256
"""Longer side of a draft, in pixels."""

MOST_PIXELS = 600_000
"""Pixels of a preview beyond which it is dreamt smaller and enlarged: a step of more would let a
slider wait."""

_CONTEXT = 32
"""Pixels around what is seen that the network sees too, at the preview's scale."""

_DRAFT_STEPS = 14
"""Steps of a draft on all octaves together, as far as that is possible."""

_FEWEST_STEPS, _LARGEST_STEP = 3, 3.0
_COARSEST = 120
"""The shorter side from which dreams grow whose number of octaves is chosen by size."""

Part = collections.namedtuple("Part", "left top width height scale")
"""A part in the picture's pixels, and the preview's pixels per pixel of the picture."""


def part_for(visible, picture, scale, draft):
    """The part to dream on.

    Parameters
    ----------
    visible : tuple of int
        What is seen: left, top, width, height in the picture's pixels.
    picture : tuple of int
        The picture's width and height.
    scale : float
        Screen pixels per pixel of the picture.
    draft : bool
        Whether it is to be quick.
    """
    left, top, width, height = visible
    # Enlarging a picture adds nothing to dream on.
    scale = min(scale, 1.0)
    if draft:
        scale = min(scale, DRAFT_SIDE / max(width, height))
    scale = min(scale, math.sqrt(MOST_PIXELS / (width * height)))
    around = 0 if (width, height) == tuple(picture) else math.ceil(_CONTEXT / scale)
    right, bottom = min(left + width + around, picture[0]), min(top + height + around, picture[1])
    left, top = max(0, left - around), max(0, top - around)
    return Part(left, top, right - left, bottom - top, scale)


def recipe_for(recipe, part, picture, draft):
    """The recipe with which a part looks as it will in the picture's own dream.

    Parameters
    ----------
    recipe : dict
        The recipe of the whole dream, complete.
    part : Part
        What `part_for` gave.
    picture : tuple of int
        The whole picture's width and height.
    draft : bool
        Whether it is to be quick: fewer steps, each longer.
    """
    made = dict(recipe)
    whole = (part.width, part.height) == tuple(picture)
    scale = part.scale
    longest = max(picture)
    if recipe["max_side"] and recipe["max_side"] < longest:
        # The dream itself is made at this scale and enlarged.
        dreamt = recipe["max_side"] / longest
        side = round(max(part.width, part.height) * dreamt)
        made["max_side"] = max(1, side) if dreamt < scale else 0
        scale, full = min(scale, dreamt), dreamt
    else:
        full = 1.0
    ratio = recipe["octave_scale"]
    if recipe["octaves"]:
        # Octaves above the preview's scale are left out.
        skipped = round(math.log(full / scale, ratio)) if scale < full else 0
        made["octaves"] = max(1, recipe["octaves"] - skipped)
    elif not whole:
        # Chosen by the size of a part, shapes would be larger in the picture than they will be.
        shorter = min(picture) * scale
        made["octaves"] = max(1, 1 + round(math.log(max(1, shorter / _COARSEST), ratio)))
    if recipe["min_octave_side"]:
        seen = min(part.width, part.height) / min(picture)
        made["min_octave_side"] = max(1, round(recipe["min_octave_side"] * seen))
    # The preview blends by itself, so that the strength shows at once.
    made["strength"] = 1.0
    if draft:
        octaves = made["octaves"] or 3
        steps = max(_FEWEST_STEPS, _DRAFT_STEPS // octaves)
        if steps < recipe["steps"]:
            made["steps"] = steps
            longer = min(recipe["steps"] / steps, _LARGEST_STEP)
            made["step_size"] = min(1.0, recipe["step_size"] * longer)
    return made


def reduces(recipe, scale):
    """Whether a preview at this scale shows larger shapes than the dream will have."""
    if not recipe["octaves"] or scale >= 1:
        return False
    return recipe["octaves"] - 1 < math.log(1 / scale, recipe["octave_scale"])


_FORMER = re.compile("picture-[0-9a-f]{64}")
_GUIDED = re.compile(r":(guide|direction|cosine|gram|style)\b")


def lacks_guide(recipe):
    """Whether layers compare the picture with a guide that was not chosen."""
    chosen = recipe["guide"] and not is_former(recipe["guide"])
    return not chosen and bool(_GUIDED.search(str(recipe["layers"])))


def is_former(guide):
    """Whether a stored recipe's guide was a layer, of which the worker knows the name only."""
    return bool(_FORMER.fullmatch(guide))
