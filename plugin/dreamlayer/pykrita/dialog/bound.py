"""Widgets bound to arguments: each shows what is set, and sets what is shown."""


def bound(config, name, show, changed, read):
    """Bind a widget to an argument, in both directions.

    Parameters
    ----------
    config : editor.dialog.arguments.Arguments
        The arguments.
    name : str
        The argument.
    show : callable
        Given a value, shows it.
    changed : signal
        Emitted when what is shown is another value.
    read : callable
        The value that is shown.
    """
    show(config.get_property(name))
    config.connect("notify::" + name, lambda *_: show(config.get_property(name)))
    changed.connect(lambda *_: config.set_property(name, read()))
