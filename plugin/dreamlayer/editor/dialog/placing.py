"""Where the result goes, as set in a dialog."""

import collections

from ..choices import LAYERED

Placing = collections.namedtuple("Placing", "provider output opacity by_mask")
"""The provider, the output, its opacity in 0..1, and whether it keeps to the layer's mask."""


def placing(config):
    """Where the result goes, as the arguments say; a `Placing`."""
    output, by_mask = config.get_property("output"), config.get_property("mask-from")
    opacity = config.get_property("opacity") / 100 if output in LAYERED else 1.0
    return Placing(config.get_property("provider"), output, opacity, by_mask == "layer-mask")
