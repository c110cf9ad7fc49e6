"""What the dialogs of all editors share; nothing here knows a toolkit.

`previews` dreams in the background; `plan` says what for a preview, `shown_preview` shows what
comes of it, `live_preview` keeps it up to date, and `viewport` is the arithmetic of what is seen.
`values` reads and sets the settings, `catalog` and `own_files` are the presets, `layer_terms` and
`galleries` the layers. `applying` is the work itself while the dialog stays open, `patient_worker`
its worker; `workers` hands one worker from previews to work and back, for which `taking` waits.

What needs a toolkit is given to them as a `screen`, a module or object with

- `call_later(milliseconds, call)`, which returns a timer, and `forget(timer)`,
- `call_soon(call)`, from any thread: the call is made on the one that has the windows,
- `Loop()`, whose `run` handles events until its `quit` is called,
- `picture(width, height, rgba)`, a picture of 8-bit RGBA rows as the toolkit draws it, and
  `mixed(width, height, below, above, share, opacity)`: RGBA rows with the alpha of `below`, and
  colors between those and the RGB rows `above`; `share` (bytes, or None) and `opacity` (0..1) tell
  how much of `above` is seen.
"""
