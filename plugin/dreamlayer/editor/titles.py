# -*- coding: utf-8 -*-
"""What parameters and their choices are called in editors, for Python 2.7 and 3."""

from __future__ import unicode_literals

from .translation import N_

TITLES = {
    "layers": N_("Layer"),
    "normalize": N_("Divide gradient by"),
    "smoothing": N_("Smoothing"),
    "jitter": N_("Random shift"),
    "guide": N_("Guide picture"),
    "max_side": N_("Maximum side"),
    "normalize_tiles": N_("Divide tiles by"),
    "colors": N_("Colors"),
    "keep_colors": N_("Keep the picture's colors"),
    "anchor": N_("Hold brightness and color"),
    "headroom": N_("Distance from black and white"),
    "protect": N_("Dream less in"),
    "epsilon": N_("Added to divisor"),
    "epsilon_tiles": N_("Added to tiles' divisor"),
    "min_divisor": N_("Minimum divisor"),
    "clip_gradient": N_("Clip gradient"),
    "pyramid": N_("Pyramid bands"),
    "gaps": N_("Published gaps"),
    "weigh_tiles": N_("Weigh tiles by pixels"),
    "start": N_("Start from"),
    "noise_low": N_("Darkest noise"),
    "noise_high": N_("Brightest noise"),
    "canvas": N_("Noise side"),
    "tile": N_("Tile"),
    "overlap": N_("Tile overlap"),
    "max_loss": N_("Stop at objective"),
    "clip": N_("Clip to black and white"),
    "content_layers": N_("Layers of the content"),
    "style_layers": N_("Layers of the style"),
    "measure": N_("Differences"),
    "content_weight": N_("Weight of the content"),
    "style_weight": N_("Weight of the style"),
    "variation_weight": N_("Smoothness"),
    "exponent": N_("Exponent of smoothness"),
    "evaluations": N_("Steps of a round"),
    "taper": N_("Steps of larger sizes"),
    "size": N_("Longer side"),
    "square": N_("Work on a square"),
    "style_scale": N_("Size of the style"),
    "spectrum": N_("Against grain"),
    "enlarge": N_("Enlarge"),
    "network": N_("Network"),
    "octaves": N_("Octaves"),
    "octave_scale": N_("Octave scale"),
    "octaves_above": N_("Octaves above"),
    "min_octave_side": N_("Min octave side"),
    "scheme": N_("Scheme"),
    "resample": N_("Resample"),
    "blur": N_("Blur"),
    "blend": N_("Blend"),
    "steps": N_("Steps"),
    "step_size": N_("Step size"),
    "strength": N_("Strength"),
    "smoothing_growth": N_("Smoothing growth"),
    "smoothing_cascade": N_("Smoothing cascade"),
    "smoothing_colors": N_("Smoothing colors"),
    "tiling": N_("Tiling"),
    "precision": N_("Precision"),
    "seed": N_("Seed"),
    "rounds": N_("Rounds"),
}

HELPS = {
    "max_loss": N_(
        "end an octave before the objective exceeds this; 0 for never, or for the preset's value"
    ),
}
"""Where editors need more than description.json says."""

_DIVISORS = {"mean": N_("mean"), "std": N_("std"), "none": N_("none")}

CHOICES = {
    "colors": {
        "natural": N_("Natural, as in photos"),
        "free": N_("Free, as the gradient has them"),
    },
    "protect": {
        "nothing": N_("Nothing"),
        "dark": N_("Dark areas"),
        "bright": N_("Bright areas"),
        "flat": N_("Flat areas"),
    },
    "measure": {"relative": N_("Relative"), "published": N_("As published in 2016")},
    "enlarge": {
        "picture": N_("The styled picture"),
        "detail": N_("The change only, to keep detail"),
    },
    "scheme": {
        "detail": N_("detail"),
        "detail-after": N_("detail-after"),
        "laplacian": N_("laplacian"),
        "resize": N_("resize"),
        "recursive": N_("recursive"),
    },
    "resample": {
        "bicubic": N_("bicubic"),
        "lanczos": N_("lanczos"),
        "lanczos-8bit": N_("lanczos-8bit"),
        "bilinear": N_("bilinear"),
        "bilinear-tf1": N_("bilinear-tf1"),
        "bilinear-corners": N_("bilinear-corners"),
        "bilinear-8bit": N_("bilinear-8bit"),
    },
    "normalize": _DIVISORS,
    "normalize_tiles": _DIVISORS,
    "tiling": {"even": N_("even"), "fixed": N_("fixed"), "random": N_("random")},
    "start": {
        "image": N_("image"),
        "noise": N_("noise"),
        "either": N_("either"),
        "content": N_("content"),
        "style": N_("style"),
    },
    "precision": {"full": N_("full"), "fast": N_("fast")},
}
"""What choices are called."""

FRAMES = (
    (
        "frames",
        N_("Frames"),
        "int",
        24,
        2,
        2000,
        N_("number of frames: layers in GIMP, key frames in Krita"),
    ),
    (
        "zoom",
        N_("Zoom (%)"),
        "float",
        2.0,
        -50.0,
        100.0,
        N_("how much everything grows from frame to frame; below 0 it shrinks"),
    ),
    (
        "rotation",
        N_("Rotation (°)"),
        "float",
        0.0,
        -180.0,
        180.0,
        N_("degrees from frame to frame, clockwise; below 0 counterclockwise"),
    ),
    (
        "frame_steps",
        N_("Steps per frame"),
        "int",
        2,
        0,
        100,
        N_("steps on each size of every frame after the first; more change faster"),
    ),
    (
        "frame_time",
        N_("Frame time (ms)"),
        "int",
        80,
        10,
        60000,
        N_("how long each frame is shown"),
    ),
)
"""What an animation has beside the recipe of its dream, for `Parameter`."""
