"""From weights to network files: the only part of dreamlayer that may import TensorFlow."""
