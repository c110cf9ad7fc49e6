"""Try networks of many families, and write the table of docs/networks.md.

    python tests/families/run.py --folder FOLDER --torch PYTHON --output docs/networks.md

Each is exported with random weights by its own framework, in a Python that has it; adopted by the
real command; compared layer by layer with its source and, in its gradients, with the framework's
own; and dreamed with for two steps by the real command. What is slow to export is kept in FOLDER,
and what was found in tests/families/results/, from where the table takes what is not tried today.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import results
from families import FAMILIES, SMALL, Family
from table import document, passed, row

HERE = Path(__file__).parent
LIMIT = 1800  # seconds for one network
PACKAGES = {
    "torch": ("torch", "torchvision", "timm", "onnx", "onnxruntime", "onnxscript"),
    "keras": ("keras", "tensorflow", "tf2onnx", "onnxruntime"),
}
"""What a framework's Python needs; torchvision and timm are not needed by the small networks."""


def main(argv: list[str] | None = None) -> int:
    """Run the command; 0 if every network did what it should."""
    options = _options(argv)
    options.folder.mkdir(parents=True, exist_ok=True)
    families = SMALL if options.small else FAMILIES
    chosen = [family for family in families if _wanted(family, options.only)]
    if not chosen:
        print(f"no network is called {' or '.join(options.only)}; --list shows all")
        return 2
    if options.list:
        print("\n".join(f"{family.name:36}{family.stem}" for family in chosen))
        return 0
    pythons = {"torch": options.torch, "keras": options.keras}
    for framework in dict.fromkeys(family.framework for family in chosen):
        if not options.small and (lacking := _lacking(pythons[framework], framework)):
            names = " and ".join(lacking)
            print(f"{pythons[framework]} has no {names}; install that, or say --{framework} PYTHON")
            return 2
    found = {} if options.small else results.read(FAMILIES)
    tried: dict[Family, dict[str, Any]] = {}
    # Small ones share a process, since it takes longer to start than they to export.
    groups = _by_framework(chosen) if options.small else [[family] for family in chosen]
    for group in groups:
        problems = exported(group, options.folder, pythons[group[0].framework])
        for family in group:
            problem = problems.get(family)
            tried[family] = {"problem": problem} if problem else measured(family, options.folder)
            results.keep(found, family, tried[family], None if options.small else results.FOLDER)
            print(row(family, tried[family]), flush=True)
    if options.output:
        options.output.write_text(document({one: found.get(one) for one in families}), "utf-8")
        print(f"{options.output} written")
    failures = [family.name for family in chosen if not passed(family, tried[family])]
    counts = f"{len(chosen) - len(failures)} passed, {len(failures)} failed"
    print(f"{counts}{': ' if failures else ''}{', '.join(failures)}")
    return 1 if failures else 0


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these, or parts")
    parser.add_argument("--small", action="store_true", help="the quick ones of .ci/families")
    parser.add_argument("--list", action="store_true", help="print names and stop")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the table as Markdown")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()) / "dreamlayer-families",
        help="where exported networks are kept (default: %(default)s)",
    )
    for name, packages in (("torch", "torch, torchvision and timm"), ("keras", "TensorFlow")):
        parser.add_argument(
            f"--{name}",
            default=sys.executable,
            metavar="PYTHON",
            help=f"a Python with {packages} (default: this one)",
        )
    return parser.parse_args(argv)


def _wanted(family: Family, only: list[str]) -> bool:
    return not only or any(part in (family.name, family.stem, family.package) for part in only)


def _lacking(python: str, framework: str) -> list[str]:
    """What an interpreter cannot import of what a framework's networks need."""
    code = (
        "import importlib.util as i, sys; print(*[x for x in sys.argv[1:] if not i.find_spec(x)])"
    )
    child = _child([python, "-c", code, *PACKAGES[framework]])
    return child.stdout.split() if child.returncode == 0 else [_last_line(child)]


def _by_framework(families: list[Family]) -> list[list[Family]]:
    kinds = dict.fromkeys(family.framework for family in families)
    return [[one for one in families if one.framework == kind] for kind in kinds]


def exported(families: list[Family], folder: Path, python: str) -> dict[Family, str]:
    """Export networks of one framework that are not in `folder`, and return what went wrong.

    Parameters
    ----------
    families
        Which ones; they share a process.
    folder
        Where they are, or go.
    python
        An interpreter with their framework.
    """
    missing = [family for family in families if not _made(family, folder)]
    if not missing:
        return {}
    script = HERE / f"{missing[0].framework}_source.py"
    child = _child([python, "-W", "ignore", script, folder, *(one.name for one in missing)])
    lines = child.stderr.splitlines()
    problems = {}
    for family in missing:
        if not _made(family, folder):
            own = [line for line in lines if line.startswith(f"{family.name}: ")]
            reason = own[-1].removeprefix(f"{family.name}: ") if own else _last_line(child)
            problems[family] = f"not exported: {reason}"
    return problems


def _made(family: Family, folder: Path) -> bool:
    return all((folder / f"{family.stem}.{kind}").exists() for kind in ("onnx", "npz"))


def measured(family: Family, folder: Path) -> dict[str, Any]:
    """What `measure.py` finds out about one exported network; its fault stands under `problem`."""
    with tempfile.TemporaryDirectory() as scratch:
        source = folder / f"{family.stem}.onnx"
        child = _child([sys.executable, HERE / "measure.py", source, scratch])
    lines = child.stdout.strip().splitlines()
    if child.returncode or not lines:
        return {"problem": f"not measured: {_last_line(child)}"}
    result: dict[str, Any] = json.loads(lines[-1])
    return result


def _child(command: list[Any]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    try:
        return subprocess.run(
            [str(part) for part in command],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LIMIT,
        )
    except subprocess.TimeoutExpired:
        text = f"not ready after {LIMIT} seconds"
        return subprocess.CompletedProcess(command, 1, "", text)


def _last_line(child: subprocess.CompletedProcess[str]) -> str:
    lines = (child.stderr or child.stdout).strip().splitlines()
    return lines[-1] if lines else f"ended with {child.returncode}, without a message"


if __name__ == "__main__":
    sys.exit(main())
