"""`dreamlayer gallery`: what each layer or channel dreams of, as one labelled sheet."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dreamlayer.core.cli.cancelling import if_cancelled
from dreamlayer.core.cli.features import add_sheet_options
from dreamlayer.core.cli.options import add_parameter, add_run_options, whole_number
from dreamlayer.core.cli.parser import Parser
from dreamlayer.core.cli.progress import Reporter
from dreamlayer.core.cli.results import until_written
from dreamlayer.core.cli.targets import check_output, same_file
from dreamlayer.core.errors import shown
from dreamlayer.core.installation import option
from dreamlayer.core.recipe.recipe import NATURAL, Recipe
from dreamlayer.core.recipe.stored import stored

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dreamlayer.core.network.network import Network
    from dreamlayer.core.recipe.term import Term
    from dreamlayer.core.visualize.gallery import Dreamt
    from dreamlayer.core.visualize.gallery import Gallery as Dreams

Pixels: TypeAlias = "npt.NDArray[np.float32]"

_MAIN = ("steps", "colors", "seed")
_PARAMETERS = (
    *_MAIN,
    "octaves",
    "octave_scale",
    "step_size",
    "pyramid",
    "smoothing",
    "noise_low",
    "noise_high",
)
"""Parameters of the recipe that make sense for all pictures of a sheet."""

_MOST = 64


def configure(parser: Parser) -> None:
    """Declare the command's options."""
    parser.shorten("-o FILE [--layer NAME [--for PICTURE]]")
    parser.add_argument(
        "--layer",
        action="append",
        metavar="NAME",
        help="show channels of this layer; may be repeated (default: one picture for each main "
        "layer of the network)",
    )
    parser.add_argument(
        "--all", action="store_true", help="without --layer: every layer that can be dreamed"
    )
    parser.add_argument(
        "--channels",
        metavar="NUMBERS",
        help="channels to show, such as 0-31+40 (default: from the first)",
    )
    parser.add_argument(
        "--for",
        dest="photo",
        metavar="PICTURE",
        help="with --layer: show the channels that are most active in this picture, in that order",
    )
    parser.add_argument(
        "--most",
        type=whole_number(0, 100_000),
        default=_MOST,
        metavar="NUMBER",
        help=f"channels per layer without --channels; 0 = all (default: {_MOST})",
    )
    add_sheet_options(parser, cell=None, shown="240, with --layer 160", largest=512)
    group = parser.add_argument_group("dream") if parser.whole else parser
    for one in dataclasses.fields(Recipe):
        if one.name in _PARAMETERS:
            default = NATURAL if one.name == "colors" else "as suits thumbnails"
            text = f"{one.metadata['help']} (default: {default})"
            shown = text if one.name in _MAIN else parser.rare(text)
            add_parameter(group, Recipe, one, shown)
    add_run_options(parser)


def run(options: argparse.Namespace) -> int:
    """Dream of one picture after another, then draw and write the sheet."""
    from dreamlayer.core.ascent.octaves import octave_sizes
    from dreamlayer.core.errors import OptionError, OutputError, shown
    from dreamlayer.core.network.network import Network
    from dreamlayer.core.network.shipped import network_for
    from dreamlayer.core.recipe.term import parse_channels
    from dreamlayer.core.visualize.gallery import (
        LAYER_RECIPE,
        RECIPE,
        Gallery,
        gallery_layout,
        gallery_sheet,
    )
    from dreamlayer.core.visualize.memory import check_gallery
    from dreamlayer.core.visualize.sheets import check_sheet, write_sheet

    reporter = Reporter(as_json=options.json, quiet=options.quiet)
    channels = parse_channels(options.channels) if options.channels is not None else ()
    if options.channels is not None and not options.layer:
        raise OptionError("--channels chooses within a layer; name the layer with --layer")
    if options.photo is not None and not options.layer:
        raise OptionError("--for chooses channels of a layer; name the layer with --layer")
    if options.photo is not None and same_file(options.photo, options.output):
        raise OutputError(
            f"the sheet would be written over the picture {shown(Path(options.photo))} itself; "
            f"give another name with -o"
        )
    if options.all and options.layer:
        raise OptionError("--all shows every layer, --layer those named; give only one of the two")
    given = {n: getattr(options, n) for n in _PARAMETERS if getattr(options, n) is not None}
    recipe = RECIPE if options.layer else LAYER_RECIPE
    cell = options.cell or recipe.canvas
    recipe = recipe.replace(canvas=cell, network=options.network, **given)
    if recipe.steps == 0:
        raise OptionError("a gallery without steps would only show noise; give --steps 1 or more")
    check_output(options.output, options.format)
    network = Network(network_for(options.network, options.layer or ()))
    gallery = Gallery(network, recipe, options.provider, options.threads)
    terms, title, which = _chosen(network, options, channels)
    # All at once, which is faster than one by one.
    network.prepare([term.layer for term in terms])
    hint = f"One alone: {_command(gallery, terms, options.network)}"
    drawn_hint = f"One alone: {_command(gallery, terms, Path(options.network).name)}"
    layout = gallery_layout(terms, cell, options.columns)
    check_sheet(layout.size, options.output, options.format)
    check_gallery(network, [term.layer for term in terms], cell, layout.size)
    reporter.note(
        "start",
        f"{which}: {len(terms)} pictures of {cell} × {cell} pixels",
        pictures=len(terms),
        cell=cell,
    )
    pictures: list[Dreamt] = []
    try:
        for one in gallery.dream(terms, on_progress=reporter.progress):
            pictures.append(one)
            if options.json:
                reporter.note("picture", "", **_facts(one))
    finally:
        reporter.clear()
    sizes = octave_sizes(recipe.canvas, recipe.canvas, recipe)
    how = f"From noise, {len(sizes)} octaves of {recipe.steps} steps, seed {recipe.seed}"
    counts = {layer.name: layer.channels for layer in network.layers()}
    notes = [_note(one.term, counts.get(one.term.layer)) for one in pictures]
    sheet = gallery_sheet(pictures, layout, title, [which, drawn_hint, how], notes)
    # The sheet travels: it tells the network's name, not where its file is.
    facts = {"title": title, "recipe": _plain(recipe), "pictures": [_facts(p) for p in pictures]}
    with until_written(options.output):
        write_sheet(sheet, options.output, json.dumps(facts, ensure_ascii=False), options.format)
        if_cancelled("the sheet is finished")
    reporter.note("hint", hint, hint=hint)
    reporter.done(options.output, f"{len(pictures)} pictures, ")
    return 0


def _chosen(
    network: Network, options: argparse.Namespace, channels: tuple[int, ...]
) -> tuple[list[Term], str, str]:
    """What to dream of, with the title and the line that say so."""
    from dreamlayer.core.visualize.layers import channel_terms, whole_layers

    if not options.layer:
        which = "Every layer" if options.all else "Main layers"
        title = f"What the layers of network {network.name} dream of"
        return whole_layers(network, options.all), title, which
    layers = list(dict.fromkeys(options.layer))
    terms, parts = [], []
    photo = None
    if options.photo is not None:
        from dreamlayer.core import images
        from dreamlayer.core.images.array_image import check_range

        photo = images.read(options.photo, options.max_megapixels).pixels
        check_range(photo, shown(Path(options.photo)))
    for layer in layers:
        found, count = channel_terms(network, layer, channels, options.most)
        if photo is not None:
            active = _most_active(network, layer, channels, photo, options)
            found, _ = channel_terms(network, layer, active)
        terms += found
        parts.append(f"{len(found)} of {count}" if len(found) < count else f"all {count}")
    which = f"{' and '.join(parts)} channels"
    if options.photo is not None:
        which += f", the most active in {_name(options.photo)} first"
    title = f"What channels of {' and '.join(layers)} dream of"
    return terms, title, which[0].upper() + which[1:]


def _most_active(
    network: Network,
    layer: str,
    channels: tuple[int, ...],
    photo: Pixels,
    options: argparse.Namespace,
) -> tuple[int, ...]:
    """The channels of a layer that `dreamlayer features` shows for a picture, in its order."""
    from dreamlayer.core.visualize.features import features

    found = features(network, photo, layer, provider=options.provider, threads=options.threads)
    return tuple(found.choose(channels, most=options.most))


def _name(source: str) -> str:
    return "standard input" if source == "-" else Path(source).name


def _command(gallery: Dreams, terms: list[Term], named: str) -> str:
    """The command that dreams of one of the pictures' terms on a photo."""
    from dreamlayer.core.recipe.networks import DEFAULT_NETWORK
    from dreamlayer.core.recipe.term import format_term

    network = "" if named == DEFAULT_NETWORK else option("--network", named)
    climbed = [gallery.recipe_of(term).layers[0] for term in terms]
    # Before a ReLU channels respond where they are silent behind it; but joined branches have
    # numbers of their own there.
    as_shown = all(c.channels == t.channels for c, t in zip(climbed, terms, strict=True))
    layers = {one.layer for one in (climbed if as_shown else terms)}
    name = layers.pop() if len(layers) == 1 else "NAME"
    channel = ":1:NUMBER:mean" if terms[0].channels else ""
    if len(terms) == 1:
        name, channel = format_term(climbed[0]), ""
    return f"dreamlayer dream PHOTO{option('--layer', name + channel)}{network}"


def _note(term: Term, channels: int | None) -> str:
    """Small print: the layer of a channel, else how many channels a layer has."""
    if term.channels:
        return term.layer
    return "" if channels is None else f"{channels} channels"


def _facts(one: Dreamt) -> dict[str, Any]:
    from dreamlayer.core.recipe.term import format_term

    return {
        "layer": format_term(one.term),
        "climbed": format_term(one.recipe.layers[0]),
        "objective": one.loss,
    }


def _plain(recipe: Recipe) -> dict[str, Any]:
    return {name: value for name, value in json.loads(stored(recipe)).items() if name != "layers"}
