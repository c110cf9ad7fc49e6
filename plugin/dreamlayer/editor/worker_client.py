# -*- coding: utf-8 -*-
"""The editor's side of the worker protocol, docs/worker.md, for Python 2.7 and 3."""

from __future__ import unicode_literals

import collections
import json
import numbers
import threading

from . import broken_pipes
from .translation import N_, _
from .worker_start import WorkerError, start

PROTOCOL = 2
_OLDER = "unrecognized arguments: --protocol"
"""What a dreamlayer says that knows protocol 1 only."""

_ENDED = {
    (False, False): N_(
        "the worker ended unexpectedly (exit code {code}); run dreamlayer-plugin doctor in a "
        "terminal, or try a smaller image"
    ),
    (False, True): N_(
        "the worker ended unexpectedly (exit code {code}: {said}); run dreamlayer-plugin doctor in "
        "a terminal, or try a smaller image"
    ),
    (True, False): N_(
        "the worker ended unexpectedly (signal {code}); run dreamlayer-plugin doctor in a "
        "terminal, or try a smaller image"
    ),
    (True, True): N_(
        "the worker ended unexpectedly (signal {code}: {said}); run dreamlayer-plugin doctor in "
        "a terminal, or try a smaller image"
    ),
}
"""By whether a signal ended it, and whether it said anything."""

_LINES_KEPT = 20
_LONGEST_LINE = 1 << 20
_SHOWN = 80
_PATIENCE = 5.0


class GoneError(WorkerError):
    """The worker has closed its input."""


class Worker(object):
    """A worker process, started at once; it ends with `close`, or with this process.

    Parameters
    ----------
    folder : text
        Where the installer wrote its settings.

    Raises
    ------
    WorkerError
        Where it cannot be started.
    """

    def __init__(self, folder):
        self._process = start(folder, ["--protocol", "{}".format(PROTOCOL)])
        self._said = collections.deque(maxlen=_LINES_KEPT)
        self._listener = threading.Thread(target=self._listen)
        self._listener.daemon = True
        self._listener.start()
        self._ready = False

    @property
    def pid(self):
        """The process id."""
        return self._process.pid

    def send(self, header, payload=()):
        """Send one request; `payload` is an iterable of chunks of bytes, `header["bytes"]` in all.

        Raises
        ------
        GoneError
            The worker has closed its input; `receive` tells why.
        """
        line = json.dumps(header, sort_keys=True)
        self._write(line.encode("ascii") + b"\n")
        for chunk in payload:
            self._write(chunk)
        self._write(b"")

    def _write(self, chunk):
        """Write some bytes; an empty chunk flushes."""
        try:
            with broken_pipes.as_errors():
                if chunk:
                    self._process.stdin.write(chunk)
                else:
                    self._process.stdin.flush()
        except (IOError, OSError, ValueError):
            raise GoneError(_("the worker has ended or closed its input"))

    def ask(self, header, payload=()):
        """Send one request as `send` does, and tell why where the worker has ended.

        Raises
        ------
        WorkerError
            The worker's last reply, or what its standard error says.
        """
        try:
            self.send(header, payload)
        except GoneError:
            while True:
                self.skip(self.receive())

    def receive(self):
        """The next message's header; read its bytes, if any, with `read`.

        Raises
        ------
        WorkerError
            The worker replies with an error, or has ended.
        """
        header = self._header()
        if not self._ready:
            if header.get("type") != "ready" or header.get("protocol") != PROTOCOL:
                raise _of_another_version(header)
            self._ready = True
            header = self._header()
        if header.get("type") == "error":
            sentence = header.get("error") or _("the worker failed without a message")
            raise WorkerError(sentence, header.get("kind"), header.get("id"))
        return header

    def dream(self, request, payload, progress):
        """Dream on one image; the result's header, whose pixels are read with `read`.

        Parameters
        ----------
        request : dict
            The keys of a `dream` request.
        payload : iterable of bytes
            Its pixels and mask.
        progress : callable
            Called with the header of each progress message.
        """
        return self.finish(dict(request, type="dream"), payload, progress)

    def finish(self, request, payload, progress, preview=None):
        """Send a request of any type that ends with a result; that one's header.

        Parameters
        ----------
        request : dict
            All its keys.
        payload : iterable of bytes
            Its pixels and mask, and those of guides or styles.
        progress : callable
            Called with the header of each progress message.
        preview : callable, optional
            Called with the header of each preview and its pixels, rows of RGB in bytes.
        """
        self.ask(request, payload)
        while True:
            header = self.receive()
            if header["type"] == "result":
                return header
            if header["type"] == "preview" and preview is not None:
                preview(header, self.read(header["bytes"]))
                continue
            self.skip(header)
            if header["type"] == "progress":
                progress(header)

    def animate(self, request, payload, progress, frame):
        """Animate an image, until all frames are there; the last header, which has the recipe.

        Parameters
        ----------
        request : dict
            The keys of an `animate` request.
        payload : iterable of bytes
            Its pixels and mask, and those of a guide.
        progress : callable
            Called with the header of each progress message.
        frame : callable
            Called with the header of each frame and `read`, with which it reads the pixels.
        """
        self.ask(dict(request, type="animate"), payload)
        while True:
            header = self.receive()
            if header["type"] == "frame":
                frame(header, self.read)
                continue
            self.skip(header)
            if header["type"] == "done":
                return header
            if header["type"] == "progress":
                progress(header)

    def describe(self):
        """The reply to `describe` of a worker that is idle: presets, networks, parameters."""
        self.ask({"type": "describe"})
        reply = self.receive()
        self.skip(reply)
        return reply

    def gallery(self, request, thumbnail):
        """Ask what layers or channels dream of, until all are shown; the last header.

        Parameters
        ----------
        request : dict
            The keys of a `gallery` request.
        thumbnail : callable
            Called with the header of each thumbnail and its pixels, rows of RGB in bytes.
        """
        self.ask(dict(request, type="gallery"))
        while True:
            header = self.receive()
            if header["type"] == "thumbnail":
                thumbnail(header, self.read(header["bytes"]))
                continue
            self.skip(header)
            if header["type"] == "done":
                return header

    def read(self, count):
        """Exactly that many bytes of the current message."""
        data = self._take(self._process.stdout.read, count)
        if len(data) < count:
            raise self._ended()
        return data

    def skip(self, header):
        """Read and drop the bytes of a message."""
        left = header.get("bytes", 0)
        while left:
            left -= len(self.read(min(left, 1 << 20)))

    def close(self):
        """Close the worker's input, at which it ends; kill it where it does not."""
        self._finish([self._process.stdin, self._process.stdout])

    def kill(self):
        """Kill the worker without waiting; a thread that reads from it gets a `WorkerError`."""
        # The id of a process that has been waited for may belong to another.
        if self._process.poll() is None:
            try:
                self._process.kill()
            except OSError:
                pass

    def _finish(self, streams):
        """Close streams and wait for the worker's end, killing it after a while; its exit code."""
        waiter = threading.Timer(_PATIENCE, self.kill)
        waiter.daemon = True
        waiter.start()
        for stream in streams:
            try:
                # Closing flushes, which waits where the worker does not read.
                with broken_pipes.as_errors():
                    stream.close()
            except (IOError, OSError):
                pass
        code = self._process.wait()
        waiter.cancel()
        waiter.join()
        self._listener.join(_PATIENCE)
        return code

    def _header(self):
        line = self._take(self._process.stdout.readline, _LONGEST_LINE)
        if not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
            raise self._ended()
        try:
            header = json.loads(line.decode("utf-8"))
        except (ValueError, RuntimeError):
            header = None
        if not _is_message(header):
            said = line[:_SHOWN].decode("utf-8", "replace").strip()
            raise WorkerError(
                _("the worker sent something that is not a message: {said}").format(said=said)
            )
        return header

    def _take(self, read, count):
        """Read from the worker; nothing where its output is closed."""
        try:
            return read(count)
        except (IOError, OSError, ValueError):
            return b""

    def _ended(self):
        """The error for a worker that has ended, with the last line that it printed."""
        code = self._finish([self._process.stdin])
        if not self._ready and any(_OLDER in line for line in self._said):
            return WorkerError(
                _(
                    "the installed dreamlayer is older than this plug-in; "
                    "run in a terminal: dreamlayer-plugin install"
                )
            )
        said = self._said[-1] if self._said else ""
        sentence = _(_ENDED[code < 0, bool(said)])
        return WorkerError(sentence.format(code=abs(code), said=said))

    def _listen(self):
        """Store the last lines of standard error; a full pipe would stop the worker."""
        with self._process.stderr as stream:
            for line in iter(stream.readline, b""):
                text = line.decode("utf-8", "replace").strip()
                if text:
                    self._said.append(text)


def _of_another_version(header):
    """The error for a worker whose first message this plug-in does not know."""
    if "version" not in header:
        return WorkerError(
            _(
                "this plug-in does not work with dreamlayer of an unknown version; "
                "run in a terminal: dreamlayer-plugin install"
            )
        )
    return WorkerError(
        _(
            "this plug-in does not work with dreamlayer {version}; "
            "run in a terminal: dreamlayer-plugin install"
        ).format(version=header["version"])
    )


def _is_message(header):
    if not isinstance(header, dict) or not isinstance(header.get("type"), type("")):
        return False
    size = header.get("bytes", 0)
    return isinstance(size, numbers.Integral) and size >= 0
