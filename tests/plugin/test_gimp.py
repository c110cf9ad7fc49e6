"""The filter inside a real GIMP 3.0 and a real GIMP 3.2, put there by our own installer."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gimp_root
import numpy as np
import pytest
import translations
from PIL import Image

from dreamlayer import Dreamer, Recipe
from dreamlayer.core.images.picture import Picture
from dreamlayer.core.network.shipped import network_of
from dreamlayer.core.recipe import presets as recipes
from dreamlayer.core.recipe.term import parse_terms
from dreamlayer.core.style.transfer import StyleTransfer

SUITES = ("trixie", "sid")
KILLS = {"trixie": "50", "sid": "25"}
"""How many processes are killed in each."""

LIGHT = "(theme-color-scheme light)"

FIRST = "check_equal_to_headless"
"""The check that runs at a GIMP's first start with the filter in its folder."""

TOURS = {
    "small-dark": (1366, 768, ""),
    "large-light": (2560, 1440, LIGHT),
}
"""Screens on which the dialog is used: width, height, and lines for GIMP's settings."""

INSIDE = Path(__file__).parent / "inside_gimp"

long_visit = pytest.mark.skipif(
    not os.environ.get("DREAMLAYER_WINDOWS"),
    reason="a long visit to GIMP's windows; set DREAMLAYER_WINDOWS=1 to go through it",
)
"""Of tests that take minutes of mouse and keys each, and a machine that does little else."""


def _checks() -> list[str]:
    trees = [ast.parse(p.read_text(encoding="utf-8")) for p in sorted(INSIDE.glob("checks_*.py"))]
    nodes = [node for tree in trees for node in tree.body]
    functions = [node.name for node in nodes if isinstance(node, ast.FunctionDef)]
    return [name for name in functions if name.startswith("check_")]


@dataclass
class Gimp:
    """A root with GIMP, a configuration folder with the filter in it, and a network."""

    suite: str
    folder: Path
    network: Path

    def run(self, script: str, *words: str, timeout: float, **more: str) -> str:
        """Run one of the scripts of `inside_gimp`; what it said."""
        inside = Path("/host") / INSIDE.relative_to("/") / script
        if script.startswith(("window", "kills.")):
            command = ["python3", str(inside), *words]
            # What the script before has seen is no result of this one's.
            for name in ("seen.json", "closing.json", "state.json", "images.json", "wanted"):
                (self.folder / name).unlink(missing_ok=True)
        else:
            batch = f"import runpy; runpy.run_path({str(inside)!r})"
            console = ["gimp-console-3", "-i", "--quit", "--batch-interpreter"]
            command = [*console, "python-fu-eval", "-b", batch]
        environment = {
            "GIMP3_DIRECTORY": str(self.folder / "gimp"),
            "DREAMLAYER_RESULTS": str(self.folder),
            "DREAMLAYER_NETWORK": str(self.network),
            **more,
        }
        ran = gimp_root.run(
            self.suite, command, self.folder, environment=environment, timeout=timeout
        )
        return ran.stdout + ran.stderr

    def read(self, name: str) -> Any:
        """A result, as the script left it."""
        return json.loads((self.folder / name).read_text(encoding="utf-8"))

    def pixels(self, name: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """8-bit pixels that a script left."""
        return np.fromfile(self.folder / name, np.uint8).reshape(shape)


@pytest.fixture(scope="module")
def gimps(tmp_path_factory: pytest.TempPathFactory, small_network: Path) -> dict[str, Gimp]:
    """Each GIMP whose root is there, with a fresh configuration and the filter installed."""
    made = {}
    for suite in SUITES:
        if gimp_root.missing(suite):
            continue
        folder = tmp_path_factory.mktemp(f"Jörg's {suite}")
        plug_ins = folder / "gimp" / "plug-ins"
        plug_ins.mkdir(parents=True)
        (plug_ins / "painter").mkdir()
        shutil.copy(INSIDE / "painter.py", plug_ins / "painter" / "painter.py")
        (plug_ins / "painter" / "painter.py").chmod(0o755)
        python = gimp_root.interpreter(folder / "the python")
        command = [sys.executable, "-m", "plugin", "install", "--to", str(plug_ins)]
        ran = subprocess.run(
            [*command, "--python", str(python)],
            cwd=gimp_root.PROJECT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        made[suite] = Gimp(suite, folder, small_network)
    return made


@pytest.fixture(params=SUITES)
def gimp(request: pytest.FixtureRequest, gimps: dict[str, Gimp]) -> Gimp:
    """GIMP 3.0, then GIMP 3.2."""
    if reason := gimp_root.missing(request.param):
        pytest.skip(reason)
    return gimps[request.param]


@pytest.fixture(scope="module")
def said_by_checks(gimps: dict[str, Gimp]) -> dict[str, str]:
    """What each GIMP said while it went through the checks; side by side, to spare time.

    All checks run at its second start: GIMP then takes the arguments' declarations from its
    pluginrc, where texts that are empty by default become None. At the first, one does.
    """

    def run(gimp: Gimp) -> str:
        said = gimp.run("checks.py", timeout=300, DREAMLAYER_CHECKS=FIRST)
        results = gimp.folder / "results.json"
        if not results.exists():
            return said
        results.rename(gimp.folder / "first.json")
        return said + gimp.run("checks.py", timeout=3000)

    with ThreadPoolExecutor() as pool:
        running = {s: pool.submit(run, g) for s, g in gimps.items()}
        return {suite: run.result() for suite, run in running.items()}


@pytest.fixture
def checked(gimp: Gimp, said_by_checks: dict[str, str]) -> dict[str, str]:
    """What each check in `inside_gimp/checks_*.py` came to."""
    assert (gimp.folder / "results.json").exists(), said_by_checks[gimp.suite]
    results: dict[str, str] = gimp.read("results.json")
    version = tuple(int(part) for part in results.pop("version").split(".")[:2])
    # Debian's unstable goes on; stable stays.
    assert version == (3, 0) if gimp.suite == "trixie" else version >= (3, 2)
    return results


@pytest.fixture(scope="module")
def said_by_kills(gimps: dict[str, Gimp], coffee: Path) -> dict[str, str]:
    """What each GIMP said while it, the plug-in and the worker were killed; side by side."""
    photo = f"/host{coffee}"
    with ThreadPoolExecutor() as pool:
        running = {
            s: pool.submit(g.run, "kills.py", KILLS[s], "7", timeout=900, DREAMLAYER_PHOTO=photo)
            for s, g in gimps.items()
        }
        return {suite: run.result() for suite, run in running.items()}


@pytest.mark.parametrize("name", _checks())
def test_in_gimp(checked: dict[str, str], name: str) -> None:
    """Each check passes inside GIMP."""
    assert checked.get(name, "GIMP ended before this check") == "ok"


def test_first_start(gimp: Gimp, said_by_checks: dict[str, str]) -> None:
    """A GIMP that sees the filter for the first time runs it from a script too."""
    assert (gimp.folder / "first.json").exists(), said_by_checks[gimp.suite]
    assert gimp.read("first.json")[FIRST] == "ok"


def _headless(
    pixels: np.ndarray[Any, Any],
    recipe: Recipe,
    *,
    mask: np.ndarray[Any, Any] | None = None,
    alpha: np.ndarray[Any, Any] | None = None,
) -> np.ndarray[Any, Any]:
    """What the core makes of 8-bit pixels, rounded as docs/worker.md says: halves up."""
    image, share = (None if p is None else p / np.float32(255) for p in (pixels, mask))
    assert image is not None
    dreamt = Dreamer(network_of(recipe)).dream(image, recipe, mask=share, alpha=alpha)
    return np.floor(np.clip(dreamt.astype(np.float64), 0, 1) * 255 + 0.5).astype(np.uint8)


def _quick(gimp: Gimp) -> Recipe:
    """What the checks inside GIMP dream where its pixels are compared."""
    return recipes.parse(
        json.dumps(
            {
                "network": str(gimp.network),
                "layers": "deep",
                "octaves": 2,
                "steps": 2,
                "step_size": 0.02,
                "seed": 3,
                "smoothing": 1.5,
                "strength": 0.75,
            }
        )
    )


def test_equals_the_headless_dream(gimp: Gimp, checked: dict[str, str]) -> None:
    """On 8-bit pixels the filter gives the very bytes that the core gives."""
    assert checked["check_equal_to_headless"] == "ok"
    shape = (47, 61, 3)
    expected = _headless(gimp.pixels("before.rgb", shape), _quick(gimp))
    np.testing.assert_array_equal(gimp.pixels("after.rgb", shape), expected)


def test_selection_is_the_core_s_mask(gimp: Gimp, checked: dict[str, str]) -> None:
    """Through a feathered selection the filter gives what the core gives with that mask."""
    assert checked["check_feathered_selection"] == "ok"
    before, after = (gimp.pixels(f"selected-{name}", (47, 61, 4)) for name in ("before", "after"))
    mask = gimp.pixels("selected-mask", (47, 61))
    assert ((mask > 0) & (mask < 255)).mean() > 0.2
    np.testing.assert_array_equal(after[mask == 0], before[mask == 0])
    rgb, alpha = before[:, :, :3], before[:, :, 3]
    expected = _headless(rgb, _quick(gimp), mask=mask, alpha=alpha)
    np.testing.assert_array_equal(after[:, :, :3], expected)
    assert (after != before).mean() > 0.1


def test_guide_layer_is_the_core_s_guide(
    gimp: Gimp, checked: dict[str, str], tmp_path: Path
) -> None:
    """With a layer as guide the filter gives what the core gives with a file of its pixels."""
    assert checked["check_guide_layer_equal_to_headless"] == "ok"
    before, after = (gimp.pixels(f"guided-{name}", (47, 61, 3)) for name in ("before", "after"))
    guide = tmp_path / "guide.png"
    Image.fromarray(gimp.pixels("guided-guide", (30, 40, 3))).save(guide)
    recipe = _quick(gimp).replace(layers=parse_terms("deep:1::direction"), guide=str(guide))
    np.testing.assert_array_equal(after, _headless(before, recipe))
    assert (after != before).mean() > 0.1


def _styled(
    gimp: Gimp,
    pixels: np.ndarray[Any, Any],
    styles: list[np.ndarray[Any, Any]],
    alpha: np.ndarray[Any, Any] | None = None,
    **more: Any,
) -> np.ndarray[Any, Any]:
    """What the core makes of 8-bit pixels and style pictures, in floats."""
    quick: dict[str, Any] = {"command": "style", "content_layers": "deep", "octaves": 1}
    quick["style_layers"] = "image, first, deep"
    quick |= {"rounds": 1, "evaluations": 4, "seed": 3, "network": str(gimp.network)}
    recipe = recipes.STYLES.parse(json.dumps({**quick, **more}))
    pictures = []
    for style in styles:
        floats = style / np.float32(255)
        transparency = floats[:, :, 3].copy() if style.shape[2] == 4 else None
        pictures.append(Picture(floats[:, :, :3].copy(), transparency))
    transfer = StyleTransfer(network_of(recipe))
    made = transfer.prepare(pixels / np.float32(255), recipe, pictures, alpha).run()
    return made.astype(np.float64)


def _levels(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.floor(np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)


def test_style_equals_the_headless_one(gimp: Gimp, checked: dict[str, str]) -> None:
    """On 8-bit pixels Style Transfer gives the very bytes that the core gives."""
    assert checked["check_style_equals_headless"] == "ok"
    before, after = (gimp.pixels(f"style-{name}", (47, 61, 4)) for name in ("before", "after"))
    shapes = {"1": (52, 45, 4), "2": (44, 50, 4), "3": (70, 48, 3)}
    styles = [gimp.pixels(f"style-{name}", shape) for name, shape in shapes.items()]
    weights = {"style_weights": [1, 0.5, 2], "strength": 0.75}
    made = _styled(gimp, before[:, :, :3], styles, before[:, :, 3], **weights)
    seen = before[:, :, 3] > 0
    np.testing.assert_array_equal(after[seen][:, :3], _levels(made)[seen])
    np.testing.assert_array_equal(after[~seen], before[~seen])
    assert (after != before).mean() > 0.5


def test_style_in_a_selection(gimp: Gimp, checked: dict[str, str]) -> None:
    """A feathered selection blends the style that the core makes into the layer."""
    assert checked["check_style_in_a_selection"] == "ok"
    before, after = (
        gimp.pixels(f"style-selected-{name}", (47, 61, 4)) for name in ("before", "after")
    )
    mask = gimp.pixels("style-selected-mask", (47, 61))
    made = _styled(
        gimp, before[:, :, :3], [gimp.pixels("style-selected-style", (44, 50, 4))], before[:, :, 3]
    )
    floats = before[:, :, :3] / np.float32(255)
    share = (mask / np.float32(255))[:, :, np.newaxis]
    expected = _levels(floats + share * (made.astype(np.float32) - floats))
    seen = (mask > 0) & (before[:, :, 3] > 0)
    np.testing.assert_array_equal(after[seen][:, :3], expected[seen])
    np.testing.assert_array_equal(after[~seen], before[~seen])


def _screenshot(path: Path) -> Image.Image:
    """Read an X window dump as Xvfb keeps it: a header, a colour map, rows of BGRX."""
    data = path.read_bytes()
    header = np.frombuffer(data, ">u4", 25)
    size, width, height, line, colors = (int(header[i]) for i in (0, 4, 5, 12, 19))
    pixels = np.frombuffer(data, np.uint8, line * height, offset=size + colors * 12)
    return Image.fromarray(pixels.reshape(height, line // 4, 4)[:, :width, 2::-1].copy())


def test_window(gimp: Gimp, coffee: Path) -> None:
    """A painter finds the filter in the menu, sees a preview, dreams, undoes, repeats, cancels.

    With DREAMLAYER_PICTURES=docs the README's pictures of it are renewed.
    """
    said = gimp.run("window.py", timeout=600, DREAMLAYER_PHOTO=f"/host{coffee}")
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    if folder := os.environ.get("DREAMLAYER_PICTURES"):
        for name in ("menu", "dialog", "result"):
            picture = _screenshot(gimp.folder / f"{name}.xwd")
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
    expected = _headless(gimp.pixels("before.rgb", shape), recipes.preset("default"))
    np.testing.assert_array_equal(gimp.pixels("after.rgb", shape), expected)


@long_visit
def test_closing(gimp: Gimp, coffee: Path) -> None:
    """An image that is closed while the dream runs does not take the dream with it."""
    settings = gimp.folder / "gimp" / "plug-ins" / "dreamlayer" / "worker.json"
    kept = settings.read_text(encoding="utf-8")
    try:
        said = gimp.run("window_closing.py", timeout=600, DREAMLAYER_PHOTO=f"/host{coffee}")
    finally:
        settings.write_text(kept, encoding="utf-8")
    assert (gimp.folder / "closing.json").exists(), said
    seen = gimp.read("closing.json")
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
    said = gimp.run("window_style.py", timeout=900, **names)
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
    said = gimp.run("window_tour.py", *words, timeout=900, DREAMLAYER_GIMPRC=more, **names)
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    if folder := os.environ.get("DREAMLAYER_TOURS"):
        for dump in gimp.folder.glob("tour-*.xwd"):
            picture = _screenshot(dump)
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
    said = gimp.run("window_chooser.py", timeout=500, DREAMLAYER_PHOTO=f"/host{coffee}")
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    if folder := os.environ.get("DREAMLAYER_TOURS"):
        for dump in gimp.folder.glob("chooser-*.xwd"):
            _screenshot(dump).save(Path(folder) / f"{gimp.suite}-{dump.stem}.png")
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
    said = gimp.run("window_languages.py", *words, timeout=600, **names)
    assert (gimp.folder / "seen.json").exists(), said
    seen = gimp.read("seen.json")
    if folder := os.environ.get("DREAMLAYER_TOURS"):
        for dump in gimp.folder.glob("language-*.xwd"):
            _screenshot(dump).save(Path(folder) / f"{gimp.suite}-{language}-{dump.stem}.png")
    assert "error" not in seen, (seen, said)
    for dialog in ("dream", "style"):
        left, top, right, bottom = seen[dialog]
        assert min(left, top) >= 0, (dialog, seen)
        assert right <= int(words[0]), (dialog, seen)
        assert bottom <= int(words[1]), (dialog, seen)
        assert seen[f"workers_after_{dialog}"] == 0


def test_kills(gimp: Gimp, said_by_kills: dict[str, str]) -> None:
    """Killing GIMP, plug-in or worker leaves no process, no file and no half-dreamt image."""
    assert (gimp.folder / "kills.json").exists(), said_by_kills[gimp.suite]
    found = gimp.read("kills.json")
    assert sum(found["kills"].values()) >= int(KILLS[gimp.suite])
    assert min(found["kills"].values()) > 0, found
    assert found["calls"] > 0
    assert not found["left"], found
    assert not found["files"], found
    assert not found["broken"], found


def test_installer_asks_a_real_gimp(gimp: Gimp, tmp_path: Path) -> None:
    """The installer finds the GIMP, puts the filter in, hears from GIMP itself that it is there."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    shutil.copy(gimp_root.PROJECT / "pyproject.toml", checkout)
    for package in ("core", "dreamlayer", "plugin"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(gimp_root.PROJECT / package, checkout / package, ignore=ignored)
    # Its files must be where the root sees them: the doctor looks at them from there.
    python = gimp_root.interpreter(tmp_path / "the python", checkout)
    plugin = f"cd '{checkout}' && python3 -m plugin"
    script = (
        f"{plugin} install --python '{python}' && {plugin} doctor --json > '{tmp_path}/doctor.json'"
        f" && {plugin} uninstall && echo LEFT: && find /tmp/home -name '*dreamlayer*'"
    )
    ran = gimp_root.run(gimp.suite, ["bash", "-c", script], tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    doctor = json.loads((tmp_path / "doctor.json").read_text(encoding="utf-8"))
    assert doctor["ok"], doctor
    assert "the plug-in is registered" in json.dumps(doctor)
    assert ran.stdout.endswith("LEFT:\n"), ran.stdout
