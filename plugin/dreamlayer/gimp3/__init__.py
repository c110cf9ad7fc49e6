"""The filter for GIMP 3.0 and later, on Python 3 and PyGObject."""
