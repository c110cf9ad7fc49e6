"""`dreamlayer doctor`: show versions, providers that really load, and networks found."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from dreamlayer.core.cli.standard_streams import print_json
from dreamlayer.core.errors import DreamlayerError, printable
from dreamlayer.core.installation import install_command, pip_command
from dreamlayer.core.runtime.providers import PACKAGES, PROVIDERS
from dreamlayer.core.version import VERSION

_PACKAGES = ("numpy", "onnx", "Pillow", "pyvips", "scipy", "psutil")
_TRIAL_SECONDS = 120

# Run in a process of its own: a provider that fails may hang or take the process down.
_TRIAL = """
import json, sys
import numpy as np
from dreamlayer.core.errors import DreamlayerError
from dreamlayer.core.network.network import Network
from dreamlayer.core.network.gradient_session import GradientSession
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.runtime.installed import silence
from dreamlayer.core.runtime.loading import fault
from dreamlayer.core.runtime.providers import Execution
from dreamlayer.core.runtime.sessions import candidates
def say(**found):
    print(json.dumps(found))
    sys.exit()
def gradient(provider):
    network = Network("inception_v3_mixed5")
    session = GradientSession(network, [Term("mixed0")], Execution(provider))
    return session(np.random.default_rng(0).random((3, 96, 96), np.float32))[1].ravel()
silence()
name = sys.argv[1]
try:
    found = fault(candidates(name)[0])
    if found is not None:
        say(loaded=False, reason=found.reason, fix=found.remedy or None)
    ours = gradient(name)
    if name != "cpu":
        cpu = gradient("cpu")
        cosine = float(ours @ cpu / np.linalg.norm(ours) / np.linalg.norm(cpu))
        if not cosine > 0.99:
            reason = f"it loads, but its gradients are wrong: cosine {cosine:.3f} to the CPU's"
            say(loaded=False, reason=reason, fix="use --provider cpu")
    say(loaded=True, reason=None, fix=None)
except DreamlayerError as error:
    say(loaded=False, reason=str(error), fix=None)
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--provider", metavar="NAME", help="check this provider only")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(options: argparse.Namespace) -> int:
    """Print the report; the exit code is 0 where at least one provider works, else 2."""
    report = _report(options.provider)
    if options.json:
        print_json(report)
    else:
        _print(report)
    return 0 if any(p["loaded"] for p in report["providers"]) else 2


def _report(provider: str | None) -> dict[str, Any]:
    from dreamlayer.core.network.files import available, folders
    from dreamlayer.core.runtime import cache
    from dreamlayer.core.runtime.host_memory import available as free_memory

    return {
        "dreamlayer": VERSION,
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "libvips": _libvips(),
        "onnxruntime": {n: v for n in PACKAGES if (v := _version(n)) is not None},
        "openvino": _version("openvino"),
        "free_memory_bytes": int(free_memory()),
        "cache_folder": None if (place := cache.folder()) is None else str(place),
        "cache_unused": None if place is None else cache.own_folder(place)[1] or None,
        "cache_bytes": cache.size(),
        "providers": _providers(provider),
        "not_built_in": [] if provider else _not_built_in(),
        "networks": {name: str(path) for name, path in available().items()},
        "network_folders": [str(folder) for folder in folders()],
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _libvips() -> str | None:
    try:
        import pyvips
    except (ImportError, OSError):
        return None
    return ".".join(str(pyvips.version(i)) for i in range(3))


def _providers(only: str | None) -> list[dict[str, Any]]:
    """Try each installed provider on a small gradient."""
    from dreamlayer.core.runtime.sessions import installed

    try:
        names = [only] if only else installed()
    except DreamlayerError as error:
        name = only or "onnxruntime"
        return [{"name": name, "loaded": False, "reason": str(error), "fix": None}]
    return [_try(name) for name in names]


def _try(name: str) -> dict[str, Any]:
    package = Path(sys.modules["dreamlayer"].__file__ or "")
    try:
        ran = subprocess.run(
            # Not from the current folder, where another `dreamlayer` may be.
            [sys.executable, "-P", "-c", _TRIAL, name],
            env={**os.environ, "PYTHONPATH": str(package.parents[1])},
            capture_output=True,
            text=True,
            timeout=_TRIAL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        reason = f"no answer in {_TRIAL_SECONDS} s"
        return {"name": name, "loaded": False, "reason": reason, "fix": "use --provider cpu"}
    try:
        said: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
        return {"name": name, **said}
    except (IndexError, TypeError, ValueError):
        # It ended in the middle; the last line is the exception, or the driver's own word.
        lines = [line.strip() for line in ran.stderr.splitlines() if line.strip()]
        reason = [*lines[-1:], f"exit code {ran.returncode}"][0]
        return {"name": name, "loaded": False, "reason": reason, "fix": None}


def _not_built_in() -> list[dict[str, Any]]:
    """The other providers that exist for this system, with the command that installs each."""
    from dreamlayer.core.runtime.sessions import installed

    try:
        here = installed()
    except DreamlayerError:
        return []
    return [
        {"name": name, "fix": install_command(row.extra) if row.extra else None}
        for name, row in PROVIDERS.items()
        if name not in here and row.system in ("", sys.platform)
    ]


def _print(report: dict[str, Any]) -> None:
    from dreamlayer.core.dreaming.free_memory import in_units

    _say(f"dreamlayer   {report['dreamlayer']}")
    _say(f"python       {report['python']} on {report['system']}")
    for name, version in report["packages"].items():
        _say(f"{name:12} {version or 'MISSING; run: ' + install_command('cpu')}")
    _say(f"{'libvips':12} {report['libvips'] or 'MISSING; run: ' + install_command('cpu')}")
    for name, version in report["onnxruntime"].items():
        _say(f"{name:12} {version}")
    if not report["onnxruntime"]:
        _say(
            "onnxruntime  MISSING: " + install_command("cpu") + " (or [gpu], [openvino], [webgpu])"
        )
    if len(report["onnxruntime"]) > 1:
        removed = pip_command("uninstall", "--yes", *report["onnxruntime"])
        _say(
            "             several onnxruntime packages overwrite one another; remove them all: "
            f"{removed}, then install one: {install_command('cpu')}"
        )
    if report["openvino"]:
        _say(f"{'openvino':12} {report['openvino']}")
    _say(f"free memory  {in_units(report['free_memory_bytes'])}")
    cached = f"{in_units(report['cache_bytes'])} in {report['cache_folder']}"
    if report["cache_unused"]:
        cached = f"{report['cache_folder']} is not used: {report['cache_unused']}"
    _say(f"graph cache  {cached if report['cache_folder'] else 'off (by DREAMLAYER_CACHE)'}")
    _say("providers")
    for provider in report["providers"]:
        said = [provider["reason"], *filter(None, [provider["fix"]])]
        state = "works" if provider["loaded"] else f"does not work: {'; '.join(said)}"
        _say(f"  {provider['name']:10} {state}")
    for other in report["not_built_in"]:
        how = f"; to install it: {other['fix']}" if other["fix"] else ""
        _say(f"  {other['name']:10} not built in{how}")
    _say("networks")
    for name, path in report["networks"].items():
        _say(f"  {name:10} {path}")
    _say(f"  more are looked for in: {', '.join(report['network_folders'])}")


def _say(line: str) -> None:
    """Print a line that holds what files, the environment and other programs say."""
    print(printable(line))
