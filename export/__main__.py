"""`python -m export`: make network files and gradient models, in a checkout."""

import sys

from dreamlayer.export.cli import main

if __name__ == "__main__":
    sys.exit(main(program="python -m export"))
