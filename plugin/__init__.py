"""Deep Dream for image editors: `python -m plugin` puts the folder `dreamlayer` into every GIMP."""
