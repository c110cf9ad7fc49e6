"""Measure dreamlayer beside PyTorch and TensorFlow: same network, objective, tile and machine."""
