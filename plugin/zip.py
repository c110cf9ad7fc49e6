"""`python -m plugin zip`: write the file that Krita's own importer of Python plug-ins takes."""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from dreamlayer.core.files import check_writable, replace_file
from dreamlayer.plugin.families import add_quiet
from dreamlayer.plugin.folder import NAME
from dreamlayer.plugin.install import add_python, try_python
from dreamlayer.plugin.interpreter import SETTINGS, worker_settings
from dreamlayer.plugin.kritas.family import KRITA
from dreamlayer.plugin.machine import Machine
from dreamlayer.plugin.steps import Steps

_OLDEST = (1980, 1, 1, 0, 0, 0)
"""The time that all files get, so that the same files make the same archive."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.description = (
        "Write the file for Krita's Tools > Scripts > Import Python Plugin from File. It holds the "
        "path of this machine's Python, in which the dreams run, as an installed plug-in does: "
        "another machine needs a file of its own."
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        default=Path("dreamlayer-krita.zip"),
        help="where to write it (default: %(default)s)",
    )
    add_python(parser)
    add_quiet(parser)


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Write the file.

    Raises
    ------
    InstallError
        The Python is unsuitable.
    OutputError
        The file cannot be written.
    """
    check_writable(options.output)
    probe = try_python(options, machine, Steps(quiet=options.quiet))
    # A Krita in Flatpak may import it as well as one outside.
    linux = not machine.windows and machine.system != "Darwin"
    settings = json.dumps(worker_settings(probe, inside=linux, outside=True), indent=2)
    content = {**KRITA.content(""), SETTINGS: settings.encode()}
    replace_file(options.output, archive(content, KRITA.beside))
    print(
        f"{options.output}: in Krita, open it with Tools > Scripts > Import Python Plugin from "
        "File, enable it, and restart Krita"
    )
    return 0


def archive(content: Mapping[str, bytes], beside: Mapping[str, bytes]) -> bytes:
    """A zip of the plug-in's folder, and of what lies beside it.

    Krita's importer knows the folder by an entry of its own.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        entries = {**beside, f"{NAME}/": b"", **{f"{NAME}/{n}": d for n, d in content.items()}}
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, _OLDEST)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o40755 << 16 | 0x10) if name.endswith("/") else 0o100644 << 16
            file.writestr(info, data)
    return made.getvalue()
