"""Network files from any ONNX convolutional network."""
