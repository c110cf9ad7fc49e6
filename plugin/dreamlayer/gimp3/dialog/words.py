"""What the dialog says: whole sentences with named places, in the words of GIMP."""

LOADING = "Loading the network…"
UP_TO_DATE = "The preview is complete."
ZOOM_IN = "Shapes will be finer than in this reduced preview; zoom in to see them."
NO_GUIDE = "This preset compares the picture with another one; choose a guide picture in Settings."
NETWORK_MISSING = "The network “{network}” is not installed here; choose another preset."
NETWORKS_MISSING = "These need networks that are not installed here."
NOTHING_FOUND = "No preset is called so."
SAVE, RENAME = "Save as Preset", "Rename Preset"
RENAME_TIP, DELETE_TIP = "Rename this preset of yours", "Delete this preset of yours"
REPLACE = "You have a preset “{name}” already. Replace it?"
DELETE = "Delete the preset “{name}”?"
CUSTOM = "Your settings"
CUSTOM_ABOUT = "They belong to no preset."
THIS_LAYER = "This layer"
BEFORE, BEFORE_ABOUT = "As it was dreamt", "The settings that are stored on this layer."
CHOSEN = "{width} × {height} pixels of “{name}”"
CHOSEN_OF = "{width} × {height} pixels of “{name}”, the first of {count} chosen layers"
APPLYING = "Dreaming…"
APPLIED = "Applied in {time}; Ctrl+Z in the image undoes it."
CANCELLED = "Cancelled; the image is unchanged."

_DRAFT = "Draft: size {octave} of {octaves}"
_FULL = "Refining: size {octave} of {octaves}"

_COMMAND_LINE = (("--guide FILE", "a guide picture"), ("--guide", "a guide picture"))
"""What sentences of the worker name, and what a painter knows it as."""


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
    text = str(error)
    for said, known in _COMMAND_LINE:
        text = text.replace(said, known)
    return text[:1].upper() + text[1:]
