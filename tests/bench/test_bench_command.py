"""The command `python -m bench`: it refuses early, measures what is asked for, and writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from bench_results import FAMILY_RESULTS, MACHINE, OWN, RESULTS

from bench import cli as command
from bench.__main__ import main
from bench.errors import UnavailableError
from bench.measure.results import (
    Gradients,
    PictureMeasure,
)
from bench.peers.subjects import Subject
from bench.peers.table import DEVICES, HALF, TF32, Entry, Setting
from dreamlayer.core.runtime.installed import offered


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--layer", "mixed99"], "no layer 'mixed99'"),
        (["--size", "512", "8"], "--size 8 is too small"),
        (["--rounds", "0"], "--rounds must be at least 1"),
        (["--picture-rounds", "0"], "--picture-rounds must be at least 1"),
        (["--threads", "-1"], "--threads must be at least 1"),
        (["--pictures", "1,0"], "--pictures takes megapixels from 0.01 to 1000"),
        (["--output", "no/such/folder/report.md"], "does not exist"),
        (["--chart", "no/such/folder/speed.png"], "does not exist"),
        (["--readme", "LICENSE"], "has no place for the table"),
        (["--readme", "no-such-file"], "cannot be read"),
        (["--python", "openvino=no-such-python"], "is not an interpreter that can be started"),
        (["speed"], "there is no part 'speed'; known are gradients, families, pictures, profile"),
    ],
)
def test_command_refuses_before_it_measures(
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bad options get one sentence and exit code 2, at once."""
    monkeypatch.setattr(command, "check_first", lambda *_: None)
    monkeypatch.setattr(command, "measure", lambda *_, **__: pytest.fail("it measured"))
    assert main(arguments) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("value", ["jax=python", "openvino"])
def test_python_of_an_unknown_group_is_refused(
    value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The groups that there are get named."""
    with pytest.raises(SystemExit):
        main(["--python", value])
    assert "GROUP is one of cpu, openvino, torch" in capsys.readouterr().err


def test_command_prints_writes_and_draws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--output` gets what the terminal shows, `--chart` a drawing of it."""
    asked: list[object] = []
    rows = [Entry(OWN, "", provider="cpu"), Entry("Other", ""), Entry("Absent", "")]
    monkeypatch.setattr(command, "chosen", lambda *_: rows)
    monkeypatch.setattr(command, "check_first", lambda *_: None)
    monkeypatch.setattr(command, "measure", lambda *_, **__: RESULTS.gradients)
    monkeypatch.setattr(command, "measure_peaks", lambda entries: asked.append(entries) or {})
    monkeypatch.setattr(command, "measure_pictures", lambda *_, **__: RESULTS.pictures)
    monkeypatch.setattr(command, "measure_profiles", lambda *_, **__: RESULTS.profiles)
    path, drawing = tmp_path / "report.md", tmp_path / "speed.png"
    parts = ["gradients", "pictures", "profile", "--layer", "mixed4:0.5"]
    assert main([*parts, "--output", str(path), "--chart", str(drawing)]) == 0
    shown = capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == shown
    assert "- Objective on inception_v3_mixed5: mixed4:0.5" in shown
    assert drawing.exists()
    assert len(asked) == 1


def test_parts_are_measured_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m bench profile` times no gradient and makes no picture."""
    rounds: list[object] = []

    def measured(*arguments: object, **_: object) -> Gradients:
        rounds.append(arguments[2])
        return RESULTS.gradients

    monkeypatch.setattr(command, "check_first", lambda *_: None)
    monkeypatch.setattr(command, "measure", measured)
    monkeypatch.setattr(command, "measure_pictures", lambda *_, **__: pytest.fail("a picture"))
    monkeypatch.setattr(command, "measure_profiles", lambda *_, **__: RESULTS.profiles)
    assert main(["profile"]) == 0
    assert rounds == [0]
    text = capsys.readouterr().out
    assert "## Where our own time goes" in text
    assert "## Gradients" not in text


def test_rows_that_compute_something_else_make_no_pictures(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of their own network's objective; the pictures' table says why."""
    (measured,) = RESULTS.gradients.measures
    wrong = replace(measured, subject="default", failed={"Other": "it differs"})
    found = replace(RESULTS.gradients, measures=[wrong])
    unfit: list[object] = []

    def made(*_: object, **options: object) -> list[PictureMeasure]:
        unfit.append(options["unfit"])
        return []

    monkeypatch.setattr(command, "check_first", lambda *_: None)
    monkeypatch.setattr(command, "measure", lambda *_, **__: found)
    monkeypatch.setattr(command, "measure_pictures", made)
    assert main(["pictures"]) == 0
    assert unfit == [{"Other": "it differs"}]
    assert "# dreamlayer" in capsys.readouterr().out


def test_families_are_made_in_the_folder_and_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--families` keeps their files, `--subject` chooses among them, `--size` their tiles."""
    asked: list[object] = []
    monkeypatch.setattr(command, "write", lambda *arguments: asked.append(arguments))

    def measured(_: object, subjects: Sequence[Subject], *__: object, **___: object) -> Gradients:
        asked.append([(one.name, one.folder, one.sides) for one in subjects])
        return FAMILY_RESULTS.gradients

    monkeypatch.setattr(command, "check_first", lambda *_: None)
    monkeypatch.setattr(command, "measure", measured)
    options = ["--subject", "vgg16", "--subject", "default", "--size", "128"]
    assert main(["families", "--families", str(tmp_path), *options]) == 0
    assert asked[:2] == [(tmp_path, ["vgg16"]), [("vgg16", tmp_path, (128,))]]
    assert "- Objective on the families: middle + late" in capsys.readouterr().out


def test_families_without_torchvision_are_left_out_unless_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m bench` measures the rest; `python -m bench families` ends with the reason."""

    def refuse(*_: object) -> None:
        raise UnavailableError("torchvision is not installed")

    monkeypatch.setattr(command, "write", refuse)
    monkeypatch.setattr(command, "check_first", lambda *_: None)
    monkeypatch.setattr(command, "measure", lambda *_, **__: RESULTS.gradients)
    for name, empty in (("peaks", {}), ("pictures", []), ("profiles", [])):
        monkeypatch.setattr(command, f"measure_{name}", lambda *_, found=empty, **__: found)
    assert main([]) == 0
    assert "bench: no families: torchvision is not installed" in capsys.readouterr().err
    assert main(["families"]) == 2
    assert "python -m bench: torchvision is not installed" in capsys.readouterr().err


def test_without_a_gpu_one_sentence_says_what_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--device cuda` on a machine without it ends at once, with our own provider's reason."""
    if "cuda" in offered():
        pytest.skip("this ONNX Runtime was built with CUDA")
    assert main(["--device", "cuda"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(
        "python -m bench: nothing can be measured: dreamlayer, CUDA: provider 'cuda' is"
    )
    assert said.count("\n") == 1


def test_gpu_rows_go_the_same_way(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole command with peers in place of those that need a GPU."""
    gpu = Setting(device="cuda")
    rows = (
        Entry("dreamlayer, CUDA", "fake_bench:good", gpu, provider="cuda"),
        Entry("dreamlayer, CUDA fast", "fake_bench:good", replace(gpu, precision=HALF), "cuda"),
        Entry("PyTorch eager, TF32", "fake_bench:near", replace(gpu, precision=TF32), "torch"),
        Entry("PyTorch eager", "fake_bench:near", gpu, "torch"),
    )
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1] / "support"))
    monkeypatch.setitem(DEVICES, "cuda", rows)
    monkeypatch.setattr(command, "this_machine", lambda: MACHINE)
    monkeypatch.setattr(command, "measure_peaks", lambda _: {("TF32", "torch"): 4e14})
    arguments = ["gradients", "--device", "cuda", "--rounds", "1", "--size", "107"]
    arguments += ["--subject", "inception"]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "- GPU: A card\n" in text
    assert "torch 400000 in TF32" in text
    # Products of less precision may be further away than float32.
    assert "| PyTorch eager, TF32 | 0.0" in text
    assert "| PyTorch eager | not measured |" in text
    assert "- PyTorch eager: it differs from ours on 107 × 107" in text
