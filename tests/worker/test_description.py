"""What an editor is told about the parameters."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ROOT

from dreamlayer.core.recipe.networks import SHIPPED_NETWORKS
from dreamlayer.core.recipe.presets import STYLES, preset, presets
from dreamlayer.core.recipe.recipe import Recipe
from dreamlayer.core.recipe.style import StyleRecipe
from dreamlayer.core.runtime.providers import PROVIDERS
from dreamlayer.core.worker.description import description, own_description

FILE = ROOT / "plugin" / "dreamlayer" / "description.json"
REFRESH = "python -m dreamlayer.core.worker.description > plugin/dreamlayer/description.json"


def printed() -> str:
    """What the module prints."""
    done = subprocess.run(
        [sys.executable, "-m", "dreamlayer.core.worker.description"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout.decode("ascii").replace("\r\n", "\n")


def test_plugins_copy_is_what_the_code_gives() -> None:
    """The plug-in's file is refreshed whenever a parameter or a preset changes."""
    held = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    assert held == printed(), f"refresh the plug-in's copy: {REFRESH}"
    assert json.loads(held) == description()


def test_every_parameter_is_described() -> None:
    """Name, type, default and limits of each field of the recipe, in its order."""
    parameters = description()["parameters"]
    assert [p["name"] for p in parameters] == [f.name for f in dataclasses.fields(Recipe)]
    keys = {"name", "type", "default", "low", "high", "choices", "help", "advanced"}
    keys |= {"was", "before", "later", "auto"}
    assert all(set(parameter) == keys and parameter["help"] for parameter in parameters)
    described = {parameter["name"]: parameter for parameter in parameters}
    types = {name: parameter["type"] for name, parameter in described.items()}
    assert types["octaves"] == "int"
    assert types["max_loss"] == "float"
    assert types["clip"] == "bool"
    assert types["network"] == "text"
    assert types["layers"] == "layers"
    assert described["layers"]["default"].startswith("block_10_depthwise_relu:0.5, block_11")
    assert described["layers"]["before"] == "mixed3, mixed4, mixed5"
    assert (described["octaves"]["default"], described["octaves"]["low"]) == (0, 0)
    assert described["octaves"]["before"] == 6
    assert described["colors"]["before"] == "free"
    assert {name for name, parameter in described.items() if parameter["auto"]} == {
        "octaves",
        "tile",
    }
    later = {name for name, parameter in described.items() if parameter["later"]}
    assert later == {
        "colors",
        "keep_colors",
        "anchor",
        "headroom",
        "protect",
        "epsilon_tiles",
    }
    assert described["strength"]["low"] == 0.0
    assert described["strength"]["high"] == 1.0
    assert described["max_loss"]["default"] is None
    assert described["normalize"]["choices"] == ["mean", "std", "none"]
    assert described["normalize"]["was"] == "normalise"
    assert described["octaves"]["was"] is None


def test_described_recipes_are_read_back() -> None:
    """The defaults and every preset, as a request would send them."""
    told = description()
    assert description(1)["parameters"] == told["parameters"]
    defaults = {k["name"]: k["default"] for k in told["parameters"] if k["default"] is not None}
    assert Recipe.from_dict(defaults) == Recipe()
    assert list(told["presets"]) == list(presets())
    for name, entry in told["presets"].items():
        about = presets()[name]
        assert entry["description"] == about.description
        assert (entry["title"], entry["section"]) == (about.title, about.section)
        assert (entry["source"], entry["stand_in"]) == (about.source, about.stand_in)
        assert entry["group"] == ("published" if about.source else "own")
        assert entry["ships"] == (entry["recipe"]["network"] in ("default", *SHIPPED_NETWORKS))
        assert Recipe.from_dict(entry["recipe"]) == preset(name)


def test_providers_begin_with_auto() -> None:
    """Then the short names that can be demanded."""
    assert description()["providers"] == ["auto", *PROVIDERS]


def test_describing_loads_nothing_heavy() -> None:
    """An editor that asks at its start does not wait for numpy or ONNX Runtime."""
    code = (
        "import sys; from dreamlayer.core.worker.description import description; description()\n"
        "heavy = {'numpy', 'onnx', 'onnxruntime', 'PIL', 'scipy', 'psutil'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_own_presets_are_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the folder, and a sentence for what is damaged, or too long for a line."""
    monkeypatch.setenv("DREAMLAYER_PRESETS", str(tmp_path))
    (tmp_path / "mine.toml").write_text("title = 'My own'\nsteps = 3")
    (tmp_path / "bad.toml").write_text("steps = 'x'")
    (tmp_path / "brush.json").write_text('{"command": "style", "styles": ["/a.png"]}')
    layers = ", ".join(f"layer_of_a_name_that_is_long_{n}" for n in range(500))
    for number in range(40):
        (tmp_path / f"x{number}.json").write_text(json.dumps({"layers": layers}))
    told = own_description()
    mine = told["presets"]["mine"]
    assert (mine["title"], mine["group"], mine["section"]) == ("My own", "mine", "Your own")
    assert Recipe.from_dict(mine["recipe"]) == Recipe(steps=3)
    assert told["presets_folder"] == str(tmp_path)
    assert list(told["style_presets"]) == ["brush"]
    brush = told["style_presets"]["brush"]
    assert (brush["styles"], brush["style_weights"]) == (["/a.png"], [])
    assert "styles" not in brush["recipe"]
    assert "styles" not in mine
    assert "'bad': steps must be" in told["preset_problems"][0]
    assert "too long" in told["preset_problems"][-1]
    assert len(json.dumps({**description(), **told})) < 2**20
    assert "mine" not in description()["presets"]


@pytest.mark.parametrize("content", [None, "steps = 'x'", "steps = "])
def test_own_preset_that_changes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    """It is left out with a sentence, and the others are described."""
    monkeypatch.setenv("DREAMLAYER_PRESETS", str(tmp_path))
    path = tmp_path / "mine.toml"
    path.write_text("network = 'inception_v3_mixed5'\nlayers = 'mixed4'")
    (tmp_path / "other.toml").write_text("steps = 3")

    def change(network: str) -> bool:
        """What is asked of each preset between looking for its file and reading its recipe."""
        if network == "inception_v3_mixed5":
            path.unlink() if content is None else path.write_text(content)
        return True

    monkeypatch.setattr("dreamlayer.core.worker.description.ships", change)
    told = own_description()
    assert list(told["presets"]) == ["other"]
    assert len(told["preset_problems"]) == 1
    assert "mine" in told["preset_problems"][0]


def test_style_is_described() -> None:
    """In the same form, but for what a request says beside the recipe."""
    told = description()["style"]
    names = [one.name for one in dataclasses.fields(StyleRecipe)]
    kept = [name for name in names if name not in ("styles", "style_weights")]
    assert [one["name"] for one in told["parameters"]] == kept
    types = {one["name"]: one["type"] for one in told["parameters"]}
    assert (types["style_layers"], types["size"], types["square"]) == ("layers", "int", "bool")
    assert set(told["parameters"][0]) == set(description()["parameters"][0])
    assert list(told["presets"]) == list(STYLES.presets())
    for name, one in told["presets"].items():
        assert set(one) == set(description()["presets"]["fur"])
        assert set(one["recipe"]) == set(kept)
        given = {**one["recipe"], "command": "style"}
        assert StyleRecipe.from_dict(given) == STYLES.preset(name)
