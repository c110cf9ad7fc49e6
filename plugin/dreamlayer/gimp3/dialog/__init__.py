"""The dialogs of the filters in GIMP 3: a preview at the left, settings at the right.

`previews` dreams in the background; `plan` says what for a preview, `layer_source` reads it,
`shown_preview` shows what comes of it, `live_preview` keeps it up to date; `viewport` is the
arithmetic of what is seen of it, `preview_view` shows that, `preview_pane` has its tools.
`everyday`, `preset_chooser` (with `catalog`, `own_buttons` and `own_files`) and `parameter_rows`
(with `guide_chooser`) are the settings, and `side` brings them together for every filter,
`settings_side` for Deep Dream; so is `layer_page` (with `layer_terms`, `chosen_layers`,
`layer_tiles`, `channel_page` and `galleries`), where layers are chosen by pictures.

`filter_window` is what the windows of the filters have in common, `window` is that of Deep Dream;
`placing` reads where its result goes. `applying` is the work itself while the dialog stays open,
`apply` its worker, and `workers` hands one worker from previews to work and back.
"""


def ask(window, procedure, config, settings, folder, drawables, apply):
    """Let the painter choose.

    Parameters
    ----------
    window : callable
        Imports the class of the window, a `gimp3.dialog.filter_window.FilterWindow`.
    procedure, config
        What GIMP runs, and its arguments, which the dialog sets.
    settings : settings.Settings
        The parameters.
    folder : str
        Where the plug-in is installed.
    drawables : list of Gimp.Drawable
        What is to be changed.
    apply : callable
        Given a worker, does the work as `config` says and writes the result.

    Returns
    -------
    agreed : bool
        Whether they pressed the button that does the work and closes.
    applied : bool
        Whether they pressed Apply before.
    worker : worker_client.Worker or None
        An idle one, for the work.
    """
    from editor.dialog.previews import PreviewMaker
    from editor.worker_client import Worker

    maker = PreviewMaker(lambda: Worker(folder))
    # It starts while GTK does.
    maker.warm_up()
    try:
        shown = window()(procedure, config, settings, folder, drawables, apply, maker)
    except BaseException:
        maker.abandon()
        raise
    agreed = shown.run()
    return agreed, shown.applied, shown.end(agreed)
