"""ICC profiles: checked, and made for colors that are told otherwise."""
