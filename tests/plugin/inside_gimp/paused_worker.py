"""A worker that waits, in the middle of a request, until the file `go` is there.

It starts the worker whose command follows, and passes on everything. As a dream that is no preview
is asked for, the filter has taken its copy of the image; then the file `asked` is written into
DREAMLAYER_RESULTS. Where `go` does not come in time, the file `failed` says so.
"""

import json
import os
import subprocess
import sys
import threading
import time

RESULTS = os.environ["DREAMLAYER_RESULTS"]
PATIENCE = 240.0


def pass_on(read, target):
    """Pass on all bytes, and the end."""
    while data := read(1 << 16):
        target.write(data)
        target.flush()
    target.close()


def main():
    """Start the worker, wait at the first dream, and pass on what is said."""
    worker = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    answers = threading.Thread(
        target=pass_on, args=(worker.stdout.read1, sys.stdout.buffer), daemon=True
    )
    answers.start()
    while line := sys.stdin.buffer.readline():
        header = json.loads(line)
        if header["type"] == "dream" and not header.get("preview"):
            wait()
        worker.stdin.write(line + sys.stdin.buffer.read(header.get("bytes", 0)))
        worker.stdin.flush()
    worker.stdin.close()
    answers.join()
    return worker.wait()


def wait():
    """Tell that a dream is asked for, and wait until it may begin."""
    with open(os.path.join(RESULTS, "asked"), "w"):
        pass
    until = time.monotonic() + PATIENCE
    while not os.path.exists(os.path.join(RESULTS, "go")):
        if time.monotonic() > until:
            with open(os.path.join(RESULTS, "failed"), "w", encoding="utf-8") as file:
                file.write(f"the dream waited {PATIENCE:g} s for the file go, which did not come")
            return
        time.sleep(0.02)


sys.exit(main())
