"""Dreams that stay on a GPU: the image goes there once, and only numbers and previews come back.

The same graphs run on the CPU provider, where they are held equal to `core.ascent.numpy_backend`.
"""
