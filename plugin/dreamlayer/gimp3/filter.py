"""Filters ▸ Artistic ▸ Deep Dream in GIMP 3.0 and later: registration and run.

What Style Transfer, `gimp3.style`, has in common with it is here too.
"""

import os
import sys
import threading
import time

import gi
import messages
from gi.repository import Gegl, Gimp, GLib, GObject
from messages import DREAM, PROCEDURE, STYLE, RefusedError
from settings import CHOSEN, CUSTOM, OUTPUTS, SettingError, Settings
from worker_client import Worker, WorkerError

from gimp3.output import check_output, put
from gimp3.pixels import Region

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_UNCHECKED = 2**31 - 1
"""Arguments are declared without limits: GIMP silently replaces a value that is out of range by
the default, where we say so in a sentence."""


class DeepDream(Gimp.PlugIn):
    """The plug-in as GIMP sees it."""

    def do_query_procedures(self):
        """The procedures that this plug-in registers."""
        return [PROCEDURE, STYLE.procedure]

    def do_set_i18n(self, name):
        """There are no translations."""
        return False

    def do_create_procedure(self, name):
        """Declare menu entry and arguments; GIMP calls this at its start, so it is fast."""
        if name == STYLE.procedure:
            # It is built on this module.
            from gimp3.style.procedure import create

            return create(self)
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("RGB*, GRAY*")
        procedure.set_sensitivity_mask(
            Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES
        )
        procedure.set_menu_label("_Deep Dream...")
        procedure.add_menu_path("<Image>/Filters/Artistic")
        procedure.set_documentation(
            messages.BLURB,
            "Climbs the gradient of a convolutional network's layers with respect to the image, "
            "over several sizes of it. " + messages.PRESET_HELP,
            name,
        )
        procedure.set_attribution("dreamlayer", "dreamlayer, MIT licence", "2026")
        declare(procedure, Settings(FOLDER))
        return procedure


def declare(procedure, settings):
    """Declare the arguments from the recipe's own parameters."""
    flags = GObject.ParamFlags.READWRITE
    listed = settings.presets_listed()
    procedure.add_string_argument("preset", "_Preset", f"one of {listed}", CUSTOM, flags)
    for one in settings.parameters.values():
        name, title = one.name.replace("_", "-"), one.title
        help_ = one.help + ("" if one.low is None else f" ({one.low:g} to {one.high:g})")
        if one.kind == "int":
            procedure.add_int_argument(
                name, title, help_, -_UNCHECKED, _UNCHECKED, one.default, flags
            )
        elif one.kind == "float":
            procedure.add_double_argument(name, title, help_, -1e300, 1e300, one.default, flags)
        elif one.kind == "bool":
            procedure.add_boolean_argument(name, title, help_, one.default, flags)
        else:
            allowed = f": {', '.join(one.choices)}" if one.choices else ""
            procedure.add_string_argument(name, title, help_ + allowed, one.default, flags)
    listed = ", ".join(settings.providers)
    procedure.add_string_argument("provider", "Provider", f"one of {listed}", "auto", flags)
    listed = ", ".join(OUTPUTS)
    procedure.add_string_argument("output", "Output", f"one of {listed}", "in-place", flags)
    procedure.add_image_return_value(
        "result", "Result", "the image that holds the dream; a new one with new-image", True, flags
    )


def run(procedure, mode, image, drawables, config, data):
    """Run the filter; GIMP calls this."""
    end_with_gimp()
    Gegl.init(None)
    # A swap file would outlive a cancel, which kills this process.
    Gegl.config().set_property("swap", "RAM")
    worker = None
    try:
        settings = Settings(FOLDER)
        check_image(image, drawables)
        if mode == Gimp.RunMode.INTERACTIVE:
            # Imported here: without a display GTK must not be loaded.
            gi.require_version("GimpUi", "3.0")
            gi.require_version("Gtk", "3.0")
            gi.require_version("Gdk", "3.0")
            from gimp3.dialog import ask

            def apply(worker):
                show(image, _dream_as_set(worker, image, drawables, config, settings))

            agreed, applied, worker = ask(procedure, config, settings, FOLDER, drawables, apply)
            if not agreed and not applied:
                return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
            if not agreed:
                # What was applied is what a repetition repeats.
                return result_of(procedure, image)
        worker = worker or Worker(FOLDER)
        made = _dream_as_set(worker, image, drawables, config, settings)
    except (RefusedError, SettingError, WorkerError) as error:
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, sentence_of(error))
    except Exception as error:
        # Any other error is one sentence for the painter, too.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sentence = RefusedError(f"Deep Dream failed: {type(error).__name__}: {error}")
        return procedure.new_return_values(
            Gimp.PDBStatusType.EXECUTION_ERROR, sentence_of(sentence)
        )
    finally:
        if worker is not None:
            worker.close()
    if mode == Gimp.RunMode.INTERACTIVE:
        show(image, made)
    Gimp.displays_flush()
    return result_of(procedure, made)


def show(image, made):
    """Show a new image, and what has changed of the other."""
    if made is not image:
        Gimp.Display.new(made)
    Gimp.displays_flush()


def result_of(procedure, made):
    """What a procedure returns after success."""
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    values.remove(1)
    values.insert(1, GObject.Value(Gimp.Image, made))
    return values


def _dream_as_set(worker, image, drawables, config, settings):
    """Dream with a worker as the arguments say; the image with the result."""
    wanted = {n: config.get_property(n) or default for n, default in CHOSEN.items()}
    settings.check(**wanted)
    recipe = settings.recipe(wanted["preset"], values_of(config, settings))
    return dream(worker, image, drawables, recipe, wanted["provider"], wanted["output"])


def values_of(config, settings):
    """The values of all parameters in a procedure's config, by the parameter's name."""
    return {name: config.get_property(name.replace("_", "-")) for name in settings.parameters}


def check_image(image, drawables):
    """Raise `RefusedError`, before any work, for what cannot be dreamt on."""
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise RefusedError(messages.INDEXED)
    if not drawables:
        raise RefusedError("no layer is chosen; choose the layers to dream on")
    for drawable in drawables:
        if drawable.is_group():
            raise RefusedError(messages.group(drawable.get_name()))
        if not drawable.mask_intersect()[0]:
            raise RefusedError(messages.beside(drawable.get_name()))


def dream(worker, image, drawables, recipe, provider, output, work=DREAM):
    """Dream on all drawables, then write all of them in one undo step; the image with the result.

    Nothing is written before all dreams are done: a cancel, which kills this process, leaves the
    image unchanged. `work` is what it is called.
    """
    selected = not image.get_selection().is_empty(image)
    for drawable in drawables:
        check_output(drawable, output)
    Gimp.progress_init(work.title)
    report = _Report(len(drawables), work)
    dreamt = []
    for drawable in drawables:
        region = Region(drawable, selected, masked=output == "in-place")
        request = dict(region.request(), recipe=recipe, provider=provider)
        header = worker.dream(request, region.payload(), report)
        # An older worker tells no recipe without the paths of this machine.
        used = header.get("stored", header["recipe"])
        dreamt.append((region, region.receive(worker.read), used))
        report.done += 1
    return put(image, dreamt, output, selected, work)


class _Report:
    """Shows the worker's progress in GIMP, as text and as a fraction of all layers."""

    def __init__(self, layers, work):
        self.layers, self.done, self._work = layers, 0, work

    def __call__(self, header):
        text = messages.progress(header, self._work)
        if self.layers > 1:
            text = f"Layer {self.done + 1} of {self.layers}: {text}"
        Gimp.progress_set_text(text)
        if header["stage"] != "loading":
            Gimp.progress_update((self.done + header["fraction"]) / self.layers)


def sentence_of(error):
    """The error that GIMP shows."""
    text = str(error)
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


def main():
    """Hand over to GIMP."""
    Gimp.main(DeepDream.__gtype__, sys.argv)
