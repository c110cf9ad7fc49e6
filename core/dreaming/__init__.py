"""Dreams: network, recipe, objective, backend and ascent brought together."""
