"""The worker: dreams for other programs over standard input and output (docs/worker.md)."""
