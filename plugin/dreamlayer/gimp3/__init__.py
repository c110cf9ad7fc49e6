"""gimp3."""
