"""Metadata: what stands beside the pixels, read, renewed, and made for the new file."""
