"""The filter's windows in a real GIMP 3.0 and a real GIMP 3.2, with mouse and keys.

Scripts of `inside_gimp` go through them and write what they saw into `seen.json`. With
DREAMLAYER_TOURS=FOLDER the pictures that they take are put there, to be looked at.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import translations
from headless_dream import headless
from PIL import Image
from real_gimp import Gimp, screenshot
from template_match import find

from dreamlayer.core.cli.program import main as cli
from dreamlayer.core.recipe import presets as recipes

LIGHT = "(theme-color-scheme light)"

SCREENS = {
    "small-dark": (1366, 768, ""),
    "small-light": (1366, 768, LIGHT),
    "large-dark": (2560, 1440, ""),
    "large-light": (2560, 1440, LIGHT),
}
"""Screens on which the dialogs are used: width, height, and lines for GIMP's settings."""

TOURS = ("small-dark", "large-light")

VIEWS = [
    *[(language, "small-dark") for language in sorted({"en", *translations.languages()})],
    *[(language, name) for language in ("de", "en") for name in SCREENS if name != "small-dark"],
]
"""What pictures are taken in: all languages, two of them on all screens."""

LONGEST = 3000
"""Seconds of a visit, for one that hangs; what a script waits for in it has a limit of its own."""

long_visit = pytest.mark.skipif(
    not os.environ.get("DREAMLAYER_WINDOWS"),
    reason="a long visit to GIMP's windows; set DREAMLAYER_WINDOWS=1 to go through it",
)
"""Of tests that take minutes of mouse and keys each, and a machine that does little else."""


def _keep(gimp: Gimp, pattern: str, *names: str) -> None:
    """Put pictures of the screen, and what was seen, into the folder DREAMLAYER_TOURS."""
    if folder := os.environ.get("DREAMLAYER_TOURS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        for dump in [*gimp.folder.glob(pattern), *gimp.folder.glob("failed.xwd")]:
            screenshot(dump).save(Path(folder) / "-".join([gimp.suite, *names, dump.stem + ".png"]))
        seen = "-".join([gimp.suite, *names, pattern.partition("-")[0], "seen.json"])
        shutil.copy(gimp.folder / "seen.json", Path(folder) / seen)


def _renew(gimp: Gimp, **dumps: str) -> None:
    """Write pictures of the screen for the README, if DREAMLAYER_PICTURES names their folder."""
    if folder := os.environ.get("DREAMLAYER_PICTURES"):
        for name, dump in dumps.items():
            picture = screenshot(gimp.folder / f"{dump}.xwd")
            picture.save(Path(folder) / f"gimp-{name}.jpg", quality=86)


def test_window(gimp: Gimp, coffee: Path) -> None:
    """A painter finds the filter in the menu, sees a preview, dreams, undoes, repeats, cancels."""
    said = gimp.run("window.py", timeout=LONGEST, DREAMLAYER_PHOTO=f"/host{coffee}")
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    _renew(gimp, menu="menu", dialog="dialog", result="result")
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


def _styles(folder: Path) -> tuple[Path, Path]:
    """Two style pictures: waves, and the same in other colors, upright."""
    rows, columns = np.mgrid[0:180, 0:240] / 30.0
    wave = np.sin(3 * columns + 2 * np.sin(2 * rows))
    colors = np.stack([120 + 90 * wave, 110 + 60 * np.cos(4 * rows), 150 - 90 * wave], axis=-1)
    waves = Image.fromarray(np.clip(colors, 0, 255).astype(np.uint8))
    paths = folder / "style ü.png", folder / "style 2.png"
    waves.save(paths[0])
    Image.fromarray(np.asarray(waves)[..., ::-1].transpose(1, 0, 2).copy()).save(paths[1])
    return paths


@long_visit
def test_style_window(
    gimp: Gimp,
    coffee: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A painter adds style pictures, saves a preset, applies, undoes, stops, styles, leaves."""
    style, _ = _styles(gimp.folder)
    presets = gimp.folder / "style presets"
    names = {
        "DREAMLAYER_PHOTO": f"/host{coffee}",
        "DREAMLAYER_STYLE": str(style),
        "DREAMLAYER_PRESETS": str(presets),
    }
    said = gimp.run("window_style.py", timeout=LONGEST, **names)
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    _keep(gimp, "style-*.xwd")
    assert "error" not in seen, (seen, said)
    left, top, right, bottom = seen["window"]
    assert min(left, top) >= 0
    assert right <= 1366
    assert bottom <= 768
    assert seen["changed_by_seed"] > 0
    assert seen["both_against_file"] > 1
    assert seen["vanished_against_both"] < 0.1
    assert seen["workers_before_apply"] == seen["workers_after_apply"] == 1
    assert seen["apply_undone_in_one_step"]
    assert seen["unchanged_after_stop"]
    assert seen["workers_after_stop"] == 1
    assert seen["active_after_choosing"]
    assert seen["workers_after_ok"] == 0
    assert seen["undone_in_one_step"]
    assert seen["workers_after_leaving"] == 0
    assert seen["unchanged_after_leaving"]
    before, after = (
        gimp.pixels(f"{name}.rgb", (400, 600, 3)) for name in ("before", "style-after")
    )
    assert np.abs(after.astype(int) - before.astype(int)).mean() > 5

    with Image.open(presets / "My style.jpg") as picture:
        assert (picture.mode, max(picture.size)) == ("RGB", 160)
    monkeypatch.setenv("DREAMLAYER_PRESETS", str(presets))
    saved = recipes.style_preset("My style")
    quick = recipes.style_preset("Quick").replace(seed=saved.seed, styles=(str(style),))
    assert saved == quick
    assert saved.seed != 0
    assert cli(["presets"]) == 0
    assert "My style" in capsys.readouterr().out
    made = gimp.folder / "by the command line.png"
    assert cli(["style", str(coffee), "--preset", "My style", "-o", str(made)]) == 0
    with Image.open(made) as picture:
        assert picture.size == (600, 400)


@long_visit
@pytest.mark.parametrize("name", TOURS)
def test_tour(gimp: Gimp, coffee: Path, name: str) -> None:
    """On small and large screens, dark and light, a painter looks, chooses, saves, applies, stops.

    What is seen is compared with what was seen before, as the mean difference of 8-bit colors.
    """
    width, height, more = SCREENS[name]
    presets = gimp.folder / f"presets {name}"
    photo = f"/host{coffee}"
    names = {"DREAMLAYER_PHOTO": photo, "DREAMLAYER_PRESETS": str(presets)}
    words = (str(width), str(height))
    said = gimp.run("window_tour.py", *words, timeout=LONGEST, DREAMLAYER_GIMPRC=more, **names)
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    _keep(gimp, "tour-*.xwd", name)
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
    _keep(gimp, "chooser-*.xwd")
    assert "error" not in seen, (seen, said)
    assert seen["workers_before"] == 1
    assert seen["workers_with_pictures"] == 2
    assert seen["dream_with_guide_against_original"] > 3
    assert seen["workers_after_ok"] == 0
    assert seen["repeated_with_guide"]


@long_visit
def test_animation(gimp: Gimp, coffee: Path) -> None:
    """With Apply a painter makes frames, which are layers of a new image; the dialog stays open."""
    photo = f"/host{coffee}"
    words = ("1366", "768")
    said = gimp.run("window_animation.py", *words, timeout=LONGEST, DREAMLAYER_PHOTO=photo)
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    _keep(gimp, "animation-*.xwd")
    assert "error" not in seen, (seen, said)
    assert seen["layers"] == [f"Frame {number} (80ms) (replace)" for number in range(6, 0, -1)]
    assert seen["workers_after_leaving"] == 0
    left, top, right, bottom = seen["window"]
    assert min(left, top) >= 0
    assert right <= 1366
    assert bottom <= 768


def _crop(
    gimp: Gimp, name: str, left: int, top: int, width: int, height: int
) -> np.ndarray[Any, Any]:
    """A part of a picture of the screen."""
    pixels = np.asarray(screenshot(gimp.folder / f"{name}.xwd"))
    return pixels[top : top + height, left : left + width].astype(np.float64)


@long_visit
@pytest.mark.parametrize("scene", ["adobe", "selected", "masked", "several"])
def test_scene(gimp: Gimp, coffee: Path, scene: str) -> None:
    """The preview shows what GIMP's canvas then shows, and one step undoes the dream.

    In an image with the profile Adobe RGB, with a selection that changes before the undo, with a
    layer mask, with several chosen layers. Colors are compared as mean differences of 8 bits.
    """
    # The dashes around a selection would never stand still.
    names = {
        "DREAMLAYER_PHOTO": f"/host{coffee}",
        "DREAMLAYER_SCENE": scene,
        "DREAMLAYER_GIMPRC": "(default-view (show-selection no))",
    }
    said = gimp.run("window_scenes.py", timeout=LONGEST, **names)
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    _keep(gimp, "scene-*.xwd", scene)
    assert "error" not in seen, (seen, said)
    assert seen["workers_after_ok"] == 0
    assert all(seen["changed"])
    assert len(seen["changed"]) == (2 if scene == "several" else 1)
    assert seen["undone_in_one_step"]
    assert seen["done_again"]
    if scene == "selected":
        assert seen["selection_after_dream"]
        assert seen["dream_with_other_selection"]
        assert seen["dream_with_selection_before"]
    # In the middle of the preview, which shows the middle of what is dreamt on.
    left, top = (start + to for start, to in zip(seen["dialog"], (335, 170), strict=True))
    size = 160, 80
    original = _crop(gimp, "scene-original", left, top, *size)
    whole = np.asarray(screenshot(gimp.folder / "scene-canvas.xwd"))
    there = find(original, whole)
    preview = _crop(gimp, "scene-preview", left, top, *size)
    result = _crop(gimp, "scene-result", *there, *size)
    # GIMP's canvas is one level darker throughout where it blends two layers.
    assert np.abs(original - _crop(gimp, "scene-canvas", *there, *size)).mean() < 1.5
    assert np.abs(preview - result).mean() < 1.5
    assert np.abs(preview - original).mean() > 5
    if scene == "adobe":
        stored = gimp.pixels("before.rgb", (400, 600, 3))
        at = find(original, stored)
        as_srgb = stored[at[1] : at[1] + size[1], at[0] : at[0] + size[0]]
        assert np.abs(original - as_srgb).mean() > 3


@long_visit
@pytest.mark.parametrize(("language", "name"), VIEWS)
def test_window_in_a_language(gimp: Gimp, coffee: Path, language: str, name: str) -> None:
    """The dialogs fit on the screen in each language, and no page moves the preview.

    Japanese and Chinese need a font of this machine's, such as that of Debian's
    fonts-droid-fallback.
    """
    width, height, more = SCREENS[name]
    names = {"LANGUAGE": language, "DREAMLAYER_STYLES": ":".join(map(str, _styles(gimp.folder)))}
    names |= {"DREAMLAYER_PHOTO": f"/host{coffee}", "DREAMLAYER_GIMPRC": more}
    said = gimp.run("window_languages.py", str(width), str(height), timeout=LONGEST, **names)
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    _keep(gimp, "language-*.xwd", language, name)
    if (language, name) == ("en", "small-dark"):
        _renew(gimp, split="language-dream-split", layers="language-dream-layers")
        _renew(gimp, style="language-style")
    assert "error" not in seen, (seen, said)
    assert seen["moved_by_pages"] < 1
    for dialog in ("dream", "style"):
        left, top, right, bottom = seen[dialog]
        assert min(left, top) >= 0, (dialog, seen)
        assert right <= width, (dialog, seen)
        assert bottom <= height, (dialog, seen)
        assert seen[f"workers_after_{dialog}"] == 0
