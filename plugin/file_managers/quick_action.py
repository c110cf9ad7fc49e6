"""macOS: a Quick Action of the Finder, which Automator's `Run Shell Script` carries out."""

from __future__ import annotations

import plistlib
import shlex
import shutil
from pathlib import Path
from typing import Any

from dreamlayer.plugin.file_managers.own_files import read, write_own
from dreamlayer.plugin.file_managers.words import TITLE
from dreamlayer.plugin.machine import InstallError, Machine

_SECONDS = 60.0
_SERVICES = "/System/Library/CoreServices/pbs"
"""What tells macOS of a new service; else it appears when the user logs in again."""

_FINDER = "com.apple.finder"
_PICTURES = "com.apple.Automator.fileSystemObject.image"
_NOTHING = "com.apple.Automator.nothing"
_IN, _OUT, _ACTION = (
    "5B3B0B0C-6C06-4C43-8E0A-2A1D6D8E0001",
    "5B3B0B0C-6C06-4C43-8E0A-2A1D6D8E0002",
    "5B3B0B0C-6C06-4C43-8E0A-2A1D6D8E0003",
)
_AS_ARGUMENTS = 1
"""How the files are given; 0 would be by standard input."""


class QuickAction:
    """See `entry.Entry`."""

    manager = "Finder"
    hint = f"Quick Actions > {TITLE} in its menu"

    def is_wanted(self, machine: Machine) -> bool:
        """Whether this is macOS."""
        return machine.system == "Darwin"

    def path(self, machine: Machine) -> Path:
        """The folder that macOS shows as one file."""
        return machine.home / "Library" / "Services" / f"{TITLE}.workflow"

    def problem(self, machine: Machine, script: Path) -> str | None:
        """Whether both files are there, as they are written now."""
        for path, content in self._files(machine, script).items():
            there = read(path)
            if there is None:
                return f"{path} is missing"
            if there != content:
                return f"{path} is not as this version writes it"
        return None

    def write(self, machine: Machine, script: Path) -> None:
        """Write both files, and have the services looked at again."""
        for path, content in self._files(machine, script).items():
            write_own(path, content)
        # Where it does not answer, the action appears later.
        machine.run([_SERVICES, "-update"], machine.environment, _SECONDS)

    def remove(self, machine: Machine) -> bool:
        """Remove the folder, if it is ours."""
        path = self.path(machine)
        document = read(path / "Contents" / "document.wflow")
        if document is None or b"dreamlayer" not in document:
            return False
        try:
            shutil.rmtree(path)
        except OSError as error:
            raise InstallError(f"{path} cannot be removed: {error.strerror or error}") from error
        machine.run([_SERVICES, "-update"], machine.environment, _SECONDS)
        return True

    def _files(self, machine: Machine, script: Path) -> dict[Path, bytes]:
        """The document first: without the other file, no service is found."""
        contents = self.path(machine) / "Contents"
        return {
            contents / "document.wflow": plistlib.dumps(_workflow(script)),
            contents / "Info.plist": plistlib.dumps(_information()),
        }


def _information() -> dict[str, Any]:
    """What the Finder reads: for which files the service is."""
    return {
        "CFBundleIdentifier": "org.dreamlayer.deep-dream",
        "CFBundleName": TITLE,
        "NSServices": [
            {
                "NSMenuItem": {"default": TITLE},
                "NSMessage": "runWorkflowAsService",
                "NSRequiredContext": {"NSApplicationIdentifier": _FINDER},
                "NSSendFileTypes": ["public.image"],
            }
        ],
    }


def _workflow(script: Path) -> dict[str, Any]:
    """What Automator reads: one action, which runs a line of shell with the files as arguments."""
    cocoa = {"Container": "List", "Types": ["com.apple.cocoa.string"]}
    action = {
        "AMAccepts": {**cocoa, "Optional": True},
        "AMActionVersion": "2.0.3",
        "AMApplication": ["Automator"],
        "AMParameterProperties": {
            name: {}
            for name in (
                "COMMAND_STRING",
                "CheckedForUserDefaultShell",
                "inputMethod",
                "shell",
                "source",
            )
        },
        "AMProvides": cocoa,
        "ActionBundlePath": "/System/Library/Automator/Run Shell Script.action",
        "ActionName": "Run Shell Script",
        "ActionParameters": {
            "COMMAND_STRING": f'exec {shlex.quote(str(script))} "$@"',
            "CheckedForUserDefaultShell": True,
            "inputMethod": _AS_ARGUMENTS,
            "shell": "/bin/sh",
            "source": "",
        },
        "BundleIdentifier": "com.apple.RunShellScript",
        "CFBundleVersion": "2.0.3",
        "CanShowSelectedItemsWhenRun": False,
        "CanShowWhenRun": True,
        "Category": ["AMCategoryUtilities"],
        "Class Name": "RunShellScriptAction",
        "InputUUID": _IN,
        "OutputUUID": _OUT,
        "UUID": _ACTION,
        "UnlocalizedApplications": ["Automator"],
    }
    return {
        "AMApplicationBuild": "523",
        "AMApplicationVersion": "2.10",
        "AMDocumentVersion": "2",
        "actions": [{"action": action}],
        "connectors": {},
        "workflowMetaData": {
            "applicationBundleIDsByPath": {},
            "applicationPaths": [],
            "inputTypeIdentifier": _PICTURES,
            "outputTypeIdentifier": _NOTHING,
            "presentationMode": 15,
            "processesInput": False,
            "serviceApplicationBundleID": _FINDER,
            "serviceApplicationPath": "/System/Library/CoreServices/Finder.app",
            "serviceInputTypeIdentifier": _PICTURES,
            "serviceOutputTypeIdentifier": _NOTHING,
            "serviceProcessesInput": False,
            "useAutomaticInputType": False,
            "workflowTypeIdentifier": "com.apple.Automator.servicesMenu",
        },
    }


QUICK_ACTION = QuickAction()
