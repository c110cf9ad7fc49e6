"""Thunar's file of custom actions gets one action more; all else in it stays byte for byte."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import pytest
from made_up_desktop import desktop

from dreamlayer.plugin.file_managers.thunar import THUNAR
from dreamlayer.plugin.machine import InstallError, Machine

SCRIPT = Path("/home/Jörg Müller's café/100%/deep-dream")

USERS = """<?xml encoding="UTF-8" version="1.0"?>
<actions>
<action>
\t<icon>utilities-terminal</icon>
\t<name>Öffne &amp; tu</name>
\t<submenu></submenu>
\t<unique-id>1700000000000000-1</unique-id>
\t<command>dreamlayer --help %F</command>
\t<description></description>
\t<range>*</range>
\t<patterns>*</patterns>
\t<directories/>
</action>
<!-- mine -->
</actions>
""".encode()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with Thunar."""
    return desktop(tmp_path, ["thunar"])


def actions(path: Path) -> list[Element]:
    """What Thunar reads, which takes a declaration that others refuse."""
    return fromstring(path.read_bytes().partition(b"?>")[2] or path.read_bytes()).findall("action")


def put(machine: Machine, content: bytes) -> Path:
    """The user's file of actions."""
    path = THUNAR.path(machine)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "before",
    [
        USERS,
        USERS.replace(b"\n", b"\r\n"),
        USERS.replace(b"\n", b""),
        USERS.replace(b"</actions>\n", b"  </actions>"),
        USERS + b"\n\n",
        b"<actions>\n\n</actions>",
    ],
)
def test_added_and_removed(machine: Machine, before: bytes) -> None:
    """The user's actions stay as they are, and removing ours brings the very file back."""
    path = put(machine, before)
    THUNAR.write(machine, SCRIPT)
    written = path.read_bytes()
    found = actions(path)
    (ours,) = [one for one in found if one.findtext("unique-id") == "dreamlayer-deep-dream"]
    assert found[-1] is ours
    assert ours.findtext("name") == "Deep Dream"
    assert ours.findtext("command") == ("'/home/Jörg Müller'\"'\"'s café/100%%/deep-dream' %F")
    assert ours.find("image-files") is not None
    assert THUNAR.problem(machine, SCRIPT) is None
    THUNAR.write(machine, SCRIPT)
    assert path.read_bytes() == written
    assert THUNAR.remove(machine)
    assert path.read_bytes() == before
    assert not THUNAR.remove(machine)


def test_an_empty_list(machine: Machine) -> None:
    """A list without actions, in the short form, is one too."""
    path = put(machine, b'<?xml version="1.0"?>\n<actions/>\n')
    THUNAR.write(machine, SCRIPT)
    assert len(actions(path)) == 1


def test_what_thunar_comes_with(machine: Machine) -> None:
    """Who has no file yet keeps Thunar's own actions, and has no file again afterwards."""
    shipped = machine.root / "etc" / "xdg" / "Thunar" / "uca.xml"
    shipped.parent.mkdir(parents=True)
    shipped.write_bytes(USERS)
    THUNAR.write(machine, SCRIPT)
    path = THUNAR.path(machine)
    assert len(actions(path)) == 2
    assert THUNAR.remove(machine)
    assert not path.exists()


def test_what_the_user_changed_stays(machine: Machine) -> None:
    """Another name, icon or place in the list is kept when the command is renewed."""
    path = put(machine, USERS)
    THUNAR.write(machine, SCRIPT)
    changed = path.read_bytes().replace(b"<name>Deep Dream</name>", b"<name>Dream!</name>")
    path.write_bytes(changed)
    other = Path("/elsewhere/deep-dream")
    assert "is not as this version writes it" in str(THUNAR.problem(machine, other))
    THUNAR.write(machine, other)
    assert THUNAR.problem(machine, other) is None
    assert b"<name>Dream!</name>" in path.read_bytes()
    THUNAR.remove(machine)
    assert path.read_bytes() == USERS


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<actions><action></actions>", "cannot be read as XML"),
        (b"<other></other>", "is not as Thunar writes it"),
        (USERS + b"<!-- the end -->", "is not as Thunar writes it"),
        (USERS.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "cannot be read as XML"),
    ],
)
def test_what_is_damaged_stays(machine: Machine, content: bytes, said: str) -> None:
    """A file in which our action cannot be put safely is left as it is, and that is told."""
    path = put(machine, content)
    with pytest.raises(InstallError, match=said):
        THUNAR.write(machine, SCRIPT)
    assert path.read_bytes() == content


def test_what_is_missing_is_told(machine: Machine) -> None:
    """The doctor hears of a file that is gone, and of an action that the user deleted."""
    assert THUNAR.problem(machine, SCRIPT) == f"{THUNAR.path(machine)} is missing"
    path = put(machine, USERS)
    assert THUNAR.problem(machine, SCRIPT) == f"the action Deep Dream is missing in {path}"
