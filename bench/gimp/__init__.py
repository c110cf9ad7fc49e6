"""gimp."""
