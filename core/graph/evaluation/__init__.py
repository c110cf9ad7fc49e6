"""Shapes of all tensors of a model at one size of image, and the values of the small ones."""
