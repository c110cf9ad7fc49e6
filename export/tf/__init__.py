"""Network files from what TensorFlow runs."""
