"""What the GIMP plug-in costs."""
