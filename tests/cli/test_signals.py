"""Signals end each command cleanly at any moment, with true words, and nothing half-written."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import ROOT, command
from PIL import Image

from dreamlayer.core.cli.program import Program
from dreamlayer.core.cli.signals import _Channel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of this kind are POSIX's")

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
if sys.platform != "win32":
    CODES[signal.SIGHUP] = 129


def start(*arguments: object, program: str = "core") -> subprocess.Popen[bytes]:
    """The command, running."""
    line = command(*arguments)
    return subprocess.Popen(
        [line[0], "-m", program, *line[3:]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )


def after(process: subprocess.Popen[bytes], text: bytes) -> None:
    """Wait until the process says something."""
    assert process.stderr is not None
    said = b""
    while text not in said:
        line = process.stderr.readline()
        assert line, said
        said += line


def once(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until something is so."""
    while not condition():
        assert process.poll() is None
        time.sleep(0.001)


def ended(process: subprocess.Popen[bytes], code: int) -> str:
    """What the process says last; it has the code, and no traceback."""
    _, error = process.communicate(timeout=30)
    said = error.decode()
    assert process.returncode == code, said
    assert "Traceback" not in said
    assert "callback" not in said
    return said


@pytest.fixture
def many(photo: Path) -> list[Path]:
    """Three pictures."""
    others = [photo.with_name(f"other{number}.png") for number in (1, 2)]
    for other in others:
        other.write_bytes(photo.read_bytes())
    return [photo, *others]


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A picture that takes a while to encode."""
    noise = np.random.default_rng(0).integers(0, 255, (1500, 2000, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "large.png", compress_level=0)
    return tmp_path / "large.png"


@pytest.mark.parametrize("number", CODES)
def test_a_batch_tells_the_truth(
    number: signal.Signals, many: list[Path], quick: list[str]
) -> None:
    """How many are finished, by words and by files."""
    process = start("dream", *many, *quick[:6], "--steps", "300", "--json")
    after(process, b'"done"')
    process.send_signal(number)
    event = json.loads(ended(process, CODES[number]).splitlines()[-1])
    made = [one for one in many[0].parent.iterdir() if "-dream" in one.name]
    assert event["event"] == "cancelled"
    assert (event["finished"], event["of"]) == (len(made), 3)
    assert re.match(
        rf"cancelled; {len(made)} of 3 pictures (is|are) finished, nothing is half-written",
        event["message"],
    )


@pytest.mark.parametrize("number", CODES)
def test_while_a_picture_is_written(number: signal.Signals, large: Path, quick: list[str]) -> None:
    """Where an exception would be lost within libvips: no file, no part of one, no picture more."""
    others = [large, large.with_name("next.png")]
    others[1].write_bytes(large.read_bytes())
    out = large.with_name("out")
    process = start("dream", *others, "-o", out, *quick[:4], "--steps", "0")
    once(lambda: out.is_dir() and bool(list(out.iterdir())), process)
    process.send_signal(number)
    said = ended(process, CODES[number])
    found = [one.name for one in out.iterdir()]
    if "large.png" in found:
        assert "1 of 2 pictures is finished" in said
    else:
        assert "nothing was written" in said
    assert set(found) <= {"large.png"}


def test_while_standard_input_is_read(quick: list[str], tmp_path: Path) -> None:
    """Which may never come."""
    process = start("dream", "-", "-o", tmp_path / "o.png", *quick)
    # Nothing tells that it reads; before, it would end the same way.
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    assert "cancelled; nothing was written" in ended(process, 130)


def test_while_standard_output_waits_for_its_reader(large: Path, quick: list[str]) -> None:
    """The words do not claim that nothing was written."""
    process = start("dream", large, "-o", "-", *quick[:4], "--steps", "0")
    assert process.stdout is not None
    process.stdout.read(100)
    process.send_signal(signal.SIGTERM)
    assert "standard output may be incomplete" in ended(process, 143)


@pytest.mark.parametrize("number", CODES)
def test_a_gallery(number: signal.Signals, small_network: Path, tmp_path: Path) -> None:
    """Ends as a dream does."""
    options = ("--network", small_network, "--steps", "500", "--cell", "64", "--json")
    process = start("gallery", "-o", tmp_path / "sheet.png", *options)
    after(process, b'"progress"')
    process.send_signal(number)
    event = json.loads(ended(process, CODES[number]).splitlines()[-1])
    assert (event["event"], event["message"]) == ("cancelled", "cancelled; nothing was written")
    assert not list(tmp_path.iterdir())


def test_a_signal_that_comes_twice_at_once(photo: Path, quick: list[str]) -> None:
    """As `timeout` sends it: the cleaning up is not cut short."""
    process = start("dream", photo, *quick[:6], "--steps", "100000", "--json")
    after(process, b'"progress"')
    for _ in range(5):
        process.send_signal(signal.SIGTERM)
    said = ended(process, 143)
    assert said.splitlines()[-1] == (
        '{"event": "cancelled", "message": "cancelled; nothing was written", '
        '"finished": 0, "of": 1}'
    )


def test_what_is_ignored_stays_ignored(photo: Path, quick: list[str]) -> None:
    """As `nohup` asks for."""
    line = ["nohup", *command("dream", photo, *quick[:6], "--steps", "200", "--json")]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT)
    after(process, b'"progress"')
    process.send_signal(signal.SIGHUP)
    ended(process, 0)
    assert photo.with_name("photo-dream.png").exists()


STUCK = """
import sys, time
from dreamlayer.core.cli.program import Program
from dreamlayer.core.interruption import deferred
class Toy:
    def configure(self, parser): pass
    def run(self, options):
        with deferred(writing=sys.argv[1] == "writing"):
            print("ready", flush=True)
            time.sleep(100)
sys.exit(Program("toy", "A toy.", "", load=lambda _: Toy(), commands={}).main([]))
"""


@pytest.mark.parametrize(("what", "signals"), [("writing", 2), ("session", 1)])
def test_a_process_that_does_not_listen(what: str, signals: int) -> None:
    """Ends by the second signal; or by itself after some seconds, if nothing is being written."""
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK, what],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    process.stdout.readline()
    for number in range(signals):
        time.sleep(0.3 * number)
        process.send_signal(signal.SIGINT)
    assert ended(process, 130) == "\ntoy: cancelled at once; nothing was written\n"


LOST = """
import os, signal, sys
from dreamlayer.core.cli.program import Program
from dreamlayer.core.interruption import check
class Careless:
    def __del__(self): os.kill(os.getpid(), signal.SIGTERM)
class Toy:
    def configure(self, parser): pass
    def run(self, options):
        careless = Careless()
        del careless
        check()
        return 0
sys.exit(Program("toy", "A toy.", "", load=lambda _: Toy(), commands={}).main([]))
"""


def test_an_exception_that_python_drops_is_made_up_for() -> None:
    """In a destructor nothing can be raised: it is at the next look, and no traceback is shown."""
    ran = subprocess.run(
        [sys.executable, "-c", LOST], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (ran.returncode, ran.stderr) == (143, "toy: cancelled; nothing was written\n")


def test_the_host_gets_its_handlers_back() -> None:
    """Also those of a program that calls ours."""

    class Toy:
        def configure(self, _parser: object) -> None:
            pass

        def run(self, _options: object) -> int:
            seen.append(signal.getsignal(signal.SIGTERM))
            return 0

    seen: list[object] = []
    toy = Program("toy", "A toy.", "", load=lambda _: Toy(), commands={})
    before = [signal.getsignal(one) for one in CODES]
    threads = set(threading.enumerate())
    assert toy.main([]) == 0
    assert [signal.getsignal(one) for one in CODES] == before
    assert seen[0] not in before
    # Threads of earlier tests may end meanwhile.
    assert set(threading.enumerate()) <= threads
    assert signal.set_wakeup_fd(-1) == -1
    thread = threading.Thread(target=lambda: toy.main([]))
    thread.start()
    thread.join()
    assert seen[1] in before


@pytest.mark.parametrize("sockets", [False, True])
def test_numbers_go_through_a_pipe_or_sockets(sockets: bool) -> None:
    """Windows has the latter; the inlet takes what C writes, and never blocks."""
    channel = _Channel(sockets=sockets)
    os.write(channel.inlet, b"\x0f")
    assert channel.receive() == b"\x0f"
    for _ in range(300_000 if sockets else 70_000):
        channel.send(2)
    channel.close()


def _listens(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process handles SIGTERM, which Python itself does not."""
    status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    caught = int(re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)[1], 16)  # type: ignore[index]
    return bool(caught >> (signal.SIGTERM - 1) & 1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process listens to")
@pytest.mark.parametrize("moment", range(8))
def test_at_any_moment(moment: int, many: list[Path], quick: list[str]) -> None:
    """From the first line of the program to its end: done, or cancelled with true words."""
    number = list(CODES)[moment % len(CODES)]
    out = many[0].with_name("out")
    process = start("dream", *many, "-o", out, *quick)
    once(lambda: _listens(process), process)
    time.sleep(moment / 10)
    process.send_signal(number)
    _, error = process.communicate(timeout=30)
    said = error.decode()
    made = sorted(one.name for one in out.iterdir()) if out.is_dir() else []
    assert process.returncode in (0, CODES[number]), said
    assert "Traceback" not in said
    assert all(name.endswith(".png") for name in made)
    last = said.splitlines()[-1]
    if process.returncode == 0:
        assert (len(made), last) == (3, "3 done")
    elif made:
        assert f"cancelled; {len(made)} of 3 pictures" in last
    else:
        assert "cancelled; nothing was written" in last


FROM_TEXT = """
import os, signal, sys
from dreamlayer.core.cli.program import Program
class Toy:
    def configure(self, parser): pass
    def run(self, options):
        exec("os.kill(os.getpid(), signal.SIGTERM); [None for _ in range(1000)]")
        return 0
sys.argv = ["toy"]
sys.exit(Program("toy", "A toy.", "", load=lambda _: Toy(), commands={}).main())
"""


BROKEN_IMPORT = """
import os, signal, sys
from dreamlayer.core.cli.program import Program
class Toy:
    def configure(self, parser): pass
    def run(self, options):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            [None for _ in range(1000)]
        except KeyboardInterrupt as error:
            raise ImportError("initialization failed") from error
sys.exit(Program("toy", "A toy.", "", load=lambda _: Toy(), commands={}).main([]))
"""


@pytest.mark.parametrize("program", [FROM_TEXT, BROKEN_IMPORT], ids=["text", "import"])
def test_the_code_is_that_of_the_signal_wherever_it_came(program: str) -> None:
    """Python would end by SIGINT where it came within code that is made from text, and libraries
    turn the interruption into errors of their own."""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (ran.returncode, ran.stderr) == (143, "toy: cancelled; nothing was written\n")


WRITTEN = """
import os, signal, sys
from dreamlayer.core.cli.program import Program
from dreamlayer.core.files import replacing
class Toy:
    def configure(self, parser): pass
    def run(self, options):
        with replacing(sys.argv[1]) as file:
            file.write(b"whole")
            os.kill(os.getpid(), signal.SIGTERM)
        return 0
sys.exit(Program("toy", "A toy.", "", load=lambda _: Toy(), commands={}).main([]))
"""


def test_a_signal_while_a_file_is_replaced(tmp_path: Path) -> None:
    """Comes after it: the file is whole, and the words do not deny it."""
    target = tmp_path / "out.onnx"
    ran = subprocess.run(
        [sys.executable, "-c", WRITTEN, str(target)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (143, "toy: cancelled; what was written is whole\n")
    assert target.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]
