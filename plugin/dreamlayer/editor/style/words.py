"""What Style Transfer says: whole sentences with named places, in the words of GIMP."""

from ..translation import _

BLURB = _("Paint the image in the style of other pictures")
ABOUT = _(
    "Changes the layer until a neural network sees its content in the colors and strokes of the "
    "style pictures. They may be layers of any open image, whole images, or files; several count "
    "by their weights."
)
PICTURES_HELP = _(
    "The pictures whose style is wanted: layer:ID for a layer, group, mask or channel of any open "
    "image, image:ID for an open image as it is seen, or the path of a file that GIMP can open; "
    "if empty, those of a preset of your own"
)
WEIGHTS_HELP = _(
    "How much each style picture counts beside the others, as numbers with commas between; if "
    "empty, all count the same"
)

NO_PICTURE = _("no style picture is chosen; choose a layer, an open image or a file")
TOO_MANY = _("{count} style pictures are chosen, but {most} at most can be used")
GONE = _("a style picture was closed, deleted or renamed; choose another one")
NOT_A_PICTURE = _(
    "the style picture “{text}” is not known; it must be layer:ID, image:ID or the path of a file"
)
BEYOND = _("“{name}” has no pixels, so it cannot be a style picture")
NO_FILE = _("the style picture {path} is not there; choose another file")
NOT_OPENED = _("GIMP cannot open the style picture {path}: {reason}")
NOT_NUMBERS = _("the weights of the style pictures must be numbers, but are “{text}”")
NEGATIVE = _("the weights of the style pictures must be between 0 and 1000000, but one is {weight}")
ALL_ZERO = _("the weights of the style pictures are all 0; give one of them more")
NOT_AS_MANY = _("{weights} weights are given for {count} style pictures; give one for each")
NETWORK_MISSING = _(
    "the preset “{preset}” needs the network “{network}”, which is not installed here; "
    "choose another preset"
)
ADD_ONE = _("Add a layer, an image or a file whose style you want.")
SETTINGS_ONLY = _(
    "The preset keeps the settings alone: it cannot keep pictures that are layers or open images."
)
WHOLE_IMAGE = _("Image {name}")
APPLYING = _("Styling…")
PREVIEWING = _("Preview: size {octave} of {octaves}, step {step} of {steps}")
PREVIEWED = _("The preview is small and has few steps; the result will be finer.")
FAILED = _("Style Transfer failed: {kind}: {error}")
