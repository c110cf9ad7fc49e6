"""What both filters' runs have in common: dialog or none, errors as sentences, what is returned."""

import collections
import os
import sys
import threading
import time

import gi
import gimp_messages
from editor import messages
from editor.messages import RefusedError
from editor.settings import SettingError, Settings
from editor.translation import _
from editor.wording import plain
from editor.worker_client import Worker, WorkerError
from gi.repository import Gegl, Gimp, GLib, GObject
from gimp_messages import PROCEDURE

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

Filter = collections.namedtuple("Filter", "kind window as_set failed")
"""A filter: the kind of its settings; a function that imports the class of its dialog's window,
which must not be done without a display; one that does the work, given an idle worker, image,
drawables, config and settings, and gives the image with the result and what to tell; and the
sentence, with places for `kind` and `error`, for an unexpected failure."""


def run_filter(filter_, procedure, mode, image, drawables, config):
    """Run a filter as GIMP calls it; what the procedure returns."""
    end_with_gimp()
    Gegl.init(None)
    # A swap file would outlive a cancel, which kills this process.
    Gegl.config().set_property("swap", "RAM")
    worker = None
    try:
        settings = Settings(FOLDER, filter_.kind)
        check_image(image, drawables)
        if mode == Gimp.RunMode.INTERACTIVE:
            # Imported here: without a display GTK must not be loaded.
            for library in ("GimpUi", "Gtk", "Gdk"):
                gi.require_version(library, "3.0")
            from gimp3.dialog import ask

            def apply(worker):
                try:
                    show(image, *filter_.as_set(worker, image, drawables, config, settings))
                finally:
                    Gimp.progress_end()

            given = procedure, config, settings, FOLDER, drawables, apply
            agreed, applied, worker = ask(filter_.window, *given)
            if not agreed and not (applied and image.is_valid()):
                # Also where the image was closed, as in `finish`.
                return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
            if not agreed:
                # GIMP then keeps what is set, for a repetition, also where it was set after Apply.
                return result_of(procedure, image, "")
        worker = worker or Worker(FOLDER)
        made, notice = filter_.as_set(worker, image, drawables, config, settings)
    except (RefusedError, SettingError, WorkerError) as error:
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, sentence_of(error))
    except Exception as error:
        # Any other error is one sentence for the painter, too.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        refused = RefusedError(filter_.failed.format(kind=type(error).__name__, error=error))
        if not image.is_valid():
            refused = RefusedError(gimp_messages.CLOSED_EARLY)
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, sentence_of(refused))
    finally:
        if worker is not None:
            worker.close()
    return finish(procedure, mode, image, made, notice)


def finish(procedure, mode, image, made, notice):
    """Show what was made; what the procedure returns."""
    if mode != Gimp.RunMode.NONINTERACTIVE:
        show(image, made, notice)
        if not image.is_valid():
            # After a success GIMP stores the settings on the image, and would tell of an error.
            return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    Gimp.displays_flush()
    return result_of(procedure, made, notice)


def show(image, made, notice):
    """Show a new image, and what has changed of the other; tell where the dream went."""
    if made is not image:
        Gimp.Display.new(made)
    if notice:
        Gimp.message(messages.shown(notice))
    Gimp.displays_flush()


def result_of(procedure, made, notice):
    """What a procedure returns after success."""
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    for place, value in enumerate((GObject.Value(Gimp.Image, made), GObject.Value(str, notice)), 1):
        values.remove(place)
        values.insert(place, value)
    return values


def check_image(image, drawables):
    """Raise `RefusedError`, before any work, for what cannot be worked on.

    The painter may have closed or changed the image while the dialog was open.
    """
    if not image.is_valid():
        raise RefusedError(gimp_messages.CLOSED_EARLY)
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise RefusedError(gimp_messages.INDEXED)
    if not drawables:
        raise RefusedError(_("no layer is chosen; choose the layers to work on"))
    for drawable in drawables:
        if not drawable.is_valid():
            raise RefusedError(gimp_messages.GONE_EARLY)
        if drawable.is_group():
            raise RefusedError(gimp_messages.group(drawable.get_name()))
        if not drawable.mask_intersect()[0]:
            raise RefusedError(gimp_messages.beside(drawable.get_name()))


def sentence_of(error):
    """The error that GIMP shows."""
    text = plain(str(error))
    return GLib.Error.new_literal(GLib.quark_from_string(PROCEDURE), text, 0)


def end_with_gimp():
    """Make sure that neither this process nor the worker outlives GIMP or a cancel.

    GIMP cancels by killing this process. In a process group of its own, the worker is killed with
    it; elsewhere the worker ends when its input closes. Where GIMP itself is killed, this process
    gets another parent, and ends.
    """
    if os.name == "nt":
        return
    try:
        os.setpgid(0, 0)
    except OSError:
        pass
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
