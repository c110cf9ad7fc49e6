"""ONNX Runtime for C# without .NET: Microsoft's sources, in Debian's Mono.

No registry that is reached from tests has the NuGet package. An npm package for Unity has the same
sources; Mono's compiler knows C# 7.3 only, so what is newer in them is written as it was before.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path

PACKAGE = "com.github.asus4.onnxruntime"
COMPILER = ("mcs", "-langversion:latest", "-r:System.Core.dll", "-r:System.Numerics.dll")

_OLDER = (
    (r"\bis null\b", "== null"),
    (r"if \((.*) is not ([A-Z]\w+)\)", r"if (!(\1 is \2))"),
    (r"^( *)using var ", r"\1var "),
    (r"(DisposableList<OrtValue>) (\w+) = new\(", r"\1 \2 = new \1("),
    (r"\bstatic (\w+) =>", r"\1 =>"),
    (r": unmanaged", ": struct"),
    (r"^( *)(\w+)\.Span\[(.*)\] = (.*);", r"\1var span_ = \2.Span; span_[\3] = \4;"),
    (r"^( *)(\w+)\[0\] = \2\[1\] = (\w+);", r"\1\2[0] = \3; \2[1] = \3;"),
)
"""What is newer, and what it is in C# 7.3; what is then not disposed of ends with the process."""


def build(package: Path, folder: Path) -> tuple[Path, str]:
    """Compile the library into a folder, with the native one beside it; its path and version."""
    sources = folder / "onnxruntime-sources"
    sources.mkdir(exist_ok=True)
    for source in (package / "Runtime").rglob("*.cs"):
        if "Training" not in source.parts:
            (sources / source.name).write_text(older(source.read_text("utf-8-sig")), "utf-8")
    library = folder / "Microsoft.ML.OnnxRuntime.dll"
    subprocess.run(
        [
            *(*COMPILER, "-unsafe", "-nowarn:0", "-warn:0", "-target:library"),
            *("-define:NETSTANDARD2_0", f"-out:{library}"),
            *map(str, sorted(sources.iterdir())),
        ],
        check=True,
        capture_output=True,
    )
    native, version = _native(package)
    link = folder / "libonnxruntime.so"
    link.unlink(missing_ok=True)
    link.symlink_to(native)
    return library, version


def older(code: str) -> str:
    """C# as Mono's compiler knows it."""
    for newer, before in _OLDER:
        code = re.sub(newer, before, code, flags=re.MULTILINE)
    return code


def program(code: str, *more: str) -> str:
    """A program of top-level statements as a class, with more statements at its end."""
    lines = older(code).splitlines()
    used = [line for line in lines if re.match(r"using [\w.]+;", line)]
    rest = [line for line in lines if line not in used]
    return "\n".join([*used, "class Example { static void Main() {", *rest, *more, "} }"])


def _native(package: Path) -> tuple[Path, str]:
    """The native library of the installed ONNX Runtime, or of the package, and its version."""
    spec = importlib.util.find_spec("onnxruntime")
    for place in (spec and spec.submodule_search_locations) or ():
        for found in sorted((Path(place) / "capi").glob("libonnxruntime.so.*")):
            return found, found.name.removeprefix("libonnxruntime.so.")
    version = json.loads((package / "package.json").read_text())["version"]
    return package / "Plugins" / "Linux" / "x64" / "libonnxruntime.so", f"in {version}"
