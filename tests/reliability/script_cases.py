"""What scripts, services and Windows do: odd environments, names, streams, signals, limits."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from desk import HANDLED, IDLE, MADE, QUICK, REFUSED, RGB, ROOT, SECONDS, Desk, case
from forked_program import Ended
from image_samples import png

OUT = ("-o", "out.png")
DREAM = ("dream", "other.png", *QUICK, *OUT)
NAMES = [
    *("new\nline.png", "tab\t.png", "quote'\".png", " space .png", "-dash.png", "--steps.png"),
    *("é→🎨.png", "a*b?.png", "[1].png", "per%cent.png", "back\\slash.png", "$HOME.png", "#.png"),
    *("x.png.png", "~.png", ".hidden.png", "right\u202eleft.png", "\x1b[31mred.png"),
]


@case(MADE, "posix")
def names_that_shells_fear(desk: Desk) -> str:
    """Line breaks, quotes, dashes, wildcards, escapes, marks of writing direction."""
    for name in NAMES:
        desk.put(name)
        given = f"./{name}" if name.startswith("-") else name
        target = name.removesuffix(".png") + "-dream.png"
        desk.made(desk.run("dream", given, *QUICK), target)
    return MADE


@case(MADE, "linux")
def a_name_that_is_no_text(desk: Desk) -> str:
    """Bytes that are no UTF-8, as an old disk has them; messages escape them."""
    desk.put(b"caf\xe9.png")
    desk.made(desk.run("dream", os.fsdecode(b"caf\xe9.png"), *QUICK), b"caf\xe9-dream.png")
    desk.put(b"b\xff.png", b"junk")
    desk.refused(desk.run("dream", os.fsdecode(b"b\xff.png"), *QUICK))
    ran = desk.run("dream", os.fsdecode(b"caf\xe9.png"), *QUICK[:-1], "--json")
    assert all(isinstance(json.loads(line), dict) for line in ran.errors.splitlines())
    return MADE


@case(REFUSED, "posix")
def a_name_as_long_as_names_can_be(desk: Desk) -> str:
    """`NAME-dream.png` would be longer than 255 bytes; a name that was typed may have 255."""
    name = "n" * 251 + ".png"
    desk.put(name)
    outcome = desk.refused(desk.run("dream", name, *QUICK))
    full = "o" * 251 + ".png"
    desk.made(desk.run("dream", name, *QUICK, "-o", full), full)
    return outcome


@case(MADE)
def a_dash_means_a_stream(desk: Desk) -> str:
    """From standard input to standard output, in each format."""
    for format, mark in (("png", b"\x89PNG"), ("jpeg", b"\xff\xd8"), ("tiff", b"II*\0")):
        ran = desk.run("dream", "-", *QUICK, "--format", format, "-o", "-", stdin=png(RGB))
        assert ran.code == 0, ran.errors
        assert ran.output.startswith(mark)
    return MADE


@case(REFUSED)
def nothing_on_standard_input(desk: Desk) -> str:
    """Empty input, junk, half a picture."""
    for given in (b"", b"\n", b"junk" * 100, png(RGB)[:60]):
        desk.refused(desk.run("dream", "-", *QUICK, *OUT, stdin=given))
    return REFUSED


@case(REFUSED, "linux")
def a_full_device_as_standard_output(desk: Desk) -> str:
    """`-o - > /dev/full` fails, and says so."""
    words = [sys.executable, "-m", "dreamlayer", "dream", "other.png", *QUICK, "-o", "-"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            words, cwd=desk.folder, env=env, stdout=full, stderr=subprocess.PIPE, timeout=SECONDS
        )
    return desk.refused(Ended(ran.returncode, b"", ran.stderr, 0, 0, False))


@case(MADE, "linux")
def notes_into_a_full_device(desk: Desk) -> str:
    """A log on a full disk does not cost the picture."""
    words = [sys.executable, "-m", "dreamlayer", "dream", "other.png", *QUICK[:-1], *OUT]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(words, cwd=desk.folder, env=env, stderr=full, timeout=SECONDS)
    return desk.made(Ended(ran.returncode, b"", b"", 0, 0, False))


@case(REFUSED, "linux")
def devices_as_outputs(desk: Desk) -> str:
    """/dev/full, /dev/null and a pipe are no files to replace."""
    os.mkfifo(desk.folder / "pipe.png")
    for name in ("/dev/full", "/dev/null", "pipe.png"):
        desk.refused(desk.run("dream", "other.png", *QUICK, "-o", name))
    return REFUSED


@case(MADE, "posix")
def a_picture_from_a_pipe(desk: Desk) -> str:
    """As `dream <(curl ...)` gives it."""
    os.mkfifo(desk.folder / "pipe.png")
    writer = threading.Thread(target=(desk.folder / "pipe.png").write_bytes, args=(png(RGB),))
    writer.start()
    outcome = desk.made(desk.alone("dream", "pipe.png", *QUICK, *OUT))
    writer.join(SECONDS)
    return outcome


@case(MADE)
def a_pipe_that_reads_the_first_line_only(desk: Desk) -> str:
    """`dreamlayer presets | head -1` ends quietly."""
    process = desk.start("presets")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(SECONDS) in (0, 141, -13)
    assert process.stderr.read() == b""
    process.stderr.close()
    return MADE


@case(f"{MADE}|{REFUSED}", "posix")
def the_working_folder_is_gone(desk: Desk) -> str:
    """Somebody removed it; whole names still work, or one sentence says why not."""
    gone = desk.folder / "gone"
    gone.mkdir()
    script = 'cd "$1" && rmdir "$1" && shift && exec "$@"'
    before = ("sh", "-c", script, "sh", str(gone))
    words = ("dream", desk.folder / "other.png", *IDLE, "-o", desk.folder / "out.png")
    return desk.either(desk.alone(*words, before=before))


@case(MADE)
def no_temporary_folder(desk: Desk) -> str:
    """TMPDIR names a folder that does not exist, or a file."""
    for place in (desk.folder / "none", desk.folder / "other.png"):
        names = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(place))
        desk.made(desk.alone(*DREAM, **names))
    return MADE


@case(MADE, "posix")
def no_home(desk: Desk) -> str:
    """HOME is missing, a file, relative, not there; no variable of the user is set at all."""
    cache = {"DREAMLAYER_CACHE": "", "XDG_CACHE_HOME": "", "XDG_DATA_HOME": ""}
    for home in ("", "/nowhere/at/all", str(desk.folder / "other.png"), "relative", "/dev/null"):
        desk.made(desk.alone(*DREAM, HOME=home, **cache))
    clean = ("env", "-i", f"PYTHONPATH={ROOT}")
    outcome = desk.made(desk.alone(*DREAM, before=clean))
    shutil.rmtree(desk.folder / "relative", ignore_errors=True)
    return outcome


@case(MADE, "posix")
def locales_of_old_servers(desk: Desk) -> str:
    """LC_ALL=C, POSIX, one that does not exist, and Python without its UTF-8 mode."""
    desk.put("é→🎨.png")
    for locale in ("C", "POSIX", "de_DE.ISO-8859-1", "nonsense"):
        ran = desk.alone("dream", "é→🎨.png", *QUICK[:-1], LC_ALL=locale, PYTHONUTF8="0")
        assert ran.code == 0, ran.errors
        desk.made(Ended(0, b"", b"", 0, 0, False), "é→🎨-dream.png")
        (desk.folder / "é→🎨-dream.png").unlink()
    return MADE


@case(MADE)
def strict_pythons(desk: Desk) -> str:
    """Warnings as errors, no assertions, no bytecode, no user site, hash seeds."""
    for env in (
        {"PYTHONWARNINGS": "error"},
        {"PYTHONOPTIMIZE": "2"},
        {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"},
        {"PYTHONHASHSEED": "77", "PYTHONINTMAXSTRDIGITS": "640"},
        {"PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"},
    ):
        desk.made(desk.alone(*DREAM, **env))
    return MADE


@case(MADE)
def modules_of_my_own_beside_the_pictures(desk: Desk) -> str:
    """A `core.py`, `plugin.py` or `export.py` in the folder is not ours."""
    for name in ("core.py", "plugin.py", "export.py", "images.py", "files.py"):
        desk.put(name, b"raise SystemExit('the wrong module')\n")
    return desk.made(desk.alone(*DREAM))


@case(MADE)
def caches_in_odd_places(desk: Desk) -> str:
    """Relative, with a tilde, off in capitals, very long, with a line break."""
    places = ("cache", "~/x", "OFF", "c" * 3000, "new\nline", "/proc", "/")
    for place in places:
        desk.made(desk.alone(*DREAM, DREAMLAYER_CACHE=place, HOME=str(desk.folder)))
    return MADE


@case(MADE)
def networks_in_odd_places(desk: Desk) -> str:
    """DREAMLAYER_NETWORKS names what is not there, files, and empty names."""
    for place in ("/nowhere", "small.onnx", "other.png", os.pathsep * 3, "n" * 3000, "\n"):
        desk.made(desk.alone(*DREAM, DREAMLAYER_NETWORKS=place))
    return MADE


@case(MADE, "linux")
def few_open_files(desk: Desk) -> str:
    """40 pictures with 32 descriptors: none is kept open."""
    for number in range(40):
        desk.put(f"in/{number}.png")
    words = ("dream", *(f"in/{n}.png" for n in range(40)), *IDLE, "-o", "out/")
    (desk.folder / "out").mkdir()
    ran = desk.alone(*words, before=("prlimit", "--nofile=32"))
    assert ran.code == 0, ran.errors
    assert len(list((desk.folder / "out").iterdir())) == 40
    return MADE


@case(MADE)
def two_programs_one_target(desk: Desk) -> str:
    """Whoever is last wins, with a whole picture."""
    running = [desk.start(*DREAM) for _ in range(3)]
    for process in running:
        _, errors = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, errors
    assert {path.name for path in desk.folder.iterdir()} == {"small.onnx", "other.png", "out.png"}
    return desk.made(Ended(0, b"", b"", 0, 0, False))


@case(MADE, "posix")
def stopped_and_continued(desk: Desk) -> str:
    """Ctrl-Z and `fg` in the middle."""
    process = desk.start("dream", "other.png", *QUICK[:-3], "--steps", "400", "--quiet", *OUT)
    time.sleep(0.3)
    process.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    process.send_signal(signal.SIGCONT)
    _, errors = process.communicate(timeout=SECONDS)
    return desk.made(Ended(process.returncode, b"", errors, 0, 0, False))


@case(HANDLED, "posix")
def the_terminal_is_closed(desk: Desk) -> str:
    """SIGHUP ends it like the others: its code is 129, and nothing is left."""
    process = desk.start("dream", "other.png", *QUICK[:-3], "--steps", "60000", *OUT)
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=SECONDS)
    assert process.returncode in (129, -1)
    assert {path.name for path in desk.folder.iterdir()} == {"small.onnx", "other.png"}
    return HANDLED


@case(HANDLED, "posix")
def an_impatient_user(desk: Desk) -> str:
    """Ctrl-C three times in a row ends it at once, without a traceback or a file."""
    process = desk.start("dream", "other.png", *QUICK[:-3], "--steps", "60000", *OUT)
    assert process.stderr is not None
    process.stderr.readline()
    for _ in range(3):
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode in (130, -2)
    assert b"Traceback" not in errors
    assert {path.name for path in desk.folder.iterdir()} == {"small.onnx", "other.png"}
    return HANDLED


@case(HANDLED)
def help_and_versions(desk: Desk) -> str:
    """They print, and exit with 0; what is not a command is one sentence."""
    for words in (["--help"], ["--version"], [], ["dream", "--help"], ["style", "--help-all"]):
        ran = desk.run(*words)
        assert (ran.code, ran.errors) == (0, b"")
        assert ran.output
    for words in (["dreem"], ["dream", "/?"], ["--no-such"], ["-o", "x"], ["dream", "--step", "x"]):
        desk.refused(desk.run(*words))
    return HANDLED


@case(REFUSED)
def typed_by_a_word_processor(desk: Desk) -> str:
    """Curly quotes and long dashes from a web page."""
    for words in (["“other.png”"], ["other.png", "–steps", "1"], ["other.png", "—quiet"]):
        ran = desk.run("dream", *words, *QUICK[:-1])
        assert ran.code == 2
        assert b"Traceback" not in ran.errors
    return REFUSED


@case(f"{MADE}|{REFUSED}")
def recipes_from_windows(desk: Desk) -> str:
    """With a byte-order mark, CR LF, UTF-16 as PowerShell's `>` writes, a Ctrl-Z at the end."""
    ran = desk.run("recipe", "--network", "small.onnx", "--layer", "deep", "--steps", "1")
    text = ran.output.decode()
    for number, data in enumerate(
        (
            text.encode("utf-8-sig"),
            text.replace("\n", "\r\n").encode(),
            text.encode("utf-16"),
            text.encode() + b"\x1a",
            text.encode("utf-16-le"),
        )
    ):
        desk.put("r.toml", data)
        words = ("--recipe", "r.toml", "--octaves", "1", "--quiet", "-o", f"{number}.png")
        outcome = desk.either(desk.run("dream", "other.png", *words), f"{number}.png")
        assert outcome == MADE or number > 1, number
    return outcome


@case(MADE)
def a_program_without_a_console(desk: Desk) -> str:
    """As pythonw starts it: standard streams are None."""
    code = (
        "import sys\nsys.stdin = sys.stdout = sys.stderr = None\n"
        "from dreamlayer.core.cli.program import main\n"
        f"code = main({['dream', 'other.png', *QUICK[:-1], *OUT]!r})\n"
        "import os; os._exit(code)"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", code], cwd=desk.folder, env=env, timeout=SECONDS)
    return desk.made(Ended(ran.returncode, b"", b"", 0, 0, False))
