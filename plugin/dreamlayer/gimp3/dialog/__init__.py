"""The dialog of the filter in GIMP 3: a preview at the left, settings at the right.

`previews` dreams in the background; `plan` says what for a preview, `layer_source` reads it,
`live_preview` keeps it up to date; `viewport` is the arithmetic of what is seen of it,
`preview_view` shows that, `preview_pane` has its tools. `everyday`, `preset_chooser` (with
`catalog`, `own_buttons` and `own_files`) and `parameter_rows` (with `guide_chooser`) are the
settings; so is `layer_page` (with `layer_terms`, `chosen_layers`, `layer_tiles`, `channel_page` and
`galleries`), where layers are chosen by pictures. `window` brings all together; `apply` is the
dream itself while the dialog stays open.
"""


def ask(procedure, config, settings, folder, drawables, dream):
    """Let the painter choose.

    Parameters
    ----------
    procedure, config
        What GIMP runs, and its arguments, which the dialog sets.
    settings : settings.Settings
        The parameters.
    folder : str
        Where the plug-in is installed.
    drawables : list of Gimp.Drawable
        What is to be dreamt on.
    dream : callable
        Given a worker, dreams as `config` says and writes the result.

    Returns
    -------
    agreed : bool
        Whether they pressed Dream.
    applied : bool
        Whether they dreamt with Apply before.
    worker : worker_client.Worker or None
        An idle one, for the dream.
    """
    from worker_client import Worker

    from gimp3.dialog.previews import PreviewMaker

    maker = PreviewMaker(lambda: Worker(folder))
    # It starts while GTK does.
    maker.warm_up()
    from gimp3.dialog.window import Window

    window = Window(procedure, config, settings, folder, drawables, dream, maker)
    agreed = window.run()
    return agreed, window.applied, window.end(agreed)
