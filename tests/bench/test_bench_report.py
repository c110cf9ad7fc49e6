"""The benchmark's numbers become the right report and chart, and its command refuses early."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench import cli as command
from bench.__main__ import main
from bench.measure.agreement import Agreement
from bench.measure.machine import Machine, this_machine
from bench.measure.profile import NETWORK, PARTS, START
from bench.measure.results import (
    Conditions,
    Measure,
    PictureMeasure,
    Profile,
    Results,
    Run,
    median_ratio,
)
from bench.peers.table import DEVICES, HALF, TF32, Entry, Setting
from bench.report.chart import OTHERS, OURS, panels, write_chart
from bench.report.markdown import report
from bench.report.pictures import overhead
from bench.report.readme_table import BEGIN, END, check, renew
from dreamlayer.core.runtime.installed import offered

OWN = "dreamlayer, ONNX Runtime"
SECONDS = dict.fromkeys([*PARTS, START], 1.0) | {NETWORK: 93.0}
RESULTS = Results(
    labels=[OWN, "Other", "Absent"],
    precisions=dict.fromkeys([OWN, "Other", "Absent"], "float32"),
    ours=[OWN],
    versions={OWN: "onnxruntime 1.20.0", "Other": "other 2.0, onnxruntime 1.20.0"},
    missing={"Absent": "not installed"},
    agreements=[Agreement("Other", 299, 1.2e-7, 0.99999999)],
    gradients=[
        Measure(
            "Seconds per gradient, tile of 299 × 299",
            {OWN: [0.1, 0.2, 0.1], "Other": [0.15, 0.3, 0.25]},
            operations=1e10,
        )
    ],
    step=Measure("Seconds per octave step and megapixel", {OWN: [1.0], "Other": [1.5]}),
    memory={OWN: 300 * 2**20, "Other": None},
    overheads={OWN: 0.034},
    peaks={("float32", "numpy"): 1e11, ("float32", "torch"): 2e11},
    pictures=[
        PictureMeasure(1000, 1000, 5, {OWN: [Run(10.0, 2**29)], "Other": [Run(15.0, None)]}),
        PictureMeasure(
            4000,
            3000,
            5,
            {OWN: [Run(126.0, 2**30)]},
            failed={"Other": "the process ended with exit code -9: no memory"},
        ),
    ],
    profiles=[Profile(OWN, 1024, 1024, 5, SECONDS)],
)
MACHINE = Machine("A processor", 2, "Linux x86_64, Python 3.11.7", 24 * 2**30, "A card")
CONDITIONS = Conditions(MACHINE, ["mixed3", "mixed5"], threads=2, rounds=3)


def test_ratio_is_taken_within_rounds() -> None:
    """A round in which the machine was slow for all does not move the ratio."""
    assert median_ratio([2.0, 20.0, 3.0], [1.0, 10.0, 2.0]) == 2.0


def test_report_shows_medians_ranges_ratios_shares_and_what_is_missing() -> None:
    """The tables hold these very numbers, in the order of the rows."""
    text = report(RESULTS, CONDITIONS)
    times = """\
|  | median | range | ÷ ONNX Runtime | share of peak |
| --- | ---: | ---: | ---: | ---: |
| dreamlayer, ONNX Runtime | 0.100 | 0.100 to 0.200 | 1.00 | 50% |
| Other | 0.250 | 0.150 to 0.300 | 1.50 | 20% |
| Absent | not measured | – | – | – |
"""
    memory = """\
|  | MiB |
| --- | ---: |
| dreamlayer, ONNX Runtime | 300 |
| Other | not known |
| Absent | not measured |
"""
    assert times in text
    assert memory in text
    assert "| Other | 299 × 299 | 1.2e-07 | 0.99999999 |" in text
    assert "- Machine: A processor, 2 cores, 24 GiB; Linux x86_64, Python 3.11.7\n" in text
    assert "- Versions: onnxruntime 1.20.0, other 2.0\n" in text
    assert "- Objective: mixed3 + mixed5 on inception_v3_mixed5\n- 2 threads each, 3 rounds" in text
    assert "- Absent: not installed\n" in text
    assert "where the loop is ours: dreamlayer, ONNX Runtime 3.4%." in text
    assert "GFLOP/s: numpy 100 in float32, torch 200 in float32." in text
    assert "10.00 for the tile of 299 × 299" in text
    assert "GPU" not in text.partition("## ")[0]


def test_report_shows_pictures_and_their_growth() -> None:
    """Seconds, ratio, seconds per megapixel and memory; who failed has a reason."""
    text = report(RESULTS, CONDITIONS)
    assert "### 1.00 megapixels: 1000 × 1000" in text
    assert "| dreamlayer, ONNX Runtime | 10.0 | 1.00 | 10.00 | 512 | – |" in text
    assert "| Other | 15.0 | 1.50 | 15.00 | not known | – |" in text
    assert "- Other: the process ended with exit code -9: no memory" in text
    assert "| dreamlayer, ONNX Runtime | 10.00 | 10.50 | +5% |" in text


def test_report_shows_where_our_time_goes() -> None:
    """The start of the process is no part of what the network is compared with."""
    text = report(RESULTS, CONDITIONS)
    assert "| network | 93.00 s, 92.1% |" in text
    assert overhead(RESULTS.profiles[0]) == pytest.approx(1 - 93 / 99)
    assert "| **not the network** | **6.1%** |" in text


def test_report_of_a_gpu_names_it() -> None:
    """On a GPU the processor alone would say nothing."""
    text = report(RESULTS, replace(CONDITIONS, device="cuda"))
    assert "\n- GPU: A card\n" in text


def test_report_of_some_parts_has_no_others() -> None:
    """Where only the profile was asked for, no empty tables are left."""
    alone = replace(
        RESULTS, agreements=[], gradients=[], step=None, memory={}, overheads={}, pictures=[]
    )
    text = report(alone, CONDITIONS)
    titles = [line for line in text.splitlines() if line.startswith("#")]
    assert titles[1:] == ["## Where our own time goes"]


def test_panels_are_sorted_with_ratios() -> None:
    """The fastest first; ours has its own colour; the picture that most have made is shown."""
    gradient, step, picture = panels(RESULTS)
    assert [bar.label for bar in gradient.bars] == [OWN, "Other"]
    assert [bar.ratio for bar in step.bars] == [1.0, 1.5]
    assert [bar.color for bar in picture.bars] == [OURS, OTHERS]
    assert "1000 × 1000" in picture.title


def test_chart_is_a_picture_with_its_numbers_as_text(tmp_path: Path) -> None:
    """Bars in the colours of the rows; the numbers for those who cannot see them."""
    write_chart(RESULTS, CONDITIONS, tmp_path / "speed.png")
    with Image.open(tmp_path / "speed.png") as image:
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
        facts = image.info["Description"]
    for color in (OURS, OTHERS):
        assert (pixels == color).all(axis=1).any()
    assert "dreamlayer, ONNX Runtime 0.100" in facts


def test_readme_gets_its_table_between_the_marks(tmp_path: Path) -> None:
    """What is around stays; a second time it is replaced."""
    path = tmp_path / "README.md"
    path.write_text(f"before\n\n{BEGIN}\n{END}\n\nafter\n", encoding="utf-8")
    renew(path, RESULTS)
    once = path.read_text(encoding="utf-8")
    renew(path, RESULTS)
    assert path.read_text(encoding="utf-8") == once
    assert once.startswith(
        f"before\n\n{BEGIN}\n\n| seconds (ratio) | gradient, tile of 299 × 299 |"
    )
    assert "| Other | 0.25 (1.50) | 1.5 (1.50) | 15 (1.50) |" in once
    assert "Absent" not in once
    assert once.endswith(f"|\n\n{END}\n\nafter\n")


def test_our_readme_has_the_marks() -> None:
    """The command of the README finds where to put its table."""
    check(Path(__file__).parents[2] / "README.md")


def test_this_machine_is_described() -> None:
    """Nothing of it is empty but the GPU."""
    machine = this_machine()
    assert machine.processor
    assert machine.cores >= 1
    assert machine.memory > 2**28


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
        (["speed"], "there is no part 'speed'; known are gradients, pictures, profile"),
    ],
)
def test_command_refuses_before_it_measures(
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Bad options get one sentence and exit code 2, at once."""
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
    monkeypatch.setattr(command, "measure", lambda *_, **__: RESULTS)
    monkeypatch.setattr(command, "measure_peaks", lambda entries: asked.append(entries) or {})
    monkeypatch.setattr(command, "measure_pictures", lambda *_, **__: RESULTS.pictures)
    monkeypatch.setattr(command, "measure_profiles", lambda *_, **__: RESULTS.profiles)
    path, drawing = tmp_path / "report.md", tmp_path / "speed.png"
    arguments = ["--layer", "mixed4:0.5", "--output", str(path), "--chart", str(drawing)]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == shown
    assert "- Objective: mixed4:0.5 on inception_v3_mixed5" in shown
    assert drawing.exists()
    assert len(asked) == 1


def test_parts_are_measured_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`python -m bench profile` times no gradient and makes no picture."""
    asked: list[object] = []

    def measured(*arguments: object, **_: object) -> Results:
        asked.append(arguments[2])
        return none

    none = replace(RESULTS, gradients=[], step=None, pictures=[], profiles=[], peaks={})
    monkeypatch.setattr(command, "measure", measured)
    monkeypatch.setattr(command, "measure_pictures", lambda *_, **__: pytest.fail("a picture"))
    monkeypatch.setattr(command, "measure_profiles", lambda *_, **__: RESULTS.profiles)
    assert main(["profile"]) == 0
    assert asked == [()]
    assert "## Where our own time goes" in capsys.readouterr().out


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
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "- GPU: A card\n" in text
    assert "torch 400000 in TF32" in text
    # Products of less precision may be further away than float32.
    assert "| PyTorch eager, TF32 | 0.000 |" in text
    assert "| PyTorch eager | not measured |" in text
    assert "- PyTorch eager: it differs from ours on 107 × 107" in text
