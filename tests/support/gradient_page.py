"""Run the examples of docs/gradients.md as they stand, each in its own runtime.

`python tests/support/gradient_page.py` runs all that is installed and prints the page's table;
`bash .ci/node` installs what is not Python's.
"""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import csharp
import numpy as np
import numpy.typing as npt
from documents import ROOT, blocks, section, text

Array = npt.NDArray[np.float32]

PAGE = text("docs/gradients.md")
SIZE = (80, 96)
"""Height and width of the examples' photo."""

MODULES = Path(
    os.environ.get("DREAMLAYER_NODE")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dreamlayer" / "node"
)
"""Where `.ci/node` installs packages of npm."""

_KEEP = "\nnp.savez('result.npz', loss=loss, gradient=gradient)\n"
_QUIET = "import sys\nsys.modules['openvino_telemetry'] = None\n"
_SECONDS = 300


class Missing(Exception):  # noqa: N818 - it is no error: the test is skipped
    """What has to be installed for a runtime."""


@dataclass(frozen=True)
class Runtime:
    """How an example is run.

    Attributes
    ----------
    title : str
        Its row in the page's table.
    run : callable
        Takes a folder with `photo.png`, `photo.rgb` and the examples' models; returns the runtime's
        version, the loss and the gradient.
    """

    title: str
    run: Callable[[Path], tuple[str, float, Array]]


def example(title: str, language: str) -> str:
    """The block of a section."""
    (code,) = blocks(section(PAGE, title), language)
    return code


def environment(folder: Path) -> dict[str, str]:
    """This process's, with an empty home, and told to report to nobody."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return {**os.environ, "HOME": str(home), "ORT_DISABLE_TELEMETRY": "1"}


def run_python(title: str, package: str, folder: Path) -> tuple[str, float, Array]:
    """Run an example in Python, in a process of its own."""
    import importlib.metadata
    import importlib.util

    if importlib.util.find_spec(package) is None:
        raise Missing(f"no {package}: pip install {package}")
    path = folder / "example.py"
    path.write_text(_QUIET + example(title, "python") + _KEEP, encoding="utf-8")
    _done([sys.executable, path.name], folder)
    found = np.load(folder / "result.npz")
    return importlib.metadata.version(package), float(found["loss"]), found["gradient"]


def modules(package: str) -> Path:
    """The folder node_modules with a package."""
    if not (MODULES / "node_modules" / package).is_dir():
        raise Missing(f"no {package}: bash .ci/node")
    return MODULES / "node_modules"


def _npm_version(package: str) -> str:
    import json

    return str(json.loads((modules(package) / package / "package.json").read_text())["version"])


def _link_modules(folder: Path) -> None:
    found = modules("onnxruntime-web")
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(found, target_is_directory=True)


def run_node(folder: Path) -> tuple[str, float, Array]:
    """Run the example for Node.js."""
    node = shutil.which("node")
    if node is None:
        raise Missing("no Node.js: node is not on the PATH")
    _link_modules(folder)
    keep = (
        'import { writeFile } from "node:fs/promises";\n'
        'await writeFile("loss.f32", loss.data);\nawait writeFile("gradient.f32", gradient.data);\n'
    )
    (folder / "example.mjs").write_text(example("JavaScript: Node.js", "js") + keep)
    _done([node, "example.mjs"], folder)
    return (_npm_version("onnxruntime-web"), *_raw(folder))


def run_browser(provider: str, folder: Path) -> tuple[str, float, Array]:
    """Run the example for browsers, in Chromium, whose GPU is the software renderer SwiftShader."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise Missing("no Chromium: apt-get install chromium")
    _link_modules(folder)
    page = example("JavaScript: the browser", "html").replace('["webgpu"]', f'["{provider}"]')
    told = "addEventListener('error', e => fetch('/error', {method: 'POST', body: e.message}));"
    keep = "await fetch('/result', {method: 'POST', body: new Blob([loss.data, gradient.data])});"
    page = page.replace("</script>", f"  {keep}\n</script>")
    (folder / "page.html").write_text(f"<script>{told}</script>\n{page}")
    answer = _Answer()
    handler = partial(_Handler, answer, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options = ("--headless=new", "--no-sandbox", "--no-first-run", "--disable-dev-shm-usage")
    gpu = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
    command = [chromium, *options, *gpu, f"--user-data-dir={folder / provider}"]
    with subprocess.Popen(
        [*command, f"http://127.0.0.1:{server.server_port}/page.html"],
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        answer.came.wait(_SECONDS)
        process.terminate()
    server.shutdown()
    server.server_close()
    assert answer.path == "/result", answer.content.decode(errors="replace") or "no answer"
    numbers = np.frombuffer(answer.content, "<f4")
    return _npm_version("onnxruntime-web"), float(numbers[0]), numbers[1:].reshape(1, 3, *SIZE)


class _Answer:
    """What the page sends."""

    def __init__(self) -> None:
        self.came = threading.Event()
        self.path, self.content = "", b""


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a folder on this machine, and takes one answer."""

    extensions_map = {  # noqa: RUF012 - as the class that it extends has it
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def __init__(self, answer: _Answer, *args: object, directory: str) -> None:
        self._answer = answer
        super().__init__(*args, directory=directory)  # type: ignore[arg-type]

    def do_POST(self) -> None:
        self._answer.content = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer.path = self.path
        self.send_response(204)
        self.end_headers()
        self._answer.came.set()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def run_csharp(folder: Path) -> tuple[str, float, Array]:
    """Run the example for C#, in Mono, with Microsoft's sources of the managed library."""
    for program in ("mcs", "mono"):
        if shutil.which(program) is None:
            raise Missing(f"no {program}: apt-get install mono-mcs mono-runtime")
    package = modules(csharp.PACKAGE) / csharp.PACKAGE
    library, version = csharp.build(package, folder)
    program = csharp.program(
        example("C#", "csharp"),
        'File.WriteAllBytes("loss.f32", BitConverter.GetBytes(loss));',
        "var bytes = new byte[4 * gradient.Length];",
        "Buffer.BlockCopy(gradient, 0, bytes, 0, bytes.Length);",
        'File.WriteAllBytes("gradient.f32", bytes);',
    )
    (folder / "example.cs").write_text(program)
    _done([*csharp.COMPILER, f"-r:{library.name}", "-out:example.exe", "example.cs"], folder)
    _done(["mono", "example.exe"], folder)
    return (version, *_raw(folder))


def _raw(folder: Path) -> tuple[float, Array]:
    loss = np.fromfile(folder / "loss.f32", "<f4")
    return float(loss[0]), np.fromfile(folder / "gradient.f32", "<f4").reshape(1, 3, *SIZE)


def _done(command: list[str], folder: Path) -> None:
    ran = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


RUNTIMES: Mapping[str, Runtime] = {
    "python": Runtime("ONNX Runtime, CPU (Python)", partial(run_python, "Python", "onnxruntime")),
    "openvino": Runtime("OpenVINO, CPU (Python)", partial(run_python, "OpenVINO", "openvino")),
    "reference": Runtime(
        "onnx's reference evaluator", partial(run_python, "The reference evaluator", "onnx")
    ),
    "node": Runtime("onnxruntime-web, WebAssembly (Node.js)", run_node),
    "browser-wasm": Runtime(
        "onnxruntime-web, WebAssembly (Chromium)", partial(run_browser, "wasm")
    ),
    "browser-webgpu": Runtime(
        "onnxruntime-web, WebGPU (Chromium on SwiftShader)", partial(run_browser, "webgpu")
    ),
    "csharp": Runtime("ONNX Runtime, CPU (C#, Mono)", run_csharp),
}
"""By the names of their tests."""


def prepare(folder: Path) -> Array:
    """Put the examples' photo into a folder; returns it as a model takes it."""
    from PIL import Image

    with Image.open(ROOT / "tests" / "data" / "coffee.jpg") as photo:
        small = photo.convert("RGB").resize(SIZE[::-1])
    small.save(folder / "photo.png")
    pixels = np.asarray(small)
    (folder / "photo.rgb").write_bytes(pixels.tobytes())
    return np.asarray(pixels, np.float32).transpose(2, 0, 1)[np.newaxis] / np.float32(255)


def expected(network: str, layer: str, image: Array) -> tuple[float, Array]:
    """Loss and gradient of the network itself, by plain ONNX Runtime."""
    from dreamlayer.core.autodiff.variants import VARIANTS
    from dreamlayer.core.network.gradient_model import gradient_model
    from dreamlayer.core.network.network import Network
    from dreamlayer.core.recipe.term import parse_term
    from dreamlayer.export.verify import open_session

    model = gradient_model(Network(network).model, [parse_term(layer)], variant=VARIANTS["indices"])
    loss, gradient = open_session(model, optimize=False).run(["loss", "gradient"], {"image": image})
    return float(loss), gradient


def _print_table() -> None:
    import tempfile

    from dreamlayer.export.gradient.command import run
    from dreamlayer.export.gradient.request import Request
    from dreamlayer.export.verify import cosine, relative_error

    print("| runtime | version | cosine | largest error |\n|---|---|--:|--:|")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        image = prepare(folder)
        for stem, fold in (("gradient", False), ("folded", True)):
            output = folder / f"{stem}.onnx"
            list(run(Request("default", ("block_11_expand",), output, fold=fold)))
        _, right = expected("default", "block_11_expand", image)
        for runtime in RUNTIMES.values():
            try:
                version, _, found = runtime.run(folder)
            except Missing as missing:
                print(f"| {runtime.title} | {missing} | | |")
                continue
            error = relative_error(found, right)
            print(f"| {runtime.title} | {version} | {cosine(found, right):.8f} | {error:.1e} |")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    _print_table()
