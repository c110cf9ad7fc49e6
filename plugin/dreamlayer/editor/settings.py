# -*- coding: utf-8 -*-
"""What a painter can set, read from description.json, and the recipe made of it.

For Python 2.7 and 3: both GIMP plug-ins build their arguments from this one list.
"""

from __future__ import unicode_literals

import collections
import io
import json
import os

from .choices import CUSTOM, OF_GIMP
from .titles import CHOICES, FRAMES, HELPS, TITLES
from .translation import N_, _

DREAM, STYLE = "dream", "style"
"""What parameters and presets are for: requests to the worker of these types."""

PICTURES = ("styles", "style_weights")
"""What a preset of styles that is the painter's own has beside its recipe: files, and a weight for
each, or none where all count the same; both are empty where it keeps no pictures."""

MINE = "mine"
"""The group of the painter's own presets."""

PUBLISHED_ELSEWHERE = N_("Published, on other networks")
"""The title of published presets for networks that must be exported first."""

_SEED_HIGH = 2**31 - 1
_PRESET_LABELS = {
    (False, False): "{title}",
    (False, True): N_("{title}: {description}"),
    (True, False): N_("{title} (needs {network})"),
    (True, True): N_("{title} (needs {network}): {description}"),
}
"""By whether a network is missing, and whether there is a description."""


class SettingError(ValueError):
    """A value that is not allowed; the text is one sentence."""


Parameter = collections.namedtuple(
    "Parameter", "name title kind default low high choices help advanced was before later auto"
)
"""One field of the recipe; `title` and `help` are in English, translated where they are shown;
`kind` is int, float, bool, text or layers; `advanced` ones mostly come with a preset; `was` is its
name in recipes of version 0.1 and `before` what it stood for there, or None; `later` ones were not
there yet. Where it is `auto`, 0 stands for a number that is chosen."""


class Settings(object):
    """All parameters, presets and providers of the installed dreamlayer.

    Parameters
    ----------
    folder : text
        Where description.json lies.
    kind : text
        `DREAM` or `STYLE`: whose parameters and presets they are.
    offers : choices.Offers
        What the editor has; that of GIMP by default.

    Attributes
    ----------
    kind : text
        As given.
    animation : dict
        The `Parameter`s of an animation by name; none for styles.
    outputs : dict
        Where the editor can put a result: their names, and what they are called in English.
    modes, masks : dict
        The same of a new layer's modes, and of what a result may keep to.
    output_help, mask_help : text
        What is told of outputs and masks, in English.
    shipped : set of text
        The names of all presets that come with dreamlayer, of both kinds.
    preset_problems : list of text
        A sentence for each file among the painter's own presets that is not one.
    """

    def __init__(self, folder, kind=DREAM, offers=OF_GIMP):
        # Native text: in Python 2 a folder is bytes, which mix with no other text than ASCII.
        path = os.path.join(folder, str("description.json"))
        with io.open(path, encoding="utf-8") as file:
            described = json.load(file, object_pairs_hook=collections.OrderedDict)
        self.kind, of_kind = kind, _of_kind(described, kind)
        self.parameters = collections.OrderedDict(
            (k["name"], _parameter(k)) for k in of_kind["parameters"]
        )
        self.presets = of_kind["presets"]
        of_dreams = kind == DREAM
        self.animation = collections.OrderedDict()
        self.outputs = collections.OrderedDict(offers.outputs)
        if of_dreams:
            self.animation.update((one[0], _frame_parameter(*one)) for one in FRAMES)
            self.outputs.update(offers.animated)
        self.modes, self.masks = offers.modes, offers.masks
        self.output_help, self.mask_help = offers.helps if of_dreams else offers.style_helps
        self.providers = described["providers"]
        self.shipped = set(described["presets"]) | set(described[STYLE]["presets"])
        self.presets_folder, self.preset_problems = None, []

    def groups(self):
        """The presets for a menu: pairs of a section's title and its presets' names, in order.

        The painter's own come first, by name, those for networks that must be exported last.
        """
        groups = collections.OrderedDict()
        own = [name for name in self.presets if self.presets[name]["group"] == MINE]
        names = sorted(own, key=_folded) + [name for name in self.presets if name not in own]
        for name in names:
            preset = self.presets[name]
            elsewhere = preset["group"] == "published" and not preset["ships"]
            title = PUBLISHED_ELSEWHERE if elsewhere else preset["section"]
            groups.setdefault(title, []).append(name)
        return list(groups.items())

    def take_own(self, described):
        """Replace the painter's own presets by those that the worker describes.

        Parameters
        ----------
        described : dict
            The worker's reply to `describe`; an older worker's has none of them.
        """
        kept = [(n, p) for n, p in self.presets.items() if p["group"] != MINE]
        found = _of_kind(described, self.kind)["presets"].items()
        own = [(n, p) for n, p in found if p["group"] == MINE and n not in dict(kept)]
        kept += sorted(own, key=lambda pair: _folded(pair[0]))
        self.presets = collections.OrderedDict(kept)
        self.presets_folder = described.get("presets_folder")
        self.preset_problems = described.get("preset_problems", [])

    def needs(self, preset, networks=None):
        """The network that a preset needs and that is not there; "" where it is.

        Parameters
        ----------
        preset : text
            Its name.
        networks : collection of text, optional
            Names of those that are there; if it is unknown, those that ship.
        """
        described = self.presets[preset]
        network = described["recipe"]["network"]
        there = described["ships"] if networks is None else network in networks
        return "" if there or _is_file(network) else network

    def shown_title(self, preset):
        """The title of a preset in the painter's language; that of an own one as it was given."""
        return self._shown(preset, "title")

    def shown_description(self, preset):
        """The same of its description."""
        return self._shown(preset, "description")

    def _shown(self, preset, key):
        described = self.presets[preset]
        return described[key] if described["group"] == MINE else _(described[key])

    def preset_label(self, preset, networks=None):
        """A preset's title and description as shown, and which network it needs, as in `needs`."""
        missing, about = self.needs(preset, networks), self.shown_description(preset)
        template = _PRESET_LABELS[bool(missing), bool(about)]
        return _(template).format(
            title=self.shown_title(preset), network=missing, description=about
        )

    def presets_listed(self):
        """All names of presets, with what they need, as one text that is shown."""
        names = [CUSTOM]
        for name in self.presets:
            missing = self.needs(name)
            template = _(_PRESET_LABELS[bool(missing), False])
            names.append(template.format(title=name, network=missing))
        return ", ".join(names)

    def preset_values(self, preset):
        """The values that a preset gives all parameters, by name."""
        return self.values_in(self.presets[preset]["recipe"])

    def values_in(self, recipe):
        """The values of all parameters in a recipe as the worker gives it, layers as text.

        In recipes of version 0.1, parameters are found by their former names, and those that came
        later stand for what it did.
        """
        values, old = {}, self._is_of_version_0_1(recipe)
        for parameter in self.parameters.values():
            value = recipe.get(parameter.name)
            if value is None:
                value = recipe.get(parameter.was)
            if value is None:
                known = old and parameter.before is not None
                value = parameter.before if known else parameter.default
            values[parameter.name] = value
        for name, value in values.items():
            if isinstance(value, list):
                values[name] = ", ".join(_term(term) for term in value)
        return values

    def _is_of_version_0_1(self, recipe):
        """Whether a recipe has a former name, or all parameters of that version and none later."""
        parameters = self.parameters.values()
        if any(k.later and k.name in recipe for k in parameters):
            return False
        first = [k for k in parameters if not k.later and k.name != "max_loss"]
        former = any(k.was in recipe for k in parameters if k.was)
        return former or all(k.name in recipe for k in first)

    def check(self, preset, provider, output, opacity=100.0, mode="normal", mask="selection"):
        """Raise `SettingError` where one of these choices is unknown or out of its range."""
        for title, value, allowed in (
            ("preset", preset, [CUSTOM] + sorted(self.presets)),
            ("provider", provider, self.providers),
            ("output", output, list(self.outputs)),
            ("mode", mode, list(self.modes)),
            ("mask-from", mask, list(self.masks)),
        ):
            if value not in allowed:
                raise SettingError(_unknown(title, value, allowed))
        if not 0 <= opacity <= 100:
            raise SettingError(_outside("opacity", 0, 100, opacity))

    def motion(self, values):
        """The keys of an `animate` request from the values of an animation's parameters.

        Raises
        ------
        SettingError
            Where a value is out of its range.
        """
        found = dict((one.name, _checked(one, values[one.name])) for one in self.animation.values())
        del found["frame_time"]
        # Painters set per cent, the worker takes a factor.
        found["zoom"] = 1 + found["zoom"] / 100
        return found

    def recipe(self, preset, values):
        """The recipe to send: the preset's, changed by each value that differs from its default.

        With the preset `CUSTOM` all values are used. A parameter without a value has its default.

        Raises
        ------
        SettingError
            Where a value is out of its range.
        """
        recipe = {} if preset == CUSTOM else dict(self.presets[preset]["recipe"])
        for parameter in self.parameters.values():
            value = values.get(parameter.name)
            # From its second start on GIMP gives None for a text argument whose default is "".
            value = _checked(parameter, parameter.default if value is None else value)
            if preset == CUSTOM or value != parameter.default:
                recipe[parameter.name] = value
        if not recipe.get("max_loss"):
            recipe.pop("max_loss", None)
        return recipe


def _frame_parameter(name, title, kind, default, low, high, help_):
    return Parameter(
        name, title, kind, default, low, high, None, help_, False, None, None, True, False
    )


def _is_file(path):
    """Whether a network is given by the path of a file, in Python 2 whatever the locale is."""
    try:
        return os.path.isfile(path)
    except UnicodeError:
        return os.path.isfile(path.encode("utf-8"))


def _folded(name):
    """What names are sorted by, so that capitals do not come first; as in the core's list."""
    # Python 2 has no other way.
    return getattr(name, "casefold", name.lower)()


def _of_kind(described, kind):
    """The part of a description that has the parameters and presets of dreams or styles."""
    return described if kind == DREAM else described[kind]


def choices_of(parameter):
    """The choices of a parameter with their titles in English, as pairs."""
    return [(choice, CHOICES[parameter.name][choice]) for choice in parameter.choices]


def _term(term):
    """One layer as it is typed: NAME[:WEIGHT[:CHANNELS[:KIND[:OPTION=VALUE...]]]]."""
    if not isinstance(term, dict):
        return "{}".format(term)
    kind = term.get("kind", "squares")
    parts = [
        term["layer"],
        "{!r}".format(float(term.get("weight", 1.0))),
        "+".join("{}".format(c) for c in term.get("channels", [])),
        "" if kind == "squares" else kind,
    ]
    options = sorted(set(term) - {"layer", "weight", "channels", "kind"})
    extra = ["{}={}".format(name, _option(term[name])) for name in options]
    while not extra and (not parts[-1] or (len(parts) == 2 and parts[-1] == "1.0")):
        parts.pop()
    return ":".join(parts + extra)


def _option(value):
    """A number, or a row and a column as ROWxCOLUMN."""
    return "x".join("{}".format(n) for n in value) if isinstance(value, list) else repr(value)


def _parameter(described):
    name, kind = described["name"], described["type"]
    low, high, default = described["low"], described["high"], described["default"]
    if name == "seed":
        high = _SEED_HIGH
    if name == "max_loss":
        # Number fields in editors cannot be empty.
        default, low, high = 0.0, -1e9, 1e9
    title, help_ = TITLES[name], HELPS.get(name, described["help"])
    rest = [described[key] for key in ("advanced", "was", "before", "later", "auto")]
    return Parameter(name, title, kind, default, low, high, described["choices"], help_, *rest)


def _checked(one, value):
    if one.choices and value not in one.choices:
        raise SettingError(_unknown(one.name, value, one.choices))
    if one.kind == "float":
        # Sliders and single-precision arguments add digits that nobody typed.
        value = round(value, 9)
    if one.kind in ("int", "float") and not one.low <= value <= one.high:
        raise SettingError(_outside(one.name, one.low, one.high, value))
    return value


def _unknown(name, value, allowed):
    """The sentence for a choice that there is not."""
    return _("{name} '{value}' is not known; use one of {allowed}").format(
        name=name, value=value, allowed=", ".join(allowed)
    )


def _outside(name, low, high, value):
    """The sentence for a number that is too low or too high."""
    return _("{name} must lie between {low} and {high}, but is {value}").format(
        name=name, low=low, high=high, value=value
    )
