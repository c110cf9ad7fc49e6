"""Reverse-mode differentiation of ONNX graphs, independent of any network."""
