"""Filters ▸ Artistic ▸ Style Transfer in GIMP 3: the painter's layer in the style of pictures.

`parameters` are its settings, `pictures` the style pictures and what is sent of them, `styling` the
work, and `procedure` what GIMP calls. `words` are its sentences.
"""
