"""Free memory is the least of what the machine, the process's limits and its groups leave."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dreamlayer.core.runtime.host_memory import available, held

MIB = 1 << 20
UNLIMITED = f"{2**63 - 4096}\n"

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such limits")


def machine(folder: Path, mounts: str, groups: str, files: dict[str, str]) -> Path:
    """What Linux tells of a process, and the files of its groups, below a folder."""
    proc = folder / "proc"
    proc.mkdir()
    (proc / "mountinfo").write_text(mounts.replace("ROOT", str(folder)))
    (proc / "cgroup").write_text(groups)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return proc


VERSION_2 = "31 30 0:27 / ROOT/group rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
VERSION_1 = (
    "32 31 0:29 / ROOT/cpu rw,relatime - cgroup cgroup rw,cpu\n"
    "35 31 0:32 {} ROOT/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
)


def stat_2(inactive: int, active: int = 0) -> str:
    return f"anon 5\nfile 7\ninactive_file {inactive}\nactive_file {active}\n"


def test_group_of_version_2(tmp_path: Path) -> None:
    """Its cache of files is given back before memory is refused."""
    proc = machine(
        tmp_path,
        VERSION_2,
        "0::/service\n",
        {
            "group/service/memory.max": f"{100 * MIB}\n",
            "group/service/memory.high": "max\n",
            "group/service/memory.current": f"{70 * MIB}\n",
            "group/service/memory.stat": stat_2(20 * MIB, 10 * MIB),
        },
    )
    assert available(proc) == 60 * MIB


def test_groups_above_count_too(tmp_path: Path) -> None:
    """The least counts; `high` as `max`, since beyond it the process is slowed down to nothing."""
    proc = machine(
        tmp_path,
        VERSION_2,
        "0::/user/service\n",
        {
            "group/user/service/memory.max": f"{900 * MIB}\n",
            "group/user/service/memory.current": f"{10 * MIB}\n",
            "group/user/memory.max": "max\n",
            "group/user/memory.high": f"{50 * MIB}\n",
            "group/user/memory.current": f"{20 * MIB}\n",
        },
    )
    assert available(proc) == 30 * MIB


@pytest.mark.parametrize(
    ("mounted", "path"),
    [("/", "/docker/a"), ("/docker/a", "/docker/a"), ("/docker/a", "/docker/a/b"), ("/x", "/y")],
)
def test_group_of_version_1(tmp_path: Path, mounted: str, path: str) -> None:
    """Seen from outside and from within a container."""
    below = {("/", "/docker/a"): "docker/a/", ("/docker/a", "/docker/a/b"): "b/"}
    place = f"memory/{below.get((mounted, path), '')}"
    proc = machine(
        tmp_path,
        VERSION_1.format(mounted),
        f"5:cpu,cpuacct:/\n4:memory:{path}\n0::/\n",
        {
            f"{place}memory.limit_in_bytes": f"{100 * MIB}\n",
            f"{place}memory.usage_in_bytes": f"{80 * MIB}\n",
            f"{place}memory.stat": f"cache 1\ntotal_inactive_file {30 * MIB}\n",
        },
    )
    assert available(proc) == 50 * MIB


@pytest.mark.parametrize(
    ("mounts", "groups", "files"),
    [
        ("", "", {}),
        ("nonsense\n", "nonsense\n", {}),
        (VERSION_2, "0::/\n", {}),
        (VERSION_2, "0::/a\n", {"group/a/memory.max": "max\n", "group/a/memory.current": "9\n"}),
        (VERSION_2, "0::/a\n", {"group/a/memory.max": "1\n"}),
        (VERSION_2, "0::/a\n", {"group/a/memory.max": "?\n", "group/a/memory.current": "9\n"}),
        (
            VERSION_1.format("/"),
            "4:memory:/\n",
            {"memory/memory.limit_in_bytes": f"{2**63 - 4096}"},
        ),
    ],
)
def test_without_a_limit_the_machine_decides(
    tmp_path: Path, mounts: str, groups: str, files: dict[str, str]
) -> None:
    """Nothing that cannot be read is a limit."""
    assert available(machine(tmp_path, mounts, groups, files)) > 100 * MIB
    assert available(tmp_path / "nowhere") > 100 * MIB


def test_what_is_used_up_is_nothing(tmp_path: Path) -> None:
    """Never less."""
    files = {"group/memory.max": "1000\n", "group/memory.current": f"{80 * MIB}\n"}
    assert available(machine(tmp_path, VERSION_2, "0::/\n", files)) == 0


@linux
@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_limits_of_the_process(limit: str) -> None:
    """As of `ulimit -v` and `ulimit -d`: less is free than that, and less still once it is used."""
    program = (
        "import resource, sys\n"
        "from dreamlayer.core.runtime.host_memory import available\n"
        f"resource.setrlimit(resource.{limit}, (3 << 30, 3 << 30))\n"
        "first = available()\n"
        "taken = bytearray(1 << 30)\n"
        "print(int(first), int(available()))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    first, second = map(int, ran.stdout.split())
    assert 1.5 * 2**30 < first < 3 * 2**30
    assert abs(first - second - 2**30) < 50 * MIB


@linux
def test_real_group(tmp_path: Path) -> None:
    """One of version 1 or 2 that is made for the test, where that is possible."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    found = [line for line in lines if " - cgroup2 " in line or line.endswith("rw,memory")]
    version_1 = [line for line in found if line.endswith("rw,memory")]
    mount = next(iter(version_1 or found), None)
    if mount is None or os.geteuid() != 0:
        pytest.skip("no control groups, or not for this user")
    group = Path(mount.split()[4]) / f"dreamlayer-test-{os.getpid()}"
    try:
        group.mkdir()
        name = "memory.limit_in_bytes" if version_1 else "memory.max"
        (group / name).write_text(str(300 * MIB))
    except OSError:
        if group.is_dir():
            group.rmdir()
        pytest.skip("no control group can be made here")
    program = (
        "import os, sys\n"
        "open(sys.argv[1], 'w').write(str(os.getpid()))\n"
        "from dreamlayer.core.runtime.host_memory import available\n"
        "print(int(available()))\n"
    )
    try:
        ran = subprocess.run(
            [sys.executable, "-c", program, str(group / "cgroup.procs")],
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        group.rmdir()
    assert 100 * MIB < int(ran.stdout) < 300 * MIB
    assert tmp_path.exists()


def test_what_this_process_holds() -> None:
    """More than the interpreter, less than the machine."""
    assert 10 * MIB < held() < 2**40
