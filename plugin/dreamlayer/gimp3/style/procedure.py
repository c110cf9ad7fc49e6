"""What GIMP calls for Style Transfer: registration and run."""

from editor.messages import STYLE
from editor.settings import STYLE as OF_STYLES
from editor.settings import Settings
from editor.style import words
from editor.translation import _
from gi.repository import Gimp, GObject

from gimp3.filter import declare
from gimp3.running import FOLDER, Filter, run_filter
from gimp3.style.styling import style_as_set


def create(plugin):
    """Declare menu entry and arguments; GIMP calls this at its start, so it is fast."""
    procedure = Gimp.ImageProcedure.new(plugin, STYLE.procedure, Gimp.PDBProcType.PLUGIN, run, None)
    procedure.set_image_types("RGB*, GRAY*")
    procedure.set_sensitivity_mask(
        Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES
    )
    procedure.set_menu_label(_("Style _Transfer..."))
    procedure.add_menu_path("<Image>/Filters/Artistic")
    procedure.set_documentation(words.BLURB, words.ABOUT, STYLE.procedure)
    procedure.set_attribution("dreamlayer", "dreamlayer, MIT licence", "2026")
    flags = GObject.ParamFlags.READWRITE
    procedure.add_string_array_argument(
        "style-pictures", _("Style pictures"), words.PICTURES_HELP, flags
    )
    procedure.add_string_argument(
        "style-weights", _("Weights of the styles"), words.WEIGHTS_HELP, "", flags
    )
    declare(procedure, Settings(FOLDER, OF_STYLES))
    return procedure


def run(procedure, mode, image, drawables, config, data):
    """Run the filter; GIMP calls this."""
    return run_filter(_FILTER, procedure, mode, image, drawables, config)


def _window():
    """The class of the dialog's window."""
    from gimp3.style.window import StyleWindow

    return StyleWindow


_FILTER = Filter(OF_STYLES, _window, style_as_set, words.FAILED)
