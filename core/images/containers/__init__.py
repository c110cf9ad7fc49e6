"""Containers: the boxes, chunks, segments and directories that files are made of."""
