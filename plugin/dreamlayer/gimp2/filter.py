# -*- coding: utf-8 -*-
"""Filters ▸ Artistic ▸ Deep Dream in GIMP 2.10, on Python 2.7: registration, run and output."""

from __future__ import unicode_literals

import json
import os
import sys
import traceback

import gimp
import gimp_messages
import gimpfu
from editor import messages
from editor.messages import RefusedError
from editor.settings import SettingError, Settings
from editor.translation import _
from editor.wording import plain
from editor.worker_client import Worker, WorkerError

from gimp2.arguments import arguments, from_gimp, to_gimp
from gimp2.pixels import Area, Region
from gimp2.waiting import CancelledError, wait

pdb = gimp.pdb

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

_WHITE_MASK, _BLACK_MASK, _RED, _GRAY = 0, 1, 0, 3
"""Constants of GIMP whose names differ between its versions."""


class FailedError(Exception):
    """Tells GIMP that the run failed; the painter has read why."""


class Filter(object):
    """The filter as gimpfu registers and runs it."""

    def __init__(self):
        self.settings = Settings(FOLDER)
        self.mode = gimpfu.RUN_NONINTERACTIVE
        self._arguments = arguments(self.settings)

    def register(self):
        """Declare menu entry and arguments."""
        parameters = ["{}: {}".format(k.name, _(k.help)) for k in self.settings.parameters.values()]
        gimpfu.register(
            to_gimp(gimp_messages.PROCEDURE),
            to_gimp(gimp_messages.BLURB),
            to_gimp("\n".join([gimp_messages.PRESET_HELP] + parameters)),
            b"dreamlayer",
            b"dreamlayer, MIT licence",
            b"2026",
            to_gimp(_("_Deep Dream...")),
            b"RGB*, GRAY*",
            [
                (gimpfu.PF_IMAGE, b"image", to_gimp(_("Input image")), None),
                (gimpfu.PF_DRAWABLE, b"drawable", to_gimp(_("Input drawable")), None),
            ]
            + [one[1] for one in self._arguments],
            [(gimpfu.PF_IMAGE, b"result", to_gimp(_("The image that holds the dream")))],
            self.dream,
            menu=b"<Image>/Filters/Artistic",
        )

    def run(self, name, parameters):
        """Note the run mode, which gimpfu does not pass on, and let gimpfu ask and run."""
        self.mode = parameters[0]
        if self.mode != gimpfu.RUN_NONINTERACTIVE:
            try:
                _check_image(*parameters[1:3])
            except RefusedError as error:
                return self._fail(error.args[0])
            # gimpfu fails where the values that it stored are a list, or fewer than ours are now.
            kept = gimpfu._get_defaults(name)
            defaults = tuple(one[1][3] for one in self._arguments)
            if not isinstance(kept, tuple) or len(kept) != len(defaults) + 2:
                gimpfu._set_defaults(name, (None, None) + defaults)
        return gimpfu._run(name, parameters)

    def dream(self, image, drawable, *values):
        """Run the filter for gimpfu; the image with the dream, None after a cancel."""
        worker = None
        try:
            _check_image(image, drawable)
            chosen = dict((one[0], one[2](value)) for one, value in zip(self._arguments, values))
            preset, provider, output = (chosen.pop(n) for n in ("preset", "provider", "output"))
            recipe = self.settings.recipe(preset, chosen)
            _check_output(drawable, output)
            worker = Worker(FOLDER)
            made = _dream(worker, image, drawable, recipe, provider, output)
        except CancelledError:
            worker.kill()
            return None
        except (RefusedError, SettingError, WorkerError) as error:
            return self._fail(plain(error.args[0]))
        except Exception as error:
            # Any other error is one sentence for the painter, too.
            traceback.print_exc()
            return self._fail(
                _("Deep Dream failed: {kind}: {error}").format(
                    kind=type(error).__name__, error=repr(error.args)
                )
            )
        finally:
            if worker is not None:
                worker.close()
        if made != image and self.mode != gimpfu.RUN_NONINTERACTIVE:
            gimp.Display(made)
        gimp.displays_flush()
        return made

    def _fail(self, sentence):
        """Show the sentence to the painter; a script gets an error."""
        gimp.message(to_gimp(sentence))
        # Under a dialog, gimpfu would show the error with its traceback.
        if self.mode != gimpfu.RUN_INTERACTIVE:
            raise FailedError(to_gimp(sentence))


def _check_image(image, drawable):
    """Raise `RefusedError`, before any work, for what cannot be dreamt on."""
    if image.base_type == gimpfu.INDEXED:
        raise RefusedError(gimp_messages.INDEXED)
    if pdb.gimp_image_get_precision(image) != gimpfu.PRECISION_U8_GAMMA:
        # For a plug-in with 8 bits, GIMP would convert silently.
        raise RefusedError(gimp_messages.DEEP)
    if pdb.gimp_item_is_group(drawable):
        raise RefusedError(gimp_messages.group(from_gimp(drawable.name)))
    if not pdb.gimp_drawable_mask_intersect(drawable)[0]:
        raise RefusedError(gimp_messages.beside(from_gimp(drawable.name)))


def _check_output(drawable, output):
    """Raise `RefusedError`, before the dream, for what GIMP would not let us write."""
    if output != "in-place" and not pdb.gimp_item_is_layer(drawable):
        raise RefusedError(gimp_messages.no_layer(from_gimp(drawable.name)))
    if output == "in-place" and pdb.gimp_item_get_lock_content(drawable):
        raise RefusedError(gimp_messages.locked(from_gimp(drawable.name)))


def _dream(worker, image, drawable, recipe, provider, output):
    """Dream, then write in one undo step; until then the image is unchanged, if cancelled too."""
    area = Area(*pdb.gimp_drawable_mask_intersect(drawable)[1:])
    masked = output == "in-place"
    region = Region(image, drawable, area, not pdb.gimp_selection_is_empty(image), masked)
    gimp.progress_init(to_gimp(_(messages.DREAM.title)))
    request = dict(region.request(), type="dream", recipe=recipe, provider=provider)
    worker.ask(request, region.payload())
    header = wait(worker)
    # An older worker tells no recipe without the paths of this machine.
    used = header.get("stored", header["recipe"])
    active = [True] * 3
    if masked and pdb.gimp_item_is_layer(drawable):
        # Colours that are switched off in the Channels dialog stay unchanged.
        colors = [_RED, _RED + 1, _RED + 2] if drawable.is_rgb else [_GRAY]
        active = [image.get_component_active(color) for color in colors]
    region.receive(worker.read, active)
    if output == "new-image":
        return _new_image(image, region, used)
    image.undo_group_start()
    try:
        if output == "in-place":
            _in_place(region, used)
        else:
            _new_layer(image, region, used, output == "paint-in")
    finally:
        image.undo_group_end()
    return image


def _in_place(region, used):
    drawable, area = region.drawable, region.area
    region.write(drawable, area.x, area.y, shadow=True)
    try:
        drawable.merge_shadow(True)
    except gimp.error:
        raise RefusedError(gimp_messages.unchangeable(from_gimp(drawable.name)))
    # GIMP merged through the selection, which the worker has applied already. The undo step
    # exists now, so the exact pixels can be written over that.
    region.write(drawable, area.x, area.y)
    drawable.update(*area)
    _sign(drawable, used)


def _new_layer(image, region, used, hidden):
    """Put the dream on a layer above, with a mask made of the selection and the layer's mask.

    Where it is hidden, its mask is black and chosen, for the painter to paint the dream in.
    """
    source, (left, top) = region.drawable, region.drawable.offsets
    layer = _layer(image, region, to_gimp(messages.layer_name(from_gimp(source.name))))
    place = pdb.gimp_image_get_item_position(image, source)
    pdb.gimp_image_insert_layer(image, layer, source.parent, place)
    layer.set_offsets(left + region.area.x, top + region.area.y)
    levels = None if hidden else region.mask()
    if hidden:
        layer.add_mask(layer.create_mask(_BLACK_MASK))
    elif levels is not None:
        mask = layer.create_mask(_WHITE_MASK)
        layer.add_mask(mask)
        width, height = region.area.width, region.area.height
        mask.get_pixel_rgn(0, 0, width, height, True, False)[0:width, 0:height] = levels
        mask.flush()
    if layer.mask is not None:
        # GIMP chooses a new mask, and the next stroke would be on it.
        layer.edit_mask = hidden
    _fill(layer, region, used)


def _new_image(image, region, used):
    """An image of the same kind with nothing but the dream."""
    made = gimp.Image(region.area.width, region.area.height, image.base_type)
    made.disable_undo()
    made.resolution = image.resolution
    size, profile = pdb.gimp_image_get_color_profile(image)
    if size:
        pdb.gimp_image_set_color_profile(made, size, profile)
    layer = _layer(made, region, region.drawable.name)
    pdb.gimp_image_insert_layer(made, layer, None, 0)
    _fill(layer, region, used)
    made.enable_undo()
    return made


def _layer(image, region, name):
    width, height, kind = region.area.width, region.area.height, region.drawable.type
    return gimp.Layer(image, name, width, height, kind, 100.0, gimpfu.LAYER_MODE_NORMAL)


def _fill(layer, region, used):
    region.write(layer, 0, 0)
    layer.update(0, 0, region.area.width, region.area.height)
    _sign(layer, used)


def _sign(drawable, recipe):
    """Store the recipe (a dict) on a drawable; undone together with the dream."""
    flags = gimpfu.PARASITE_PERSISTENT | gimpfu.PARASITE_UNDOABLE
    # pygimp's pdb cannot pass parasites.
    drawable.attach_new_parasite(
        to_gimp(messages.DREAM.parasite), flags, to_gimp(json.dumps(recipe, sort_keys=True))
    )


def _show_traceback(kind, error, trace):
    """Print the error, unless the painter has read it already."""
    if kind is not FailedError:
        sys.__excepthook__(kind, error, trace)


def main():
    """Hand over to GIMP."""
    sys.excepthook = _show_traceback
    deep_dream = Filter()
    deep_dream.register()
    # As gimpfu.main does, but with a run function of our own.
    gimp.main(None, None, gimpfu._query, deep_dream.run)
