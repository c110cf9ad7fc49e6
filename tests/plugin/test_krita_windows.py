"""The filters' windows in a real Krita 5.2 and a real Krita 5.3, with keys.

Scripts of `inside_krita` go through them and write what they saw into `seen.json`. With
DREAMLAYER_TOURS=FOLDER the pictures that they take are put there, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path

import editor_root
import pytest
from krita_desktop import Desktop, install
from real_gimp import screenshot

STYLE = editor_root.PROJECT / "docs" / "recipes" / "style.jpg"

LONGEST = 1500
"""Seconds of a visit, for one that hangs; what a script waits for in it has a limit of its own."""

long_visit = pytest.mark.skipif(
    not os.environ.get("DREAMLAYER_WINDOWS"),
    reason="a long visit to Krita's windows; set DREAMLAYER_WINDOWS=1 to go through it",
)


@pytest.fixture(scope="module", params=["trixie", "sid"])
def desktop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Desktop:
    """Krita 5.2, then Krita 5.3."""
    if reason := editor_root.missing(request.param):
        pytest.skip(reason)
    return install(request.param, tmp_path_factory.mktemp(f"Jörg's {request.param}"))


def _keep(desktop: Desktop, *names: str) -> None:
    """Put the pictures of a visit into the folder DREAMLAYER_TOURS."""
    if folder := os.environ.get("DREAMLAYER_TOURS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        for dump in desktop.folder.glob("*.xwd"):
            name = "-".join(["krita", desktop.suite, *names, dump.stem])
            screenshot(dump).save(Path(folder) / f"{name}.png")


def _renew(desktop: Desktop, **dumps: str) -> None:
    """Write pictures of the screen for the README, if DREAMLAYER_PICTURES names their folder."""
    if folder := os.environ.get("DREAMLAYER_PICTURES"):
        for name, dump in dumps.items():
            picture = screenshot(desktop.folder / f"{dump}.xwd")
            picture.save(Path(folder) / f"krita-{name}.jpg", quality=86)


def test_window(desktop: Desktop, coffee: Path) -> None:
    """A painter finds the filter in the menu, sees a preview, dreams, undoes, redoes, leaves."""
    said = desktop.visit("window.py", timeout=LONGEST, DREAMLAYER_PHOTO=f"/host{coffee}")
    assert (desktop.folder / "seen.json").exists(), said
    seen = desktop.read("seen.json")
    _keep(desktop, "short")
    _renew(desktop, dialog="split", result="result")
    assert "error" not in seen, (seen, said)
    left, top, width, height = seen["window"]
    assert min(left, top) >= 0
    assert left + width <= 1366
    assert top + height <= 768
    assert seen["workers_with_dialog"] == 1
    assert seen["layers"] == ["Background", "Deep Dream of Background"]
    assert seen["active"] == "Deep Dream of Background"
    assert seen["changed"]
    assert seen["undone_in_one_step"]
    assert seen["redone"]
    assert seen["workers_after_dream"] == seen["workers_after_leaving"] == 0
    assert seen["running"]
    log = (desktop.folder / "krita.log").read_text(encoding="utf-8", errors="replace")
    assert "SAFE ASSERT" not in log, log


@long_visit
def test_closing(desktop: Desktop, coffee: Path) -> None:
    """Krita that is closed while a dream runs ends at once, and leaves no worker."""
    said = desktop.visit("window_closing.py", timeout=LONGEST, DREAMLAYER_PHOTO=f"/host{coffee}")
    assert (desktop.folder / "seen.json").exists(), said
    seen = desktop.read("seen.json")
    _keep(desktop, "closing")
    assert "error" not in seen, (seen, said)
    assert seen["workers_at_work"] == 1
    assert seen["workers_left"] == 0
    assert seen["code"] == 0


QUICK = '[dreamlayer]\nstyle={"rounds": 1, "evaluations": 6, "size": 256, "octaves": 2}\n'
"""Lines for kritarc: a style that takes seconds was set last."""

KEYS = {"": ("alt+f", "alt+s"), "de": ("alt+d", "alt+i")}
"""By language, the keys to add files as style pictures, and to style."""

VIEWS = {
    "small-dark-en": (1366, 768, "", ""),
    "small-dark-de": (1366, 768, "", "de"),
    "large-light-de": (2560, 1440, "[theme]\nTheme=Krita bright\n", "de"),
}
"""Screens on which the dialogs are seen: width, height, lines for kritarc, the language."""


@long_visit
@pytest.mark.parametrize("name", VIEWS)
def test_tour(desktop: Desktop, coffee: Path, name: str) -> None:
    """A painter looks around, stops, applies, repeats, cancels, and closes the document."""
    width, height, kritarc, language = VIEWS[name]
    add, do = KEYS[language]
    more = {"KRITARC": kritarc + QUICK, "KRITA_LANGUAGE": language}
    more.update(DREAMLAYER_ADD=add, DREAMLAYER_DO=do, DREAMLAYER_STYLE=f"/host{STYLE}")
    words = (str(width), str(height))
    photo = f"/host{coffee}"
    said = desktop.visit("window_tour.py", *words, timeout=LONGEST, DREAMLAYER_PHOTO=photo, **more)
    assert (desktop.folder / "seen.json").exists(), said
    seen = desktop.read("seen.json")
    _keep(desktop, name)
    assert "error" not in seen, (seen, said)
    left, top, wide, high = seen["window"]
    assert min(left, top) >= 0
    assert left + wide <= width
    assert top + high <= height
    assert seen["unchanged_after_stop"]
    assert seen["moved_by_pages"] == 0
    assert seen["moved_by_style_pages"] == 0
    assert len(seen["applied"]) == 2
    assert len(seen["styled"]) == 3
    # The second one makes the pictures of layers.
    assert seen["workers_after_apply"] == 2
    assert seen["workers_after_leaving"] == seen["workers_after_cancel"] == 0
    assert seen["layers_after_cancel"] == 3
    assert seen["workers_after_closing"] == 0
    assert seen["running"]
