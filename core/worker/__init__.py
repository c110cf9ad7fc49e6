"""Dreams for other programs over standard input and output, as docs/worker.md says."""
