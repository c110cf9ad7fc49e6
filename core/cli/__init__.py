"""The command line; `program` is the front door, each command a module of its own name."""
