"""Style Transfer in Krita."""
