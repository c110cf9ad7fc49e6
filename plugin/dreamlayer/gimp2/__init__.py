"""gimp2."""
