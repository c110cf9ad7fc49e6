"""What is styled for a preview: the whole picture, small, with few steps."""

import math

SIDE = 256
"""Longer side of a preview, in pixels."""

STYLE_SIDE = 512
"""Longer side of the style pictures that are sent for it."""

_STEPS = 16


def recipe_for(recipe, longest):
    """The recipe of a preview of a picture whose longer side has so many pixels.

    Content and style pictures are reduced alike, so that strokes keep their size in the picture.
    """
    full = min(recipe["size"] or longest, longest)
    side = min(full, SIDE)
    left_out = round(math.log2(full / side))
    return dict(
        recipe,
        size=side,
        octaves=max(1, recipe["octaves"] - left_out),
        min_octave_side=0,
        rounds=1,
        evaluations=min(recipe["evaluations"], _STEPS),
        # The preview blends by itself, so that the strength shows at once.
        strength=1.0,
    )
