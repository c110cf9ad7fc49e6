"""Make network files from weights; only here may TensorFlow be imported."""
