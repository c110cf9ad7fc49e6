"""Work that may end its process, or never end: done in a process of its own, within limits."""
