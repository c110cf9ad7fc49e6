"""`python -m dreamlayer`: the command line, installed or in a checkout."""

import signal
import sys

if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Ctrl-C while the program is still loaded ends it without a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from dreamlayer.core.cli.program import main

    sys.exit(main(program="python -m dreamlayer"))
