"""What killed processes left in the cache is removed, and what others are writing stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from image_samples import names

from dreamlayer.core.files.claims import new_name
from dreamlayer.core.runtime import cache, graph_cache, staging

DAY = 24 * 3600


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder that no process has used."""
    graph_cache.fill()
    monkeypatch.setenv("DREAMLAYER_CACHE", str(tmp_path))
    cache._swept.discard(tmp_path)
    return tmp_path


def left(folder: Path, name: str, age: float = 0, *, claimed: bool = True) -> str:
    """A staging folder of no living process, of some seconds of age; its name."""
    (folder / name).mkdir()
    (folder / name / "model.onnx").write_bytes(b"half")
    if claimed:
        (folder / name / "in-use").touch()
    then = time.time() - age
    for path in [*(folder / name).iterdir(), folder / name]:
        os.utime(path, (then, then))
    return name


def test_the_next_process_removes_what_killed_ones_left(folder: Path) -> None:
    """Ours at once, with a claim or not; those of other machines and of version 0.1 after a day."""
    left(folder, new_name("staging-"))
    left(folder, "staging-00000000-0123456789abcdef", DAY + 60)
    left(folder, "making-x2hj5", DAY + 60, claimed=False)
    left(folder, new_name("staging-"), claimed=False)
    left(folder, "staging-00000000-fedcba9876543210", DAY + 60, claimed=False)
    assert cache.ready() == folder
    assert names(folder) == []


def test_what_may_be_in_use_stays(folder: Path) -> None:
    """In this process or another, or on another machine; and what is no folder of ours."""
    ours = staging.Staging(folder)
    stay = [
        ours.path.name,
        left(folder, "staging-00000000-0123456789abcdef"),
        left(folder, "making-x2hj5", claimed=False),
        left(folder, "staging-00000000-fedcba9876543210", claimed=False),
        left(folder, "stage", DAY * 99),
    ]
    (folder / "staging-file").write_bytes(b"")
    assert cache.ready() == folder
    assert names(folder) == sorted([*stay, "staging-file"])
    assert cache.size() == 8, "what waits counts too"
    ours.remove()
    assert ours.path.name not in names(folder)


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_links_are_not_followed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing outside the cache is removed."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "in-use").touch()
    (folder / new_name("staging-")).symlink_to(outside)
    cache.ready()
    assert names(outside) == ["in-use"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signal")
def test_killed_while_it_makes_a_graph(folder: Path) -> None:
    """The claim ends with the process."""
    program = (
        "import time\n"
        "from dreamlayer.core.runtime import graph_cache\n"
        "with graph_cache.store('a') as staged:\n"
        "    (staged / 'model.onnx').write_bytes(b'half')\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        cache.ready()
        assert len(names(folder)) == 1
        process.send_signal(signal.SIGKILL)
    cache._swept.discard(folder)
    cache.ready()
    assert names(folder) == []
