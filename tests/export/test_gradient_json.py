"""The JSON beside a gradient model: its entries, and that both files are written or none."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import onnx
import onnxruntime as ort
import pytest
from documents import section, text

from dreamlayer.core.errors import OutputError
from dreamlayer.core.network.network import Network
from dreamlayer.core.recipe.term import Term
from dreamlayer.core.version import VERSION
from dreamlayer.export.gradient import sidecar
from dreamlayer.export.gradient.command import run
from dreamlayer.export.gradient.request import Request


def described(folder: Path, *layers: str, **options: Any) -> dict[str, Any]:
    output = folder / "gradient.onnx"
    list(run(Request("default", layers, output, **options)))
    found: dict[str, Any] = json.loads((folder / "gradient.json").read_text("utf-8"))
    return found


def test_it_says_what_the_model_says(tmp_path: Path) -> None:
    """Names, types and shapes are ONNX Runtime's; the rest is the network's."""
    found = described(tmp_path, "mixed3:0.5:3-4:mean", "mixed1", taps=("mixed0",))
    content = (tmp_path / "gradient.onnx").read_bytes()
    assert found["format"] == 1
    assert (found["file"], found["dreamlayer"]) == ("gradient.onnx", VERSION)
    assert found["sha256"] == hashlib.sha256(content).hexdigest()
    session = ort.InferenceSession(content, providers=["CPUExecutionProvider"])
    for key, infos in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
        assert [one["name"] for one in found[key]] == [info.name for info in infos]
        assert [one["shape"] for one in found[key]] == [list(info.shape) for info in infos]
        assert {one["type"] for one in found[key]} == {"float32"}
    assert found["inputs"][0]["shape"] == ["batch", 3, "height", "width"]
    expected = {"layout": "NCHW", "colors": "RGB", "range": [0, 1], "encoding": "sRGB"}
    assert found["inputs"][0].items() >= expected.items()
    terms = [Term("mixed3", 0.5, (3, 4), "mean"), Term("mixed1")]
    assert [Term.from_dict(entry) for entry in found["objective"]] == terms
    network = Network("inception_v3_mixed5")
    assert found["network"] == {
        "name": network.name,
        "license": network.metadata["dreamlayer.license"],
        "source": network.metadata["dreamlayer.source"],
        "sha256": hashlib.sha256(network.path.read_bytes()).hexdigest(),
    }
    assert found["smallest_side"] == network.geometry(["mixed3", "mixed1", "mixed0"]).minimum
    assert (found["size"], found["side_multiple"]) == (None, 1)
    model = onnx.load_from_string(content)
    assert found["opset"] == model.opset_import[0].version
    assert found["ir_version"] == model.ir_version
    assert (found["variant"], found["folded"]) == ("portable", False)


def test_one_size_is_two_numbers(tmp_path: Path) -> None:
    """Height, then width, and in the shapes too."""
    found = described(tmp_path, "mixed0", size=(96, 80), fold=True, variant="indices")
    assert found["size"] == [96, 80]
    assert [one["shape"] for one in found["outputs"]] == [[], [1, 3, 96, 80]]
    assert (found["variant"], found["folded"]) == ("indices", True)


def test_the_page_explains_each_entry(tmp_path: Path) -> None:
    """No entry is missing in docs/gradients.md."""
    explained = section(text("docs/gradients.md"), "The JSON")
    for key in [*described(tmp_path, "mixed0"), "source", "layer", "license", "reference"]:
        assert f"`{key}`" in explained, key


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("failing", ["gradient.onnx", "gradient.json"])
def test_both_or_neither(
    failing: str, older: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of the files cannot take its name, both are what they were."""
    paths = [tmp_path / name for name in ("gradient.onnx", "gradient.json")]
    if older:
        for path in paths:
            path.write_bytes(b"older")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    rename, link = os.replace, os.link

    def refuse(real: Any) -> Any:
        def change(source: Any, target: Any, **options: Any) -> None:
            if Path(os.fsdecode(target)).name == failing and not refused:
                refused.append(target)
                raise OSError(28, "No space left on device")
            real(source, target, **options)

        return change

    refused: list[Any] = []
    monkeypatch.setattr("dreamlayer.core.files.replacement.os.replace", refuse(rename))
    monkeypatch.setattr("dreamlayer.core.files.replacement.put_in_place", refuse(rename))
    monkeypatch.setattr("dreamlayer.core.files.replacement.os.link", refuse(link))
    monkeypatch.setattr("dreamlayer.core.files.replacement.shutil.copyfileobj", refuse_copy)
    with pytest.raises(OutputError):
        sidecar.write(paths[0], b"model", {"format": 1})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def refuse_copy(*_: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_json_that_cannot_be_written_is_found_before_the_work(tmp_path: Path) -> None:
    """A folder of its name, for example."""
    (tmp_path / "gradient.json").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        described(tmp_path, "mixed0")
    assert not (tmp_path / "gradient.onnx").exists()
