"""`python -m plugin`: install, remove or check the plug-in, in a checkout."""

import signal
import sys

if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Ctrl-C while the program is still loaded ends it without a traceback.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from dreamlayer.plugin.cli import main

    sys.exit(main(program="python -m plugin"))
