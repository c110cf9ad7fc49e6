"""What GIMP calls for Style Transfer: registration and run."""

import sys

import gi
from gi.repository import Gegl, Gimp, GObject
from messages import CLOSED_EARLY, STYLE, RefusedError
from settings import STYLE as OF_STYLES
from settings import SettingError, Settings
from translation import _
from worker_client import Worker, WorkerError

from gimp3.filter import (
    FOLDER,
    check_image,
    declare,
    end_with_gimp,
    finish,
    sentence_of,
)
from gimp3.style import words
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
    end_with_gimp()
    Gegl.init(None)
    # A swap file would outlive a cancel, which kills this process.
    Gegl.config().set_property("swap", "RAM")
    worker = None
    try:
        settings = Settings(FOLDER, OF_STYLES)
        check_image(image, drawables)
        if mode == Gimp.RunMode.INTERACTIVE:
            # Imported here: without a display GTK must not be loaded.
            for library in ("GimpUi", "Gtk", "Gdk"):
                gi.require_version(library, "3.0")
            from gimp3.style.window import ask

            agreed, worker = ask(procedure, config, settings, FOLDER, drawables)
            if not agreed:
                return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
        worker = worker or Worker(FOLDER)
        made, notice = style_as_set(worker, image, drawables, config, settings)
    except (RefusedError, SettingError, WorkerError) as error:
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, sentence_of(error))
    except Exception as error:
        # Any other error is one sentence for the painter, too.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sentence = words.FAILED.format(reason=f"{type(error).__name__}: {error}")
        refused = RefusedError(sentence if image.is_valid() else CLOSED_EARLY)
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, sentence_of(refused))
    finally:
        if worker is not None:
            worker.close()
    return finish(procedure, mode, image, made, notice)
