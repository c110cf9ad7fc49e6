"""Rows of 8-bit pixels."""


def with_alpha(rgb, alpha):
    """RGBA rows from RGB rows, and from alpha by bytes or as one number."""
    count = len(rgb) // 3
    rgba = bytearray(4 * count)
    for channel in range(3):
        rgba[channel::4] = rgb[channel::3]
    rgba[3::4] = bytes([alpha]) * count if isinstance(alpha, int) else alpha
    return rgba
