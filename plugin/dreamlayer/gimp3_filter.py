"""Filters ▸ Artistic ▸ Deep Dream in GIMP 3.0 and later: arguments, the run, its output."""

import os
import sys
import threading
import time

import gi
from gi.repository import Gegl, Gimp, GLib, GObject
from gimp3_pixels import Region
from gimp3_signature import sign
from settings import CUSTOM, OUTPUTS, SettingError, Settings
from worker_client import Worker, WorkerError

PROCEDURE = "plug-in-deep-dream"
FOLDER = os.path.dirname(os.path.abspath(__file__))

_UNCHECKED = 2**31 - 1
"""Arguments are declared as wide as they can be: GIMP silently puts the default in place of a
value that is out of range, where ours is a sentence that says so."""


class RefusedError(Exception):
    """A sentence that tells why an image, layer or setting cannot be used."""


class DeepDream(Gimp.PlugIn):
    """The plug-in as GIMP sees it."""

    def do_query_procedures(self):
        """Names of the procedures in here."""
        return [PROCEDURE]

    def do_set_i18n(self, name):
        """No translations yet."""
        return False

    def do_create_procedure(self, name):
        """Declare menu entry and arguments; GIMP asks for this at its start, so it is quick."""
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("RGB*, GRAY*")
        procedure.set_sensitivity_mask(
            Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES
        )
        procedure.set_menu_label("_Deep Dream...")
        procedure.add_menu_path("<Image>/Filters/Artistic")
        procedure.set_documentation(
            "Let a neural network see things in the image",
            "Climbs the gradient of a convolutional network's layers with respect to the image, "
            "over several sizes of it. With the preset 'custom' all values count as they are; "
            "with another one, those that are not at their default are put in its place.",
            name,
        )
        procedure.set_attribution("dreamlayer", "dreamlayer, MIT licence", "2026")
        _declare(procedure, Settings(FOLDER))
        return procedure


def _declare(procedure, settings):
    """Declare the arguments from the recipe's own knobs."""
    flags = GObject.ParamFlags.READWRITE
    listed = ", ".join([CUSTOM, *settings.presets])
    procedure.add_string_argument("preset", "_Preset", f"one of {listed}", CUSTOM, flags)
    for knob in settings.knobs.values():
        name, title = knob.name.replace("_", "-"), knob.title
        help_ = knob.help + ("" if knob.low is None else f" ({knob.low:g} to {knob.high:g})")
        if knob.kind == "int":
            procedure.add_int_argument(
                name, title, help_, -_UNCHECKED, _UNCHECKED, knob.default, flags
            )
        elif knob.kind == "float":
            procedure.add_double_argument(name, title, help_, -1e300, 1e300, knob.default, flags)
        elif knob.kind == "bool":
            procedure.add_boolean_argument(name, title, help_, knob.default, flags)
        else:
            allowed = f": {', '.join(knob.choices)}" if knob.choices else ""
            procedure.add_string_argument(name, title, help_ + allowed, knob.default, flags)
    listed = ", ".join(settings.providers)
    procedure.add_string_argument("provider", "Provider", f"one of {listed}", "auto", flags)
    listed = ", ".join(OUTPUTS)
    procedure.add_string_argument("output", "Output", f"one of {listed}", "in-place", flags)
    procedure.add_image_return_value(
        "result", "Result", "the image that holds the dream; a new one with new-image", True, flags
    )


def run(procedure, mode, image, drawables, config, data):
    """Run the filter: what GIMP calls."""
    _end_with_gimp()
    Gegl.init(None)
    # A swap file would outlive a cancel, which kills this process.
    Gegl.config().set_property("swap", "RAM")
    settings = Settings(FOLDER)
    worker = None
    try:
        _check_image(image, drawables)
        if mode == Gimp.RunMode.INTERACTIVE:
            # Only now: without a display GTK must not be loaded.
            gi.require_version("GimpUi", "3.0")
            gi.require_version("Gtk", "3.0")
            from gimp3_dialog import ask

            agreed, worker = ask(procedure, config, settings, FOLDER, drawables)
            if not agreed:
                return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
        wanted = {name: config.get_property(name) for name in ("preset", "provider", "output")}
        settings.check(**wanted)
        recipe = settings.recipe(wanted["preset"], values_of(config, settings))
        worker = worker or Worker(FOLDER)
        made = _dream(worker, image, drawables, recipe, wanted["provider"], wanted["output"])
    except (RefusedError, SettingError, WorkerError) as error:
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, _sentence(error))
    except Exception as error:
        # Whatever else happens, the painter reads what it was, not a bare "failed".
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sentence = RefusedError(f"Deep Dream failed: {type(error).__name__}: {error}")
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, _sentence(sentence))
    finally:
        if worker is not None:
            worker.close()
    if made is not image and mode == Gimp.RunMode.INTERACTIVE:
        Gimp.Display.new(made)
    Gimp.displays_flush()
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    values.remove(1)
    values.insert(1, GObject.Value(Gimp.Image, made))
    return values


def values_of(config, settings):
    """The values of all knobs in a procedure's config, by the knob's name."""
    return {name: config.get_property(name.replace("_", "-")) for name in settings.knobs}


def _check_image(image, drawables):
    """Refuse what cannot be dreamt on, before any work."""
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise RefusedError(
            "Deep Dream needs more colours than an indexed image has; "
            "convert it with Image ▸ Mode ▸ RGB first"
        )
    if not drawables:
        raise RefusedError("no layer is chosen; choose the layers to dream on")
    for drawable in drawables:
        name = drawable.get_name()
        if drawable.is_group():
            raise RefusedError(
                f"'{name}' is a layer group, which has no pixels of its own; "
                "choose the layers in it, or merge it first"
            )
        if not drawable.mask_intersect()[0]:
            raise RefusedError(
                f"the selection does not touch '{name}'; "
                "move it over the layer, or choose Select ▸ None"
            )


def _check_output(drawable, output):
    """Refuse what GIMP would not let us write, before the dream and not after."""
    name = drawable.get_name()
    if output != "in-place":
        if not isinstance(drawable, Gimp.Layer):
            raise RefusedError(
                f"'{name}' is no layer; set Output to In place for masks and channels"
            )
        return
    if drawable.get_lock_content():
        raise RefusedError(
            f"the pixels of '{name}' are locked; unlock them, or set Output to New layer"
        )
    rasterizable = getattr(Gimp, "Rasterizable", None)
    if (
        rasterizable is not None
        and isinstance(drawable, rasterizable)
        and not drawable.is_rasterized()
    ):
        raise RefusedError(
            f"'{name}' is a text, vector or link layer; "
            "rasterize it first, or set Output to New layer"
        )


def _dream(worker, image, drawables, recipe, provider, output):
    """Dream on all drawables, then write all of them in one undo step; the image with the result.

    Nothing is written before everything is dreamt: a cancel, which kills this process, finds the
    image as it was.
    """
    selected = not image.get_selection().is_empty(image)
    for drawable in drawables:
        _check_output(drawable, output)
    Gimp.progress_init("Deep Dream")
    report = _Report(len(drawables))
    dreamt = []
    for drawable in drawables:
        region = Region(drawable, selected, masked=output == "in-place")
        request = dict(region.request(), recipe=recipe, provider=provider)
        header = worker.dream(request, region.payload(), report)
        dreamt.append((region, region.receive(worker.read), header["recipe"]))
        report.done += 1
    if output == "new-image":
        return _new_image(image, dreamt)
    image.undo_group_start()
    try:
        for region, result, used in dreamt:
            if output == "new-layer":
                _new_layer(image, region, result, used, selected)
            else:
                _in_place(region, result, used)
    finally:
        image.undo_group_end()
    return image


def _in_place(region, result, used):
    if not region.replace(result):
        raise RefusedError(
            f"GIMP does not let '{region.drawable.get_name()}' be changed; set Output to New layer"
        )
    sign(region.drawable, used)


def _new_layer(image, region, result, used, selected):
    """Put the dream on a layer above, behind a mask of selection and the layer's own mask."""
    source = region.drawable
    layer = region.layer(image, result, f"Deep Dream of {source.get_name()}")
    image.insert_layer(layer, source.get_parent(), image.get_item_position(source))
    _place(layer, region, 0, 0)
    own_mask = source.get_mask()
    if own_mask is None:
        if selected:
            layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
    else:
        before = Gimp.Selection.save(image) if selected else None
        how = Gimp.ChannelOps.INTERSECT if selected else Gimp.ChannelOps.REPLACE
        image.select_item(how, own_mask)
        layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
        if before is None:
            Gimp.Selection.none(image)
        else:
            image.select_item(Gimp.ChannelOps.REPLACE, before)
            image.remove_channel(before)
    sign(layer, used)


def _new_image(image, dreamt):
    """An image of the same kind, as large as the dreamt parts together, with a layer for each."""
    corners = [_corner(region) for region, _, _ in dreamt]
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    right = max(x + part[0].width for (x, _), part in zip(corners, dreamt))
    bottom = max(y + part[0].height for (_, y), part in zip(corners, dreamt))
    made = Gimp.Image.new_with_precision(
        right - left, bottom - top, image.get_base_type(), image.get_precision()
    )
    made.undo_disable()
    made.set_color_profile(image.get_color_profile())
    _, horizontal, vertical = image.get_resolution()
    made.set_resolution(horizontal, vertical)
    for region, result, used in reversed(dreamt):
        layer = region.layer(made, result, region.drawable.get_name())
        made.insert_layer(layer, None, 0)
        _place(layer, region, left, top)
        sign(layer, used)
    made.undo_enable()
    return made


def _corner(region):
    _, left, top = region.drawable.get_offsets()
    return region.x + left, region.y + top


def _place(layer, region, left, top):
    x, y = _corner(region)
    layer.set_offsets(x - left, y - top)


class _Report:
    """Pass the worker's progress on to GIMP, in words and as a share of all layers."""

    def __init__(self, layers):
        self.layers, self.done = layers, 0

    def __call__(self, header):
        if header["stage"] == "loading":
            Gimp.progress_set_text("Deep Dream: loading the network")
            return
        text = f"Deep Dream: octave {header['octave']} of {header['octaves']}"
        text += f", step {header['step']} of {header['steps']}"
        if self.layers > 1:
            text = f"Layer {self.done + 1} of {self.layers}, {text}"
        if header["seconds_left"] is not None and header["seconds_left"] >= 1:
            text += f", about {duration(header['seconds_left'])} left"
        Gimp.progress_set_text(text)
        Gimp.progress_update((self.done + header["fraction"]) / self.layers)


def duration(seconds):
    """Seconds as a person reads them."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _sentence(error):
    text = str(error)
    return GLib.Error.new_literal(GLib.quark_from_string(PROCEDURE), text, 0)


def _end_with_gimp():
    """See to it that neither this process nor the worker outlives GIMP or a cancel.

    GIMP cancels by killing this process; with a process group of its own, the worker is killed
    with it, and it ends by itself when its input closes. Where GIMP itself is killed, this process
    finds itself with another parent.
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
