"""gimps."""
