"""The GPU backend: the image is uploaded once, and only numbers and previews are downloaded.

The same graphs run on the CPU provider, where tests compare them with `core.ascent.numpy_backend`.
"""
