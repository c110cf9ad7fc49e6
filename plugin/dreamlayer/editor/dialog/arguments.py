"""The arguments of a filter in an editor that has no objects of its own for them."""

import collections
import copy

Spec = collections.namedtuple("Spec", "name")
"""What is told of an argument that was changed."""


class Arguments:
    """Values by name, of whose changes others are told, as GObject does it.

    Parameters
    ----------
    values : dict
        All arguments with their values; names have hyphens, such as `step-size`.
    """

    def __init__(self, values):
        self._values = copy.deepcopy(values)
        self._calls = []

    def get_property(self, name):
        """The value of an argument; `KeyError` where no argument has this name."""
        return copy.copy(self._values[name])

    def set_property(self, name, value):
        """Set an argument; whoever listens is told where that changes it.

        A whole number becomes a fraction where the argument is one.

        Raises
        ------
        KeyError
            There is no argument of this name.
        """
        before = self._values[name]
        if isinstance(before, float) and isinstance(value, int):
            value = float(value)
        if value == before and type(value) is type(before):
            return
        self._values[name] = copy.copy(value)
        for wanted, call in list(self._calls):
            if wanted in (None, name):
                call(self, Spec(name))

    def connect(self, signal, call):
        """Have a change told.

        Parameters
        ----------
        signal : str
            `notify` for all arguments, or `notify::NAME` for one.
        call : callable
            Called after a change with these arguments and a `Spec`.

        Raises
        ------
        ValueError
            There is no such signal.
        """
        kind, _, name = signal.partition("::")
        if kind != "notify" or (name and name not in self._values):
            raise ValueError(f"'{signal}' is no signal of these arguments")
        self._calls.append((name or None, call))

    def values(self):
        """All arguments with their values, as a copy."""
        return copy.deepcopy(self._values)
