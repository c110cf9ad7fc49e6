"""ONNX models as values: built, inspected, measured, edited."""
