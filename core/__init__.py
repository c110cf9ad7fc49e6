"""Networks, their gradients, and the ascent; docs/architecture.md tells of the rooms."""

if __name__ == "core":
    # A checkout's short name for the package: `from core import dream, read, write`.
    from dreamlayer import __dir__, __getattr__  # noqa: F401 - answer for all public names
