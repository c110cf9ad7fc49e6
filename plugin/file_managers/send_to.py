"""Windows: a shortcut in the folder of the Explorer's menu "Send to".

Only Windows itself writes shortcuts; PowerShell asks it to.
"""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

from dreamlayer.plugin.file_managers.launcher import read_setup
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
        """Whether the shortcut is there and names the script, in either of the forms it may have.

        A shortcut holds its arguments as UTF-16, or as the bytes of the system's code page.
        """
        path = self.path(machine)
        try:
            there = path.read_bytes()
        except FileNotFoundError:
            return f"{path} is missing"
        except OSError as error:
            return f"{path} cannot be read: {error.strerror or error}"
        if not any(script.name.encode(form) in there for form in ("utf-16-le", "ascii")):
            return f"{path} does not start {script}"
        return None

    def write(self, machine: Machine, script: Path) -> None:
        """Make the shortcut, in place of an older one."""
        path, setup = self.path(machine), read_setup(machine)
        if setup is None:
            raise InstallError(f"{script} is missing")
        path.parent.mkdir(parents=True, exist_ok=True)
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
        """Remove the shortcut."""
        path = self.path(machine)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise InstallError(f"{path} cannot be removed: {error.strerror or error}") from error
        return True


def _without_console(machine: Machine, interpreter: str) -> str:
    """The Python that opens no console, where there is one beside the other."""
    path = PureWindowsPath(interpreter)
    if path.name.lower() != "python.exe":
        return interpreter
    silent = Path(interpreter).with_name("pythonw.exe")
    return str(silent) if machine.executable(silent) else interpreter


SEND_TO = SendTo()
