# -*- coding: utf-8 -*-
"""What a painter chooses beside the parameters: where the result goes, and how.

For Python 2.7 and 3.
"""

from __future__ import unicode_literals

import collections

from .translation import N_

CUSTOM = "custom"
"""The preset that uses all values as they are set."""

OUTPUTS = collections.OrderedDict(
    [
        ("in-place", N_("In place")),
        ("new-layer", N_("New layer")),
        ("new-image", N_("New image")),
        ("paint-in", N_("New layer, to paint in")),
    ]
)
"""Where a result goes; a dream may also become an animation, see `Settings.outputs`."""

ANIMATION = "animation"
APART = ("new-image", ANIMATION)
"""Outputs in an image of their own."""

ANIMATED = collections.OrderedDict([(ANIMATION, N_("Animation, in a new image"))])
OUTPUT_HELP = N_(
    "Where the dream goes. To paint in: onto a new layer behind a black mask, which is chosen; "
    "paint on it in white, and the dream appears under the brush. Animation: frame after frame, "
    "each zoomed and rotated and dreamt on a little more, as the layers of a new image."
)
STYLE_OUTPUT_HELP = N_(
    "Where the result goes. To paint in: onto a new layer behind a black mask, which is chosen; "
    "paint on it in white, and the result appears under the brush."
)

MODES = collections.OrderedDict(
    [
        ("normal", N_("Normal")),
        ("lighten-only", N_("Lighten only")),
        ("screen", N_("Screen")),
        ("darken-only", N_("Darken only")),
        ("multiply", N_("Multiply")),
        ("overlay", N_("Overlay")),
        ("softlight", N_("Soft light")),
        ("hardlight", N_("Hard light")),
        ("difference", N_("Difference")),
        ("hsl-color", N_("HSL Color")),
        ("lch-color", N_("LCh Color")),
        ("lch-hue", N_("LCh Hue")),
        ("lch-chroma", N_("LCh Chroma")),
        ("lch-lightness", N_("LCh Lightness")),
        ("luminance", N_("Luminance")),
    ]
)
"""Modes of a new layer, named after GIMP's constants, with GIMP's titles."""

MASKS = collections.OrderedDict(
    [("selection", N_("Selection")), ("layer-mask", N_("Selection and layer mask"))]
)
MASK_HELP = N_(
    "What the dream keeps to while it grows, so that its shapes fit in. In place the selection "
    "always counts; with the layer mask, so does that, and on new layers they both do."
)
STYLE_MASK_HELP = N_(
    "Where the result is seen. In place the selection always counts; with the layer mask, so does "
    "that, and on new layers they both do."
)

Offers = collections.namedtuple("Offers", "outputs animated modes masks helps style_helps")
"""What an editor has of these: outputs of both filters, those of dreams alone, modes of layers, and
what a result may keep to, each by name with its title; what is told of outputs and of masks, as a
pair for dreams and one for styles."""

OF_GIMP = Offers(
    OUTPUTS,
    ANIMATED,
    MODES,
    MASKS,
    (OUTPUT_HELP, MASK_HELP),
    (STYLE_OUTPUT_HELP, STYLE_MASK_HELP),
)

LAYERED = ("new-layer", "paint-in")
"""Outputs on a layer of their own, which has an opacity and a mode."""

CHOSEN = {
    "preset": CUSTOM,
    "provider": "auto",
    "output": "new-layer",
    "opacity": 100.0,
    "mode": "normal",
    "mask-from": "selection",
}
"""Choices beside the parameters, with their defaults, as GIMP 3's arguments are called."""

MAIN = ("network", "layers", "strength", "colors", "steps", "octaves", "step_size", "seed")
"""Parameters that are always visible; the others are under Advanced."""

STYLE_MAIN = (
    "network",
    "content_weight",
    "size",
    "style_scale",
    "rounds",
    "keep_colors",
    "strength",
    "seed",
)
"""The same of styles."""
