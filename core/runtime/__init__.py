"""ONNX Runtime: providers, sessions, and the cache of optimized graphs."""
