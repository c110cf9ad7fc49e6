"""Filters ▸ Artistic ▸ Deep Dream in GIMP 3.0 and later: registration and run.

Arguments and work that Style Transfer, `gimp3.style`, has in common with it are here too.
"""

import sys

import gimp_messages
from editor import messages
from editor.choices import ANIMATION, CHOSEN, CUSTOM, MASKS, MODES
from editor.guide import added
from editor.messages import DREAM, FAILED, STYLE, RefusedError
from editor.settings import DREAM as OF_DREAMS
from editor.settings import Settings
from editor.translation import _
from editor.worker_client import WorkerError
from gi.repository import Gimp, GObject
from gimp_messages import PROCEDURE

from gimp3 import guide
from gimp3.animation import animate
from gimp3.original import Original
from gimp3.output import Start, check_output, put
from gimp3.pixels import Region
from gimp3.running import FOLDER, Filter, check_image, run_filter

_UNCHECKED = 2**31 - 1
"""Arguments are declared without limits: GIMP silently replaces a value that is out of range by
the default, where we say so in a sentence."""

_CLIMBS = _(
    "Climbs the gradient of a convolutional network's layers with respect to the image, over "
    "several sizes of it."
)


class DeepDream(Gimp.PlugIn):
    """The plug-in as GIMP sees it."""

    def do_query_procedures(self):
        """The procedures that this plug-in registers."""
        return [PROCEDURE, STYLE.procedure]

    def do_set_i18n(self, name):
        """Whether GIMP translates for us: no, our own module `translation` does."""
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
        procedure.set_menu_label(_("_Deep Dream..."))
        procedure.add_menu_path("<Image>/Filters/Artistic")
        procedure.set_documentation(
            gimp_messages.BLURB,
            f"{_CLIMBS} {gimp_messages.PRESET_HELP}",
            name,
        )
        procedure.set_attribution("dreamlayer", "dreamlayer, MIT licence", "2026")
        declare(procedure, Settings(FOLDER))
        guide.declare(procedure, GObject.ParamFlags.READWRITE)
        return procedure


def declare(procedure, settings):
    """Declare the arguments from the recipe's own parameters."""
    flags = GObject.ParamFlags.READWRITE
    help_ = _("one of {names}").format(names=settings.presets_listed())
    procedure.add_string_argument("preset", _("_Preset"), help_, CHOSEN["preset"], flags)
    for one in (*settings.parameters.values(), *settings.animation.values()):
        name, title, help_ = one.name.replace("_", "-"), _(one.title), _(one.help)
        if one.low is not None:
            help_ = _in_range(help_, one.low, one.high)
        if one.kind == "int":
            procedure.add_int_argument(
                name, title, help_, -_UNCHECKED, _UNCHECKED, one.default, flags
            )
        elif one.kind == "float":
            procedure.add_double_argument(name, title, help_, -1e300, 1e300, one.default, flags)
        elif one.kind == "bool":
            procedure.add_boolean_argument(name, title, help_, one.default, flags)
        else:
            if one.choices:
                names = ", ".join(one.choices)
                help_ = _("{help}: {names}").format(help=help_, names=names)
            procedure.add_string_argument(name, title, help_, one.default, flags)
    for name, title, help_, choices in (
        ("provider", _("Provider"), _("The hardware to compute on."), settings.providers),
        ("output", _("Output"), _(settings.output_help), settings.outputs),
        ("mode", _("Mode"), _("The mode of a new layer."), MODES),
        ("mask-from", _("Keep to"), _(settings.mask_help), MASKS),
    ):
        help_ = _("{help} One of {names}").format(help=help_, names=", ".join(choices))
        procedure.add_string_argument(name, title, help_, CHOSEN[name], flags)
    help_ = _in_range(_("The opacity of a new layer."), 0, 100)
    procedure.add_double_argument("opacity", _("Opacity"), help_, -1e300, 1e300, 100.0, flags)
    help_ = _("the image that holds the result; a new one with new-image")
    procedure.add_image_return_value("result", _("Result"), help_, True, flags)
    help_ = _(
        "where the result went, in a sentence, where the image was changed meanwhile; or empty"
    )
    procedure.add_string_return_value("notice", _("Notice"), help_, "", flags)


def _in_range(help_, low, high):
    """The help of a number, with its limits."""
    return _("{help} ({low} to {high})").format(help=help_, low=f"{low:g}", high=f"{high:g}")


def run(procedure, mode, image, drawables, config, data):
    """Run the filter; GIMP calls this."""
    return run_filter(FILTER, procedure, mode, image, drawables, config)


def _dream_as_set(worker, image, drawables, config, settings):
    """Dream with a worker as the arguments say; the image with the result, and what to tell."""
    check_image(image, drawables)
    wanted, recipe = as_set(worker, config, settings)
    if wanted["output"] == ANIMATION:
        values = values_of(config, settings.animation)
        how = settings.motion(values), values["frame_time"], guide.of(config)
        return animate(worker, image, drawables, recipe, wanted, *how)
    return dream_on(worker, image, drawables, recipe, wanted, guided=guide.of(config))


def _window():
    """The class of the dialog's window."""
    from gimp3.dialog.window import Window

    return Window


FILTER = Filter(OF_DREAMS, _window, _dream_as_set, FAILED)


def as_set(worker, config, settings):
    """What a procedure's config says: the choices beside the parameters, and the recipe.

    Raises
    ------
    settings.SettingError, worker_client.WorkerError
        One sentence each.
    """
    wanted = chosen(config)
    if wanted["preset"] not in (CUSTOM, *settings.presets):
        # One of the painter's own, perhaps, of which the worker knows.
        settings.take_own(worker.describe())
    settings.check(*(wanted[name] for name in CHOSEN))
    return wanted, settings.recipe(wanted["preset"], values_of(config, settings.parameters))


def chosen(config):
    """The choices beside the parameters, by name.

    From its second start on GIMP gives None for a text argument whose default is "".
    """
    values = {name: config.get_property(name) for name in CHOSEN}
    return {n: CHOSEN[n] if value in (None, "") else value for n, value in values.items()}


def values_of(config, parameters):
    """The values of parameters in a procedure's config, by the parameter's name."""
    return {name: config.get_property(name.replace("_", "-")) for name in parameters}


def dream_on(worker, image, drawables, recipe, wanted, work=DREAM, guided=None):
    """Dream on all drawables, then write all of them in one undo step.

    Nothing is written before all dreams are done: a cancel, which kills this process, leaves the
    image unchanged. Returns the image with the result, and what to tell the painter or "".
    `work` is what it is called, and `guided` a `gimp3.guide.Guide` or None.
    """
    output, by_mask = wanted["output"], wanted["mask-from"] == "layer-mask"
    selected = not image.get_selection().is_empty(image)
    for drawable in drawables:
        check_output(drawable, output)
    Gimp.progress_init(_(work.title))
    start = Start(image)
    # All at once: while one is dreamt on, the painter may change the others.
    originals = [
        Original(Region(drawable, selected), output == "in-place" or by_mask, by_mask)
        for drawable in drawables
    ]
    report = _Report([original.name for original in originals], work)
    dreamt = []
    for original in originals:
        request = dict(original.request(), recipe=recipe, provider=wanted["provider"])
        request, payload = added(guided, request, original.payload(), original.native)
        try:
            header = worker.dream(request, payload, report)
        except WorkerError as error:
            if len(originals) > 1 and error.id is not None:
                raise RefusedError(messages.about(original.name, error.sentence)) from error
            raise
        # An older worker tells no recipe without the paths of this machine.
        used = header.get("stored", header["recipe"])
        dreamt.append((original, original.receive(worker.read), used))
        report.done += 1
    return put(start, dreamt, output, wanted["opacity"], wanted["mode"], work)


class _Report:
    """Shows the worker's progress in GIMP, as text and as a fraction of all layers."""

    def __init__(self, names, work):
        self._names, self.done, self._work = names, 0, work

    def __call__(self, header):
        count = len(self._names)
        name = self._names[self.done]
        text = messages.progress(header, name, self.done + 1, count, self._work)
        Gimp.progress_set_text(text)
        if header["stage"] != "loading":
            Gimp.progress_update((self.done + header["fraction"]) / count)


def main():
    """Hand over to GIMP."""
    Gimp.main(DeepDream.__gtype__, sys.argv)
