"""Measure dreamlayer, PyTorch and TensorFlow: same network, objective, tile and machine."""
