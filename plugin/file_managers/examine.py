"""Check the menu entries of file managers, from their files to the Python that they start."""

from __future__ import annotations

from collections.abc import Iterator

from dreamlayer.core.errors import RecipeError
from dreamlayer.core.version import VERSION
from dreamlayer.plugin.examiner import Check
from dreamlayer.plugin.file_managers.launcher import Setup, files, folder, read_setup, script
from dreamlayer.plugin.file_managers.menus import OPTION, entries
from dreamlayer.plugin.file_managers.own_files import read
from dreamlayer.plugin.interpreter import INSTALL, best_probe, checkout, probe_python
from dreamlayer.plugin.machine import InstallError, Machine, chain
from dreamlayer.plugin.steps import Steps

NAME = "file managers"


def is_installed(machine: Machine) -> bool:
    """Whether anything was put into the menus of file managers, even if it is damaged."""
    return folder(machine).is_dir()


def checks(machine: Machine, steps: Steps) -> Iterator[Check]:
    """The checks, up to the first that fails."""
    for check in _checks(machine, steps):
        yield check
        if not check.ok:
            return


def _checks(machine: Machine, steps: Steps) -> Iterator[Check]:
    try:
        setup = read_setup(machine)
    except InstallError as error:
        yield Check("settings", False, str(error), _again(machine, None))
        return
    if setup is None:
        yield Check("settings", False, f"{folder(machine)} lacks them", _again(machine, None))
        return
    with steps.step(f"Trying the Python {setup.interpreter}"):
        probe = probe_python(machine, setup.interpreter, setup.environment)
    obstacle = probe.obstacle(machine)
    if obstacle:
        fix = obstacle.fix or _again(machine, None, "--python", machine.python)
        yield Check("Python", False, obstacle.sentence, fix)
    yield Check("Python", True, f"{probe.version} ({probe.path})")
    again = _again(machine, setup)
    if setup.version != VERSION:
        says = f"they are those of version {setup.version}, but this is {VERSION}"
        yield Check("files", False, says, again)
    for path, content in files(machine, setup).items():
        if read(path) != content:
            yield Check("files", False, f"{path} is not that of version {VERSION}", again)
    yield Check("files", True, f"those of version {VERSION} in {folder(machine)}")
    yield _check_preset(machine, setup)
    for entry in entries(machine):
        if not entry.is_wanted(machine):
            continue
        try:
            problem = entry.problem(machine, script(machine))
        except InstallError as error:
            yield Check(entry.manager, False, str(error))
        else:
            yield Check(
                entry.manager, not problem, problem or entry.hint, again if problem else None
            )


def _check_preset(machine: Machine, setup: Setup) -> Check:
    from dreamlayer.core.recipe.presets import DREAMS

    try:
        DREAMS.preset(setup.preset)
    except RecipeError as error:
        return Check("preset", False, str(error), _again(machine, setup, "--preset", "default"))
    return Check("preset", True, setup.preset)


def _again(machine: Machine, setup: Setup | None, *options: str) -> str | None:
    """The command that installs again, with the Python that was chosen."""
    words = [machine.python, *INSTALL, OPTION, *options]
    if setup is not None and setup.interpreter != machine.python:
        words += ["--python", setup.interpreter]
    root = checkout()
    uninstalled = root is not None and best_probe(machine, machine.python).environment
    go = machine.shown(["cd", *(["/d"] * machine.windows), str(root)]) if uninstalled else None
    return chain(go, machine.shown(words))
