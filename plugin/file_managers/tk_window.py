"""`python -m dreamlayer.plugin.file_managers.tk_window`: a progress window where nothing else is.

It reads what to show from its input, as `window.PipeWindow` writes it, and ends with the code
`window.CANCELLED` where it is cancelled or closed.
"""

from __future__ import annotations

import queue
import sys
import threading
import tkinter
from tkinter import ttk

from dreamlayer.plugin.file_managers.window import CANCELLED
from dreamlayer.plugin.file_managers.words import TITLE

_EVERY_MS = 100


def main() -> int:
    """Show the window until the input ends; the exit code."""
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(lines,), daemon=True).start()
    root = tkinter.Tk()
    root.title(TITLE)
    root.resizable(False, False)
    frame = ttk.Frame(root, padding=16)
    frame.grid()
    text = tkinter.StringVar(value="Starting ...")
    share = tkinter.DoubleVar()
    codes = [0]

    def cancel() -> None:
        codes.append(CANCELLED)
        root.destroy()

    def look() -> None:
        while not lines.empty():
            line = lines.get()
            if line is None:
                root.destroy()
                return
            if line.startswith("#"):
                text.set(line[1:].strip().replace("\\\\", "\\"))
            else:
                share.set(float(line))
        root.after(_EVERY_MS, look)

    ttk.Label(frame, textvariable=text, width=60).grid(sticky="w")
    ttk.Progressbar(frame, variable=share, length=420).grid(pady=12, sticky="we")
    ttk.Button(frame, text="Cancel", command=cancel).grid(sticky="e")
    root.protocol("WM_DELETE_WINDOW", cancel)
    root.bind("<Escape>", lambda _event: cancel())
    look()
    root.mainloop()
    return codes[-1]


def _read(lines: queue.Queue[str | None]) -> None:
    for line in sys.stdin.buffer:
        lines.put(line.decode("utf-8", "replace").strip())
    lines.put(None)


if __name__ == "__main__":
    sys.exit(main())
