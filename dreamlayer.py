"""The package under the distribution's own name: `import dreamlayer`, `python -m dreamlayer`."""

import sys

import core
from core import *  # noqa: F403 - the same public names, whatever they are
from core import __version__ as __version__

__all__ = [*core.__all__]


if __name__ == "__main__":
    from core.cli import main

    sys.exit(main())
