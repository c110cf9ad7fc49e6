"""The filter for GIMP 2.10, on Python 2.7 and pygimp."""
