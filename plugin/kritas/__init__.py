"""Krita: found on a machine, its files, its settings, and what it says of the plug-in."""
