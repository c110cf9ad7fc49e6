"""`python -m core`: the command line, in a checkout."""

import sys

from dreamlayer.core.cli.program import main

if __name__ == "__main__":
    sys.exit(main(program="python -m core"))
