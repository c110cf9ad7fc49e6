# -*- coding: utf-8 -*-
"""What the worker's client must do, in Python 2.7 and 3 alike; its workers are small scripts.

The scripts speak as much of the protocol as a case needs. Each case opens with a sentence of
behaviour and raises where that does not hold.
"""

from __future__ import unicode_literals

import io
import json
import os
import sys
import threading
import time

_HERE = os.path.dirname(os.path.abspath(__file__))
_TESTS = os.path.dirname(_HERE)
PLUGIN = os.path.join(os.path.dirname(os.path.dirname(_TESTS)), str("plugin"), str("dreamlayer"))
sys.path.insert(0, PLUGIN)

from editor import worker_client, worker_start  # noqa: E402
from editor.worker_client import Worker, WorkerError  # noqa: E402

# The folder's own dreamlayer.py would hide the package of that name.
sys.path.remove(PLUGIN)

_BEGIN = """
from __future__ import unicode_literals
import io, json, os, sys, time
reader, writer = io.open(0, "rb"), io.open(1, "wb", 0)

def say(header, payload=b""):
    if payload:
        header["bytes"] = len(payload)
    writer.write(json.dumps(header).encode("ascii") + b"\\n" + payload)

def hear():
    header = json.loads(reader.readline().decode("ascii"))
    return header, reader.read(header.get("bytes", 0))

"""
_READY = "say({'type': 'ready', 'protocol': 2, 'version': '9.9'})\n"


def _install(folder, script, begin=_BEGIN + _READY, environment=None, words=()):
    """Make a worker of a script; where it was installed."""
    path = os.path.join(folder, str("worker script.py"))
    with io.open(path, "wb") as file:
        file.write("# -*- coding: utf-8 -*-\n{}{}".format(begin, script).encode("utf-8"))
    text = path.decode("utf-8") if isinstance(path, bytes) else path
    _settle(folder, command=[sys.executable, text] + list(words), environment=environment or {})
    return folder


def _settle(folder, **settings):
    with io.open(os.path.join(folder, str("worker.json")), "wb") as file:
        file.write(json.dumps(settings).encode("ascii"))


class _Raised(object):
    """Expects a `WorkerError` whose sentence has these words."""

    def __init__(self, *words):
        self._words = words
        self.error = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        assert kind is not None, "no error was raised"
        if not issubclass(kind, WorkerError):
            return False
        for word in self._words:
            assert word in error.sentence, "{!r} is not in {!r}".format(word, error.sentence)
        self.error = error
        return True


def _is_gone(process):
    try:
        os.kill(process, 0)
    except OSError:
        return True
    return False


def case_a_dream(folder):
    """A dream's pixels go there and back; its progress is told, previews are passed over."""
    script = """
header, payload = hear()
say({"type": "progress", "stage": "loading"})
say({"type": "preview", "width": 1}, b"abc")
say({"type": "progress", "stage": "dreaming", "fraction": 0.5})
say({"type": "result", "request": header}, payload[::-1])
"""
    worker = Worker(_install(folder, script))
    told = []
    request = {"bytes": 6, "recipe": {"network": "nächtlich"}}
    header = worker.dream(request, [b"abc", b"", b"def"], told.append)
    assert worker.read(header["bytes"]) == b"fedcba"
    assert header["request"] == dict(request, type="dream")
    assert [news["stage"] for news in told] == ["loading", "dreaming"]
    worker.close()
    assert _is_gone(worker.pid)


def case_two_requests(folder):
    """A worker answers one request after another."""
    worker = Worker(_install(folder, "while True: say({'type': 'result', 'id': hear()[0]['id']})"))
    assert worker.dream({"id": 1}, [], None)["id"] == 1
    assert worker.dream({"id": "zwei"}, [], None)["id"] == "zwei"
    worker.close()


def case_environment(folder):
    """The worker gets our environment without what is the editor's, and what was installed."""
    script = """
foreign = dict((key, os.environ.get(key)) for key in hear()[0]["keys"])
said = os.environ["OURS"]
if isinstance(said, bytes):
    said = said.decode("utf-8")
say({"type": "result", "environment": foreign, "ours": said})
"""
    foreign = ["LD_PRELOAD", "GI_TYPELIB_PATH", "GEGL_PATH", "PYTHONSTARTUP", "VIRTUAL_ENV"]
    before = dict(os.environ)
    try:
        for key in foreign + ["KEPT"]:
            os.environ[str(key)] = str("")  # Empty, so that it harms no program if it gets there.
        extra = {"OURS": "wört", "PYTHONPATH": "/ours"}
        worker = Worker(_install(folder, script, environment=extra))
        keys = foreign + ["KEPT", "PYTHONPATH", "PYTHONUTF8"]
        given = worker.dream({"keys": keys}, [], None)
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert given["ours"] == "wört"
    expected = dict.fromkeys(foreign)
    expected.update({"KEPT": "", "PYTHONPATH": "/ours", "PYTHONUTF8": "1"})
    assert given["environment"] == expected
    worker.close()


def case_variables_are_dropped_in_any_case(_folder):
    """On Windows, variables have any case."""
    kept = worker_start.worker_environment({str("PythonHome"): str("x"), str("Path"): str("y")}, {})
    assert sorted(kept) == ["ORT_DISABLE_TELEMETRY", "PYTHONUNBUFFERED", "PYTHONUTF8", "Path"]


def case_words_of_the_command(folder):
    """Words of the command may have spaces and letters beyond ASCII."""
    script = """
word = sys.argv[1]
say({"type": "result", "word": word.decode("utf-8") if isinstance(word, bytes) else word})
"""
    worker = Worker(_install(folder, script, words=["Jörg's 猫 "]))
    assert worker.receive()["word"] == "Jörg's 猫 "
    worker.close()


def case_talkative_worker(folder):
    """A megabyte on standard error does not stop the worker."""
    script = """
for number in range(16384):
    sys.stderr.write("line %d %s\\n" % (number, "x" * 60))
sys.stderr.flush()
say({"type": "result"})
"""
    worker = Worker(_install(folder, script))
    assert worker.receive()["type"] == "result"
    worker.close()


def case_last_words(folder):
    """The end of the worker is told with its exit code and its last line."""
    script = "sys.stderr.write('first\\n\\nlast words\\n\\n'); sys.exit(3)"
    worker = Worker(_install(folder, script))
    with _Raised("exit code 3: last words", "dreamlayer-plugin doctor"):
        worker.receive()
    worker.close()


def case_silent_end(folder):
    """Where the worker said nothing, the exit code is told; for a kill, the signal."""
    worker = Worker(_install(folder, "sys.exit(4)"))
    with _Raised("(exit code 4)"):
        worker.receive()
    worker.close()
    worker = Worker(_install(folder, "os.kill(os.getpid(), 9)"))
    with _Raised("(signal 9)"):
        worker.receive()
    worker.close()


def case_strange_last_words(folder):
    """What is no UTF-8 on standard error is shown as far as it can be."""
    script = "io.open(2, 'wb', 0).write(b'caf\\xe9 in Latin-1\\n'); sys.exit(1)"
    worker = Worker(_install(folder, script))
    with _Raised("caf\ufffd in Latin-1"):
        worker.receive()
    worker.close()


def case_end_within_pixels(folder):
    """A result that is cut off is an error."""
    worker = Worker(_install(folder, 'writer.write(b\'{"type": "result", "bytes": 9}\\nabc\')'))
    header = worker.receive()
    with _Raised("ended unexpectedly"):
        worker.read(header["bytes"])
    worker.close()


def case_error(folder):
    """An error of the worker's arrives with sentence, class and id."""
    script = "say({'type': 'error', 'error': 'Nö: so nicht', 'kind': 'RecipeError', 'id': 7})"
    worker = Worker(_install(folder, script))
    with _Raised("Nö: so nicht") as raised:
        worker.dream({}, [], None)
    assert (raised.error.kind, raised.error.id) == ("RecipeError", 7)
    worker.close()


def case_error_while_sending(folder):
    """Where the worker ends before it read all, its own sentence is told, no broken pipe."""
    script = "say({'type': 'error', 'error': 'too much'}); sys.exit(2)"
    worker = Worker(_install(folder, script))
    with _Raised("too much"):
        worker.dream({"bytes": 1 << 24}, (b"x" * 65536 for _ in range(256)), None)
    worker.close()


def case_error_in_the_payload(folder):
    """What goes wrong where the pixels come from is passed on, and does not wait for the worker."""

    def payload():
        yield b"x" * 100000
        raise ValueError("no pixels")

    worker = Worker(_install(folder, "hear()"))
    said = ""
    try:
        worker.send({"type": "dream", "bytes": 1 << 24}, payload())
    except ValueError as error:
        said = str(error)
    assert said == "no pixels"
    began = time.time()
    worker.close()
    assert time.time() - began < worker_client._PATIENCE
    assert _is_gone(worker.pid)


def case_other_protocol(folder):
    """A worker of another protocol is told of, with its version and what to do."""
    for ready in ("{'type': 'ready', 'protocol': 99, 'version': '7.7'}", "{'type': 'hello'}"):
        worker = Worker(_install(folder, "say({})".format(ready), begin=_BEGIN))
        with _Raised("7.7" if "7.7" in ready else "unknown version", "dreamlayer-plugin install"):
            worker.receive()
        worker.close()


def case_older_dreamlayer(folder):
    """One that knows protocol 1 only refuses the option; the sentence says what to do."""
    refusal = "worker: unrecognized arguments: --protocol 2; see worker --help"
    script = "sys.stderr.write({!r})\nsys.exit(2)\n".format(str(refusal + "\n"))
    worker = Worker(_install(folder, script, begin=_BEGIN))
    with _Raised("the installed dreamlayer is older", "dreamlayer-plugin install"):
        worker.receive()
    worker.close()


def case_protocol_is_asked_for(folder):
    """Behind the words of the command."""
    script = "say({'type': 'result', 'words': sys.argv[-3:]})"
    worker = Worker(_install(folder, script, words=["worker"]))
    assert worker.receive()["words"] == ["worker", "--protocol", "2"]
    worker.close()


def case_previews_and_thumbnails(folder):
    """Previews are read if wanted, else skipped; a gallery's thumbnails all are."""
    script = """
for _ in range(2):
    header, _ = hear()
    assert header["type"] == "style"
    say({"type": "preview", "width": 1, "height": 1}, b"abc")
    say({"type": "progress", "fraction": 0.5})
    say({"type": "result"}, b"defg")
header, _ = hear()
assert header == {"type": "gallery", "layer": "mixed3"}
say({"type": "progress", "stage": "loading"})
say({"type": "thumbnail", "channel": 1}, b"xyz")
say({"type": "done", "count": 1})
"""
    worker, seen, done = Worker(_install(folder, script)), [], []
    for show in (lambda _, pixels: seen.append(pixels), None):
        header = worker.finish({"type": "style"}, [], done.append, show)
        assert worker.read(header["bytes"]) == b"defg"
    assert (seen, len(done)) == ([b"abc"], 2)
    last = worker.gallery({"layer": "mixed3"}, lambda _, pixels: seen.append(pixels))
    assert (last["count"], seen[1:]) == (1, [b"xyz"])
    worker.close()


def case_animation(folder):
    """Frames are read as they come; progress is told, what else comes is skipped."""
    script = """
header, payload = hear()
assert header["type"] == "animate" and payload == b"pixels", header
say({'type': 'progress', 'stage': 'dreaming'})
say({'type': 'preview'}, b'123')
for number in (1, 2):
    say({'type': 'frame', 'number': number}, b'12'[number - 1:number])
say({'type': 'done', 'count': 2})
"""
    worker, told, frames = Worker(_install(folder, script)), [], []
    last = worker.animate(
        {"bytes": 6},
        [b"pixels"],
        told.append,
        lambda header, read: frames.append((header["number"], read(header["bytes"]))),
    )
    assert last["count"] == 2
    assert [header["type"] for header in told] == ["progress"]
    assert frames == [(1, b"1"), (2, b"2")]
    worker.close()


def case_garbage(folder):
    """What is not a message is shown, cut short."""
    for garbage in (
        "hello",
        "[1]",
        "3",
        '{"no type": 1}',
        '{"type": 1}',
        '{"type": "result", "bytes": "many"}',
        '{"type": "result", "bytes": -1}',
        "[" * 100000,
    ):
        script = "writer.write({!r}.encode('ascii') + b'\\n'); hear()".format(str(garbage))
        worker = Worker(_install(folder, script))
        with _Raised("not a message: " + garbage[:80]) as raised:
            worker.receive()
        assert len(raised.error.sentence) < 200
        worker.close()


def case_endless_line(folder):
    """A line that does not end is given up, at some length."""
    script = "\nwhile True: writer.write(b'x' * 65536)"
    worker = Worker(_install(folder, script))
    with _Raised("not a message: xxx"):
        worker.receive()
    worker.close()
    assert _is_gone(worker.pid)


def case_close_ends_the_stubborn(folder):
    """A worker that goes on when its input is closed is killed after a while."""
    worker = Worker(_install(folder, "time.sleep(600)"))
    worker_client._PATIENCE, patience = 0.5, worker_client._PATIENCE
    try:
        began = time.time()
        worker.close()
        assert time.time() - began < 5
    finally:
        worker_client._PATIENCE = patience
    assert _is_gone(worker.pid)


def case_closed_output(folder):
    """A worker that only closes its output is at its end, too."""
    worker = Worker(_install(folder, "writer.close(); os.close(2); time.sleep(600)"))
    worker_client._PATIENCE, patience = 0.5, worker_client._PATIENCE
    try:
        with _Raised("ended unexpectedly"):
            worker.receive()
        worker.close()
    finally:
        worker_client._PATIENCE = patience
    assert _is_gone(worker.pid)


def case_close_twice(folder):
    """Closing again, and killing what has ended, does nothing."""
    worker = Worker(_install(folder, "hear()"))
    worker.close()
    worker.close()
    worker.kill()
    with _Raised("ended"):
        worker.receive()
    with _Raised("ended"):
        worker.send({"type": "dream"})


def case_kill_while_it_is_read_from(folder):
    """Who reads from a worker that is killed gets an error, at once."""
    worker = Worker(_install(folder, "time.sleep(600)"))
    errors = []

    def read():
        try:
            worker.receive()
        except WorkerError as error:
            errors.append(error.sentence)

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(0.5)
    worker.kill()
    reader.join(5)
    assert len(errors) == 1, errors
    assert "signal 9" in errors[0]
    worker.close()


def case_kill_while_it_is_written_to(folder):
    """Who writes to a worker that does not read, and is killed, gets an error."""
    worker = Worker(_install(folder, "time.sleep(600)"))
    errors = []

    def write():
        try:
            worker.dream({"bytes": 1 << 24}, [b"x" * (1 << 24)], None)
        except WorkerError as error:
            errors.append(error.sentence)

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.5)
    worker.kill()
    writer.join(5)
    assert len(errors) == 1, errors
    assert "signal 9" in errors[0]
    worker.close()


def case_no_settings(folder):
    """Without the installer's file a sentence tells to install."""
    with _Raised("which Python", "dreamlayer-plugin install"):
        Worker(folder)


def case_damaged_settings(folder):
    """Whatever else the installer's file holds is answered with its path and what to do."""
    path = os.path.join(folder, str("worker.json"))
    for content in (
        b"{",
        b"\xff\xfe",
        b"[]",
        b"3",
        b"{}",
        b'{"command": []}',
        b'{"command": "python"}',
        b'{"command": [1]}',
        b'{"command": ["python"], "environment": 3}',
        b'{"command": ["python"], "environment": {"A": 1}}',
    ):
        with io.open(path, "wb") as file:
            file.write(content)
        with _Raised("a földer ☂", "worker.json", "dreamlayer-plugin install"):
            Worker(folder)


def case_not_to_be_started(folder):
    """A command that does not start is named."""
    _settle(folder, command=["/no such pläce/python"])
    with _Raised("/no such pläce/python", "does not start", "No such file", "doctor"):
        Worker(folder)
