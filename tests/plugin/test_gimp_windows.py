"""The filter's windows in a real GIMP 3.0 and a real GIMP 3.2, with mouse and keys.

Scripts of `inside_gimp` go through them and write what they saw into `seen.json`. With
DREAMLAYER_TOURS=FOLDER the pictures that they take are put there, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import translations
from headless_dream import headless
from PIL import Image
from real_gimp import Gimp, screenshot

from dreamlayer.core.recipe import presets as recipes

LIGHT = "(theme-color-scheme light)"

TOURS = {
    "small-dark": (1366, 768, ""),
    "large-light": (2560, 1440, LIGHT),
}
"""Screens on which the dialog is used: width, height, and lines for GIMP's settings."""

LONGEST = 3000
"""Seconds of a visit, for one that hangs; what a script waits for in it has a limit of its own."""

long_visit = pytest.mark.skipif(
    not os.environ.get("DREAMLAYER_WINDOWS"),
    reason="a long visit to GIMP's windows; set DREAMLAYER_WINDOWS=1 to go through it",
)
"""Of tests that take minutes of mouse and keys each, and a machine that does little else."""


def test_window(gimp: Gimp, coffee: Path) -> None:
    """A painter finds the filter in the menu, sees a preview, dreams, undoes, repeats, cancels.

    With DREAMLAYER_PICTURES=docs the README's pictures of it are renewed.
    """
    said = gimp.run("window.py", timeout=LONGEST, DREAMLAYER_PHOTO=f"/host{coffee}")
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    if folder := os.environ.get("DREAMLAYER_PICTURES"):
        for name in ("menu", "dialog", "result"):
            picture = screenshot(gimp.folder / f"{name}.xwd")
            picture.save(Path(folder) / f"gimp-{name}.jpg", quality=88)
    assert "error" not in seen, (seen, said)
    assert seen["workers_with_dialog"] == 1
    for name in ("ok", "cancel", "leaving"):
        assert seen[f"workers_after_{name}"] == 0, name
    assert seen["undone_in_one_step"]
    assert seen["repeated_alike"]
    assert seen["unchanged_after_cancel"]
    assert seen["unchanged_after_leaving"]
    shape = (400, 600, 3)
    expected = headless(gimp.pixels("before.rgb", shape), recipes.preset("default"))
    np.testing.assert_array_equal(gimp.pixels("after.rgb", shape), expected)


@long_visit
def test_closing(gimp: Gimp, coffee: Path) -> None:
    """An image that is closed while the dream runs does not take the dream with it."""
    settings = gimp.folder / "gimp" / "plug-ins" / "dreamlayer" / "worker.json"
    kept = settings.read_text(encoding="utf-8")
    try:
        said = gimp.run("window_closing.py", timeout=LONGEST, DREAMLAYER_PHOTO=f"/host{coffee}")
    finally:
        settings.write_text(kept, encoding="utf-8")
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    assert "error" not in seen, (seen, said)
    assert seen["closed"]
    ((number, layers, dreamt),) = seen["images"]
    assert number != 1
    assert (len(layers), dreamt) == (1, True)
    assert seen["shown"]
    log = (gimp.folder / "gimp.log").read_text(encoding="utf-8", errors="replace")
    assert "rror for procedure" not in log, log


@long_visit
def test_style_window(gimp: Gimp, coffee: Path) -> None:
    """A painter adds style pictures, sees a preview, styles, undoes in one step, leaves."""
    style = gimp.folder / "style ü.png"
    rows, columns = np.mgrid[0:180, 0:240] / 30.0
    wave = np.sin(3 * columns + 2 * np.sin(2 * rows))
    colors = np.stack([120 + 90 * wave, 110 + 60 * np.cos(4 * rows), 150 - 90 * wave], axis=-1)
    Image.fromarray(np.clip(colors, 0, 255).astype(np.uint8)).save(style)
    names = {"DREAMLAYER_PHOTO": f"/host{coffee}", "DREAMLAYER_STYLE": str(style)}
    said = gimp.run("window_style.py", timeout=LONGEST, **names)
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    assert "error" not in seen, (seen, said)
    assert seen["both_against_file"] > 1
    assert seen["workers_with_dialog"] == 1
    assert seen["workers_after_ok"] == 0
    assert seen["undone_in_one_step"]
    assert seen["workers_after_leaving"] == 0
    assert seen["unchanged_after_leaving"]
    before, after = (
        gimp.pixels(f"{name}.rgb", (400, 600, 3)) for name in ("before", "style-after")
    )
    assert np.abs(after.astype(int) - before.astype(int)).mean() > 5


@long_visit
@pytest.mark.parametrize("name", TOURS)
def test_tour(gimp: Gimp, coffee: Path, name: str) -> None:
    """On small and large screens, dark and light, a painter looks, chooses, saves, applies, stops.

    What is seen is compared with what was seen before, as the mean difference of 8-bit colors.
    """
    width, height, more = TOURS[name]
    presets = gimp.folder / f"presets {name}"
    photo = f"/host{coffee}"
    names = {"DREAMLAYER_PHOTO": photo, "DREAMLAYER_PRESETS": str(presets)}
    words = (str(width), str(height))
    said = gimp.run("window_tour.py", *words, timeout=LONGEST, DREAMLAYER_GIMPRC=more, **names)
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    if folder := os.environ.get("DREAMLAYER_TOURS"):
        for dump in gimp.folder.glob("tour-*.xwd"):
            picture = screenshot(dump)
            picture.save(Path(folder) / f"{gimp.suite}-{name}-{dump.stem}.png")
    assert "error" not in seen, (seen, said)
    left, top, right, bottom = seen["window"]
    assert min(left, top) >= 0
    assert right <= width
    assert bottom <= height
    assert seen["zoomed"] > 10
    assert seen["not_moved_by_pan"] < 6 < seen["moved_by_pan"]
    assert seen["changed_by_looking"] < 4
    assert seen["original_against_dream"] > 5
    assert seen["left_of_split_against_original"] < 1
    assert seen["after_split_against_dream"] < 4
    assert seen["undone_in_one_step"]
    assert seen["unchanged_after_stop"]
    assert seen["workers_before_apply"] == 2
    assert seen["workers_after_apply"] == seen["workers_after_stop"] == 2
    assert "seed_seconds_after_apply" in seen
    assert seen["workers_after_leaving"] == 0
    saved = recipes.load(presets / "My dream.json")
    expected = recipes.preset("flowers").replace(seed=saved.seed)
    assert saved == expected


@long_visit
def test_chooser(gimp: Gimp, coffee: Path) -> None:
    """A painter chooses layers and channels by pictures, and a layer as guide; repeats with it.

    With DREAMLAYER_TOURS=FOLDER the pictures of it are put there.
    """
    said = gimp.run("window_chooser.py", timeout=LONGEST, DREAMLAYER_PHOTO=f"/host{coffee}")
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    if folder := os.environ.get("DREAMLAYER_TOURS"):
        for dump in gimp.folder.glob("chooser-*.xwd"):
            screenshot(dump).save(Path(folder) / f"{gimp.suite}-{dump.stem}.png")
    assert "error" not in seen, (seen, said)
    assert seen["workers_before"] == 1
    assert seen["workers_with_pictures"] == 2
    assert seen["dream_with_guide_against_original"] > 3
    assert seen["workers_after_ok"] == 0
    assert seen["repeated_with_guide"]


@long_visit
@pytest.mark.parametrize("language", sorted(translations.languages()))
def test_window_in_a_language(gimp: Gimp, coffee: Path, language: str) -> None:
    """The dialogs fit on a small screen in each language.

    With DREAMLAYER_TOURS=FOLDER the pictures of them are put there, to be looked at; Japanese and
    Chinese need a font of this machine's, such as that of Debian's fonts-droid-fallback.
    """
    words = ("1366", "768")
    names = {"DREAMLAYER_PHOTO": f"/host{coffee}", "LANGUAGE": language}
    said = gimp.run("window_languages.py", *words, timeout=LONGEST, **names)
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    if folder := os.environ.get("DREAMLAYER_TOURS"):
        for dump in gimp.folder.glob("language-*.xwd"):
            screenshot(dump).save(Path(folder) / f"{gimp.suite}-{language}-{dump.stem}.png")
    assert "error" not in seen, (seen, said)
    for dialog in ("dream", "style"):
        left, top, right, bottom = seen[dialog]
        assert min(left, top) >= 0, (dialog, seen)
        assert right <= int(words[0]), (dialog, seen)
        assert bottom <= int(words[1]), (dialog, seen)
        assert seen[f"workers_after_{dialog}"] == 0
