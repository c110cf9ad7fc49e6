"""The library is a guest: what belongs to the host's process is as it was before a dream."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ROOT

CENSUS = '''
import decimal, faulthandler, gc, locale, logging, multiprocessing, os, random, signal, socket, sys
import threading, warnings
import numpy as np

def census():
    """All that a process has but once."""
    mask = os.umask(0)
    os.umask(mask)
    found = {
        "environment": dict(os.environ),
        "working folder": os.getcwd(),
        "umask": mask,
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "streams": (sys.stdin, sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__),
        "hooks": (sys.excepthook, sys.unraisablehook, sys.displayhook, threading.excepthook,
                  sys.gettrace(), sys.getprofile(), sys.breakpointhook),
        "imports": (list(sys.path), list(sys.meta_path), list(sys.path_hooks),
                    [name for name, module in sys.modules.items() if module is None]),
        "limits": (sys.getrecursionlimit(), sys.getswitchinterval(),
                   sys.get_int_max_str_digits(), socket.getdefaulttimeout()),
        "locale": locale.setlocale(locale.LC_ALL),
        "numpy": (np.geterr(), np.get_printoptions(), np.getbufsize()),
        "randomness": (random.getstate(), np.random.get_state()[1].tobytes()),
        "decimals": str(decimal.getcontext()),
        "collector": (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count()),
        "faults": faulthandler.is_enabled(),
        "processes": multiprocessing.get_start_method(allow_none=True),
        "warnings": (list(warnings.filters), warnings.showwarning, warnings.formatwarning),
        # Loggers that are new are the libraries' own, and silent until the host listens.
        "logging": (logging.root.level, list(logging.root.handlers), logging.root.manager.disable,
                    logging.getLoggerClass(), logging.getLogRecordFactory()),
        "audible loggers": [name for name, one in logging.root.manager.loggerDict.items()
                            if isinstance(one, logging.Logger)
                            and [handler for handler in one.handlers
                                 if not isinstance(handler, logging.NullHandler)]],
        "threads": sorted(one.name for one in threading.enumerate()),
    }
    if os.name == "posix":
        import resource
        names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
        found["limits of the system"] = [resource.getrlimit(getattr(resource, name))
                                         for name in names]
        found["priority"] = os.getpriority(os.PRIO_PROCESS, 0)
    if hasattr(os, "sched_getaffinity"):
        found["cores"] = os.sched_getaffinity(0)
    if os.path.isdir("/proc/self/fd"):
        found["open files"] = sorted(os.readlink(f"/proc/self/fd/{number}")
                                     for number in os.listdir("/proc/self/fd")
                                     if os.path.exists(f"/proc/self/fd/{number}"))
    if "PIL.Image" in sys.modules:
        found["Pillow"] = sys.modules["PIL.Image"].MAX_IMAGE_PIXELS
    if "pyvips" in sys.modules:
        vips = sys.modules["pyvips"]
        found["libvips"] = vips.cache_get_max(), vips.cache_get_max_mem()
    return found

def compare(before, after):
    for name, value in before.items():
        assert after[name] == value, (name, value, after[name])
'''

HOST = """
import sys
import PIL.Image, pyvips
# What SciPy adds to the warnings' filters when it is imported is its own.
import scipy.special
# Nor is what absl adds to the importers ours, which OpenVINO imports where it is installed.
try:
    import absl.logging
except ImportError:
    pass
{census}
photo, target, provider, network = sys.argv[1:]
before = census()
from dreamlayer import DreamlayerError, Recipe, Term, dream, preset, read, write
recipe = Recipe(network=network, layers=(Term("deep"),), octaves=2, steps=2, smoothing=1.0)
picture = read(photo)
write(dream(picture, recipe, provider=provider), target)
dream(picture.pixels, recipe, provider=provider, on_progress=lambda _: None)
for wrong in (lambda: read(target + "x"), lambda: preset("none"),
              lambda: dream(picture, recipe, provider="none")):
    try:
        wrong()
    except DreamlayerError:
        continue
    raise AssertionError("it should fail")
from dreamlayer.core.runtime.graph_cache import fill
# What waits to be cached has files that claim it.
fill()
compare(before, census())
"""


@pytest.mark.parametrize("provider", ["cpu", "openvino"])
def test_a_census_before_and_after(
    provider: str, photo: Path, small_network: Path, tmp_path: Path
) -> None:
    """Dreams, and calls that fail, change nothing that a process has but once.

    The host has imported what it uses itself. Libraries that nobody had imported before start
    threads of their own (libvips, ONNX Runtime), and SciPy adds a filter of warnings.
    """
    if provider == "openvino":
        pytest.importorskip("openvino", reason="no OpenVINO: install dreamlayer[openvino]")
    words = [photo, tmp_path / "out.png", provider, small_network]
    ran = subprocess.run(
        [sys.executable, "-c", HOST.format(census=CENSUS), *map(str, words)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_a_host_that_uses_no_libvips_holds_no_pictures() -> None:
    """Its cache of operations is off where we are the first to import it."""
    program = (
        "from dreamlayer.core.images.streams import library\nprint(library().cache_get_max())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "0\n"
