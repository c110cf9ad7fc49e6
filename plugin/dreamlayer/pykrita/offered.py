"""What a painter can choose in Krita of outputs, modes of layers, and what a result keeps to."""

import collections

from ..editor.choices import ANIMATION, MASKS, MODES, OUTPUTS, Offers
from ..editor.translation import N_
from .modes import OFFERED

_OUTPUT_HELP = N_(
    "Where the dream goes. To paint in: onto a new layer behind a transparency mask that hides it, "
    "which is chosen; paint on it in white, and the dream appears under the brush. Animation: "
    "frame after frame, each zoomed and rotated and dreamt on a little more, in a new document."
)
_STYLE_OUTPUT_HELP = N_(
    "Where the result goes. To paint in: onto a new layer behind a transparency mask that hides "
    "it, which is chosen; paint on it in white, and the result appears under the brush."
)
_MASK_HELP = N_("What the dream keeps to while it grows, so that its shapes fit in.")
_STYLE_MASK_HELP = N_("Where the result is seen.")


_OUTPUTS = {
    "new-layer": OUTPUTS["new-layer"],
    "paint-in": OUTPUTS["paint-in"],
    "new-image": N_("New document"),
}

OF_KRITA = Offers(
    collections.OrderedDict(_OUTPUTS),
    collections.OrderedDict([(ANIMATION, N_("Animation, in a new document"))]),
    collections.OrderedDict((name, MODES[name]) for name in OFFERED),
    # Only the selection: a layer's masks are a part of what it shows.
    collections.OrderedDict([("selection", MASKS["selection"])]),
    (_OUTPUT_HELP, _MASK_HELP),
    (_STYLE_OUTPUT_HELP, _STYLE_MASK_HELP),
)
"""Nothing is changed in place: what a script writes into a layer, Krita does not undo."""
