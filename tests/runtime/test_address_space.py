"""Where the address space is limited there is a picture or one sentence, never anything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux enforces this limit")


def limited(mebibytes: int, words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command under `ulimit -v`."""
    return subprocess.run(
        ["prlimit", f"--as={mebibytes << 20}", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("mebibytes", [60, 150, 410, 520, 620, 800, 1500])
@pytest.mark.parametrize("more", [[], ["--smoothing", "2", "--protect", "flat"]])
def test_a_picture_or_a_sentence(
    mebibytes: int, more: list[str], coffee: Path, tmp_path: Path
) -> None:
    """From too little for the interpreter to enough; with SciPy, which needs more, too."""
    target = tmp_path / "out.png"
    options = ["--octaves", "1", "--steps", "1", "--tile", "256", "--provider", "cpu", "--quiet"]
    ran = limited(mebibytes, command("dream", coffee, "-o", target, *options, *more))
    assert (ran.returncode == 0) == target.exists()
    if mebibytes == 60 and ran.returncode == 127:
        pytest.skip("the interpreter itself does not start")
    if ran.returncode:
        assert ran.returncode == 2, ran.stderr
        assert len(ran.stderr.splitlines()) == 1, ran.stderr
        assert "memory" in ran.stderr or "address space" in ran.stderr
    assert mebibytes < 1500 or target.exists()


def test_libraries_are_loaded_before_the_picture(coffee: Path, tmp_path: Path) -> None:
    """Those that only some recipes need too: later, they may find no memory left."""
    program = (
        "import sys\n"
        "from dreamlayer import preset, read\n"
        "from dreamlayer.core.dreaming.dreamer import Dreamer\n"
        "recipe = preset('gentle').replace(octaves=2, steps=1)\n"
        "changes = [{'protect': 'flat'}, {'smoothing': 1.0}, {'smoothing_growth': 1.0},\n"
        "           {'scheme': 'recursive', 'blur': 1.0, 'anchor': 0.0}]\n"
        "changes = [changes[int(sys.argv[1])]]\n"
        "for change in changes:\n"
        "    used = recipe.replace(**change)\n"
        "    dreamer = Dreamer(used.network, provider='cpu')\n"
        "    assert not [name for name in sys.modules if name.startswith('scipy')]\n"
        "    dreamer.objective(used)\n"
        "    before = set(sys.modules)\n"
        "    dreamer.dream(read(sys.argv[2]).pixels, used)\n"
        "    print(*(set(sys.modules) - before))\n"
    )
    for number in range(4):
        ran = subprocess.run(
            [sys.executable, "-c", program, str(number), str(coffee)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
        )
        assert ran.returncode == 0, ran.stderr
        late = [name for name in ran.stdout.split() if name.startswith(("scipy", "numpy"))]
        assert late == [], ran.stdout
