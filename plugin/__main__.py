"""`python -m plugin`: install, remove or check the plug-in, in a checkout."""

import sys

from dreamlayer.plugin.cli import main

if __name__ == "__main__":
    sys.exit(main(program="python -m plugin"))
