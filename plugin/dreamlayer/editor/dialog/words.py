"""What the dialog says: whole sentences with named places, in the words of GIMP."""

from ..translation import _
from ..wording import plain

LOADING = _("Loading the network…")
UP_TO_DATE = _("The preview is complete.")
ZOOM_IN = _("Shapes will be finer than in this reduced preview; zoom in to see them.")
NO_GUIDE = _(
    "This preset compares the picture with another one; choose a guide picture in Settings."
)
NETWORK_MISSING = _("The network “{network}” is not installed here; choose another preset.")
NETWORKS_MISSING = _("These need networks that are not installed here.")
NOTHING_FOUND = _("No preset has this name.")
MAKING_PICTURES = _("Pictures of what the layers dream of are being made, once.")
CLICK_LAYERS = _("Click layers to dream of them.")
LAYERS_TYPED = _("What is typed for the layers under Advanced cannot be read.")
CLICK_CHANNELS = _("Click channels to dream of them alone; without any, all count.")
LAYER_OF, ONLY_LAYER_OF = _("{layer} – {image}"), "{image}"
FORMER_GUIDE = _("A layer that no longer exists")
SAVE, RENAME = _("Save as Preset"), _("Rename Preset")
RENAME_TIP, DELETE_TIP = _("Rename this preset of yours"), _("Delete this preset of yours")
REPLACE = _("You have a preset “{name}” already. Replace it?")
DELETE = _("Delete the preset “{name}”?")
TAKEN = _("You have a preset “{name}” already; use another name.")
NOT_CHANGED = _("{path} cannot be changed: {reason}.")
CUSTOM, CUSTOM_ABOUT = _("Your settings"), _("They belong to no preset.")
GONE = _("The layer was deleted or merged.")
THIS_LAYER, BEFORE = _("This layer"), _("As it was made")
BEFORE_ABOUT = _("The settings that are stored on this layer.")
CHOSEN = _("{width} × {height} pixels of “{name}”")
CHOSEN_OF = _("{width} × {height} pixels of “{name}”, the first of {count} chosen layers")
APPLYING = _("Dreaming…")
APPLIED = _("Applied in {time}; Ctrl+Z in the image undoes it.")
APPLIED_APART = _("Applied in {time}; the result is in a new image.")
CANCELLED = _("Stopped; the image is unchanged.")

_DRAFT = _("Draft: size {octave} of {octaves}")
_FULL = _("Refining: size {octave} of {octaves}")


def refining(draft, header):
    """How far a preview is."""
    text = _DRAFT if draft else _FULL
    return text.format(octave=header["octave"], octaves=header["octaves"])


def chosen(name, width, height, count):
    """What is dreamt on, and how many layers are chosen."""
    text = CHOSEN_OF if count > 1 else CHOSEN
    return text.format(name=name, width=width, height=height, count=count)


def sentence(error):
    """An error's text, begun by a capital, without words of the command line."""
    text = plain(str(error))
    return text[:1].upper() + text[1:]
