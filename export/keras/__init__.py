"""Network files from the networks of Keras."""
