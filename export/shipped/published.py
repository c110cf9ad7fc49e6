"""Published packages that the shipped networks are made from: download one, check its digest."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dreamlayer.core.errors import NetworkError
from dreamlayer.core.installation import command


@dataclass(frozen=True)
class Release:
    """One file of one version of a package, known byte for byte.

    Attributes
    ----------
    registry, package, version
        Where it is published, and as what.
    file
        What the download is called.
    algorithm, digest
        The file's digest, such as ``sha256`` and its hexadecimal digits.
    client
        The registry's own program: ``npm`` or ``pip``.
    arguments
        What it is told, to leave the file in the current folder.
    option
        How the file is given to ``python -m export``.
    """

    registry: str
    package: str
    version: str
    file: str
    algorithm: str
    digest: str
    client: str
    arguments: tuple[str, ...]
    option: str

    @property
    def how_to_get(self) -> str:
        """The end of each error: what to run, and where."""
        return (
            f"run `{self.client} {' '.join(self.arguments)}` on a machine with {self.client} and "
            f"internet access, then `{command('export')} {self.option} {self.file}`"
        )

    def read(self, path: Path | None) -> bytes:
        """Read the file and check its digest.

        Parameters
        ----------
        path
            The file; None to let the registry's client download it.

        Raises
        ------
        NetworkError
            It cannot be downloaded or read, or is not exactly the published one.
        """
        if path is None:
            with tempfile.TemporaryDirectory() as folder:
                return self.read(self.fetch(Path(folder)))
        try:
            content = path.read_bytes()
        except OSError as error:
            raise NetworkError(
                f"{path} cannot be read ({error.strerror or error}); {self.how_to_get}"
            ) from error
        if hashlib.new(self.algorithm, content).hexdigest() != self.digest:
            name = self.algorithm.replace("sha", "SHA-")
            raise NetworkError(
                f"{path} is not {self.package} {self.version} as published, its {name} differs; "
                f"{self.how_to_get}"
            )
        return content

    def fetch(self, folder: Path) -> Path:
        """Download the file into a folder with the registry's client, and return its path.

        Raises
        ------
        NetworkError
            The client is not installed, or could not download the package.
        """
        # The pip of this Python, which may not be the one that the shell finds.
        pip = self.client == "pip"
        program = sys.executable if pip else shutil.which(self.client)
        if program is None:
            raise NetworkError(
                f"{self.client}, which downloads the package, is not installed; {self.how_to_get}"
            )
        words = [program, *(("-m", "pip") if pip else ()), *self.arguments]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
        path = folder / self.file
        if done.returncode or not path.is_file():
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise NetworkError(
                f"{self.client} could not download {self.package} {self.version} ({reason}); "
                f"{self.how_to_get}"
            )
        return path
