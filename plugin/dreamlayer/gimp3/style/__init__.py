"""Filters ▸ Artistic ▸ Style Transfer in GIMP 3: the painter's layer in the style of pictures.

`pictures` are the style pictures and what is sent of them, `styling` is the work, `procedure` what
GIMP calls, and `words` are its sentences.
"""
