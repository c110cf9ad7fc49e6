"""The values that are set in the dialog, and the presets that have them."""

from ..choices import CUSTOM
from .catalog import AS_BEFORE

_UNNAMED = ("seed", "strength")
"""Parameters that may be changed without leaving the preset."""


class Values:
    """Reads and sets the arguments that are parameters of the recipe.

    Parameters
    ----------
    config : Gimp.ProcedureConfig
        The arguments.
    settings : settings.Settings
        The parameters and presets.
    stored : dict or None
        The recipe that is stored on the layer.

    Attributes
    ----------
    before : dict or None
        The values of that recipe; None where it cannot be used.
    chosen : str or None
        The preset that was chosen or saved last; of several with the same values it is meant.
    """

    def __init__(self, config, settings, stored):
        self._config, self._settings = config, settings
        self.chosen = None
        self.before = _values_of(stored, settings)

    def now(self):
        """The values of all parameters by name."""
        values = {
            name: self._config.get_property(name.replace("_", "-"))
            for name in self._settings.parameters
        }
        # Number fields add digits that nobody typed; GIMP has no empty text at its second start.
        made = {}
        for name, value in values.items():
            value = self._settings.parameters[name].default if value is None else value
            made[name] = round(value, 9) if isinstance(value, float) else value
        return made

    def choose(self, name):
        """Set all parameters as the layer was dreamt, or as in a preset but for seed and strength.

        A guide picture stays where the preset has none.
        """
        self.chosen = name
        if name == AS_BEFORE:
            self._set(self.before)
            return
        values = dict(self._settings.preset_values(name))
        for kept in _UNNAMED:
            del values[kept]
        if values.get("guide") == "":
            # The guide of the preset before is as good.
            del values["guide"]
        self._set(values)

    def apply_named(self):
        """Set the parameters to the values that a preset named by a script gives."""
        name = self._config.get_property("preset")
        if name in self._settings.presets:
            known = self._settings.parameters
            own = {k: v for k, v in self.now().items() if v != known[k].default}
            self._set(dict(self._settings.preset_values(name), **own))

    def fitting(self, keeps=lambda name: True):
        """The name of the preset that has these values, or `CUSTOM`.

        Parameters
        ----------
        keeps : callable
            Given a preset's name, tells whether that which it keeps beside parameters is set too.
        """
        values = self.now()
        names = [AS_BEFORE, *self._settings.presets]
        # First the one that was chosen: others may have the same values.
        names.sort(key=lambda name: name != self.chosen)
        fits = (name for name in names if self._fits(name, values) and keeps(name))
        return next(fits, CUSTOM)

    def _fits(self, name, values):
        """Whether a preset has these values, or the layer's recipe."""
        if name == AS_BEFORE:
            return self.before is not None and values == self.before
        preset = self._settings.preset_values(name)
        free = _UNNAMED if preset.get("guide") else (*_UNNAMED, "guide")
        return all(values[k] == preset[k] for k in preset if k not in free)

    def _set(self, values):
        for parameter, value in values.items():
            self._config.set_property(parameter.replace("_", "-"), value)


def _values_of(recipe, settings):
    """The values in a recipe stored on a layer; None where it cannot be used."""
    if recipe is None:
        return None
    try:
        values = settings.values_in(recipe)
        settings.recipe(CUSTOM, values)
        for name, parameter in settings.parameters.items():
            kinds = (int, float) if parameter.kind == "float" else type(parameter.default)
            if not isinstance(values[name], kinds):
                return None
    except (AttributeError, KeyError, TypeError, ValueError):
        # Written by another version or program.
        return None
    return values
