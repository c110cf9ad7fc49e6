"""Filters ▸ Artistic ▸ Style Transfer in GIMP 3: the painter's layer in the style of pictures.

`pictures` are the style pictures and what is sent of them, `styling` is the work, `procedure` what
GIMP calls, and `words` are its sentences. `window` is the dialog, built on `gimp3.dialog`: `side`
its settings with `picture_list` (and `picture_menu`), `preview` (with `preview_plan`) its preview;
`kept_pictures` are those of a preset of the painter's own.
"""
