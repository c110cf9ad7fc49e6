"""Windows: a shortcut in the folder of the Explorer's menu "Send to".

Only Windows itself writes shortcuts; PowerShell asks it to.
"""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

from dreamlayer.plugin.file_managers.launcher import read_setup
from dreamlayer.plugin.file_managers.launcher import script as own_script
from dreamlayer.plugin.file_managers.own_files import read
from dreamlayer.plugin.file_managers.powershell import powershell, text
from dreamlayer.plugin.file_managers.words import COMMENT, TITLE
from dreamlayer.plugin.machine import InstallError, Machine

_SECONDS = 60.0

_MAKE = """
$ErrorActionPreference = 'Stop'
$link = (New-Object -ComObject WScript.Shell).CreateShortcut({link})
$link.TargetPath = {target}
$link.Arguments = {arguments}
$link.Description = {description}
$link.Save()
"""


class SendTo:
    """See `entry.Entry`."""

    manager = "Explorer"
    hint = f"Send to > {TITLE} in its menu (in Windows 11 under Show more options)"

    def is_wanted(self, machine: Machine) -> bool:
        """Whether this is Windows."""
        return machine.windows

    def path(self, machine: Machine) -> Path:
        """The shortcut."""
        return machine.config_home / "Microsoft" / "Windows" / "SendTo" / f"{TITLE}.lnk"

    def problem(self, machine: Machine, script: Path) -> str | None:
        """Whether the shortcut is there and names the script."""
        path = self.path(machine)
        try:
            there = read(path)
        except InstallError as error:
            return str(error)
        if there is None:
            return f"{path} is missing"
        return None if _starts(there, script) else f"{path} does not start {script}"

    def write(self, machine: Machine, script: Path) -> None:
        """Make the shortcut, in place of an older one."""
        path, setup = self.path(machine), read_setup(machine)
        if setup is None:
            raise InstallError(f"{script} is missing")
        there = read(path)
        if there is not None and not _starts(there, script):
            raise InstallError(f"{path} is not Deep Dream's; move it away first")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InstallError(
                f"{path.parent} cannot be made: {error.strerror or error}"
            ) from error
        command = _MAKE.format(
            link=text(str(path)),
            target=text(_without_console(machine, setup.interpreter)),
            arguments=text(f'-P "{script}"'),
            description=text(COMMENT),
        )
        answer = machine.run(powershell(command), machine.environment, _SECONDS)
        if answer.code != 0:
            why = answer.last_line or f"exit code {answer.code}"
            raise InstallError(f"the shortcut {path} cannot be made: PowerShell says: {why}")

    def remove(self, machine: Machine) -> bool:
        """Remove the shortcut, if it is ours."""
        path = self.path(machine)
        there = read(path)
        if there is None or not _starts(there, own_script(machine)):
            return False
        try:
            path.unlink()
        except OSError as error:
            raise InstallError(f"{path} cannot be removed: {error.strerror or error}") from error
        return True


def _starts(shortcut: bytes, script: Path) -> bool:
    """Whether a shortcut names the script, in either of the forms it may have.

    It holds its arguments as UTF-16, or as the bytes of the system's code page.
    """
    return any(script.name.encode(form) in shortcut for form in ("utf-16-le", "ascii"))


def _without_console(machine: Machine, interpreter: str) -> str:
    """The Python that opens no console, where there is one beside the other."""
    path = PureWindowsPath(interpreter)
    if path.name.lower() != "python.exe":
        return interpreter
    silent = Path(interpreter).with_name("pythonw.exe")
    return str(silent) if machine.executable(silent) else interpreter


SEND_TO = SendTo()
