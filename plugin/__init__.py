"""Deep Dream for image editors: `python -m plugin` puts `dreamlayer` into every editor."""
