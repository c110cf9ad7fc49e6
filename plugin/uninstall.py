"""`python -m plugin uninstall`: remove the plug-in from every GIMP."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from dreamlayer.plugin.folder import NAME, remove_folder
from dreamlayer.plugin.gimps.find import add_options, chosen
from dreamlayer.plugin.gimps.gimp import Gimp
from dreamlayer.plugin.machine import InstallError, Machine
from dreamlayer.plugin.report import Report, exit_code, show


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_options(parser, "remove from this plug-ins folder only")


def run(options: argparse.Namespace, machine: Machine) -> int:
    """Remove; the exit code is 0 where nothing of ours is left, else 2."""
    folders: dict[Path, list[Gimp]] = {}
    if options.to is not None:
        folders[options.to.absolute()] = []
    else:
        for gimp in chosen(machine, options.gimp):
            folders.setdefault(gimp.plugins, []).append(gimp)
    if not folders and not options.json:
        print("no GIMP was found, so there is nothing to remove")
    reports = (_remove(plugins, gimps) for plugins, gimps in folders.items())
    return exit_code(show(reports, as_json=options.json))


def _remove(plugins: Path, gimps: list[Gimp]) -> Report:
    """Remove from one folder, which several GIMPs may share."""
    folder = plugins / NAME
    says, ok = "nothing was installed", True
    try:
        if remove_folder(plugins):
            says = f"removed {folder}"
        elif os.path.lexists(folder):
            says = f"left {folder}, which is not Deep Dream's"
    except InstallError as error:
        says, ok = f"not removed: {error}", False
    name = ", ".join(gimp.name for gimp in gimps) or "folder"
    return Report(name, folder, ok, says, gimp=gimps[0] if gimps else None)
