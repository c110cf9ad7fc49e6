"""The benchmark's numbers become the right report and chart, and its command refuses early."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench import cli as command
from bench.__main__ import main
from bench.errors import UnavailableError
from bench.measure.agreement import Agreement
from bench.measure.machine import Machine, this_machine
from bench.measure.profile import NETWORK, PARTS, START
from bench.measure.results import (
    Conditions,
    Gradients,
    Measure,
    PictureMeasure,
    Profile,
    Results,
    Run,
    best_ratio,
    geometric_mean,
    median_ratio,
)
from bench.peers.subjects import Subject
from bench.peers.table import DEVICES, FULL, HALF, TF32, Entry, Setting
from bench.report.chart import OTHERS, OURS, panels, write_chart
from bench.report.markdown import report
from bench.report.pictures import overhead
from bench.report.readme_table import BEGIN, END, check, renew
from bench.report.tables import milliseconds
from dreamlayer.core.runtime.sessions import offered

OWN, FAST, FOLDED, HALVED = (
    "dreamlayer, ONNX Runtime",
    "dreamlayer, OpenVINO fast",
    "PyTorch folded",
    "PyTorch folded, bf16",
)
LABELS = [OWN, "Other", "Absent"]
SECONDS = dict.fromkeys([*PARTS, START], 1.0) | {NETWORK: 93.0}
RESULTS = Results(
    labels=LABELS,
    precisions=dict.fromkeys(LABELS, "float32"),
    ours=[OWN],
    gradients=Gradients(
        versions={OWN: "onnxruntime 1.20.0", "Other": "other 2.0, onnxruntime 1.20.0"},
        missing={"Absent": "not installed"},
        measures=[
            Measure(
                "inception",
                "inception_v3_mixed5",
                299,
                {OWN: [0.1, 0.2, 0.1], "Other": [0.15, 0.3, 0.25]},
                {"Other": Agreement("Other", 299, 1.2e-7, 0.99999999)},
                operations=1e10,
            )
        ],
        memory={OWN: 300 * 2**20, "Other": None},
    ),
    peaks={("float32", "numpy"): 1e11, ("float32", "torch"): 2e11},
    pictures=[
        PictureMeasure(
            1000,
            1000,
            5,
            {
                OWN: [Run(10.0, 2**29), Run(12.0, 2**29)],
                "Other": [Run(15.0, None), Run(24.0, None)],
            },
        ),
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
FAMILY_RESULTS = Results(
    labels=[OWN, FAST, FOLDED, "PyTorch eager", HALVED, "Other"],
    precisions={OWN: FULL, FAST: HALF, FOLDED: FULL, "PyTorch eager": FULL, HALVED: HALF}
    | {"Other": FULL},
    ours=[OWN, FAST],
    gradients=Gradients(
        versions={},
        missing={},
        measures=[
            Measure(
                name,
                name,
                256,
                {
                    OWN: [0.1, 0.1],
                    FAST: [0.05, 0.05],
                    FOLDED: [folded, 0.9 * folded],
                    "PyTorch eager": [eager, eager],
                    HALVED: [0.1, 0.1],
                },
                {HALVED: Agreement(HALVED, 256, 1e-3, 0.5, HALF, random=True)},
                failed={"Other": "does not know Erf"},
                family=True,
            )
            for name, folded, eager in (("resnet50", 0.2, 0.3), ("vgg16", 0.4, 0.05))
        ],
        memory={},
    ),
)
MACHINE = Machine("A processor", 2, "Linux x86_64, Python 3.11.7", 24 * 2**30, "A card")
CONDITIONS = Conditions(MACHINE, {"inception_v3_mixed5": ["mixed3", "mixed5"]}, threads=2, rounds=3)


def test_ratio_is_taken_within_rounds() -> None:
    """A round in which the machine was slow for all does not move the ratio."""
    assert median_ratio([2.0, 20.0, 3.0], [1.0, 10.0, 2.0]) == 2.0


def test_report_shows_medians_ranges_ratios_shares_and_what_is_missing() -> None:
    """The tables hold these very numbers, in the order of the rows."""
    text = report(RESULTS, CONDITIONS)
    times = """\
| milliseconds | median | best | ÷ ONNX Runtime (best) | cosine | share of peak |
| --- | ---: | ---: | ---: | ---: | ---: |
| dreamlayer, ONNX Runtime | 100 | 100 | 1.00 (1.00) | – | 50% |
| Other | 250 | 150 | 1.50 (1.50) | 1.000000 | 20% |
| Absent | not measured | – | – | – | – |
"""
    memory = """\
|  | MiB |
| --- | ---: |
| dreamlayer, ONNX Runtime | 300 |
| Other | not known |
"""
    assert times in text
    assert memory in text
    assert "### inception_v3_mixed5, tile of 299 × 299" in text
    assert "- Machine: A processor, 2 cores, 24 GiB; Linux x86_64, Python 3.11.7\n" in text
    assert "- Versions: onnxruntime 1.20.0, other 2.0\n" in text
    assert "- Objective on inception_v3_mixed5: mixed3 + mixed5\n- 2 threads each, 3 rounds" in text
    assert "- Absent: not installed\n" in text
    assert "GFLOP/s: numpy 100 in float32, torch 200 in float32." in text
    assert "10.00 for inception_v3_mixed5 at 299 × 299" in text
    assert "GPU" not in text.partition("## ")[0]


def test_report_shows_pictures_and_their_growth() -> None:
    """Seconds, ratio, seconds per megapixel and memory; who failed has a reason."""
    text = report(RESULTS, CONDITIONS)
    assert "### 1.00 megapixels: 1000 × 1000" in text
    assert "| dreamlayer, ONNX Runtime | 11.0 | 10.0 | 1.00 (1.00) | 11.00 | 512 | – |" in text
    assert "| Other | 19.5 | 15.0 | 1.75 (1.50) | 19.50 | not known | – |" in text
    assert "- Other: the process ended with exit code -9: no memory" in text
    assert "| seconds per megapixel | 1.0 MP | 12.0 MP | growth |" in text
    assert "| dreamlayer, ONNX Runtime | 11.00 | 10.50 | -5% |" in text


def test_report_shows_where_our_time_goes() -> None:
    """The start of the process is no part of what the network is compared with."""
    text = report(RESULTS, CONDITIONS)
    assert "| network | 93.00 s, 91.2% |" in text
    assert overhead(RESULTS.profiles[0]) == pytest.approx(1 - 93 / 100)
    assert "| **not the network** | **7.0%** |" in text


def test_report_of_a_gpu_names_it() -> None:
    """On a GPU the processor alone would say nothing."""
    text = report(RESULTS, replace(CONDITIONS, device="cuda"))
    assert "\n- GPU: A card\n" in text


def test_report_of_some_parts_has_no_others() -> None:
    """Where only the profile was asked for, no empty tables are left."""
    alone = replace(RESULTS, gradients=replace(RESULTS.gradients, measures=[]), pictures=[])
    text = report(alone, CONDITIONS)
    titles = [line for line in text.splitlines() if line.startswith("#")]
    assert titles[1:] == ["## Where our own time goes"]


def test_families_are_beside_the_fastest_of_pytorch() -> None:
    """Its fastest way for each network and precision, ratios, and their geometric mean."""
    text = report(FAMILY_RESULTS, CONDITIONS)
    beside = """\
| milliseconds | ONNX Runtime | PyTorch's fastest float32 | ratio (best) | OpenVINO fast \
| PyTorch's fastest bf16 | ratio (best) |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| resnet50 | 100 | 190, folded | 1.90 (1.80) | 50 | 100, folded, bf16 | 2.00 (2.00) |
| vgg16 | 100 | 50, eager | 0.50 (0.50) | 50 | 100, folded, bf16 | 2.00 (2.00) |
| **geometric mean** |  |  | **0.97 (0.95)** |  |  | **2.00 (2.00)** |
"""
    assert beside in text
    assert "|  | resnet50 | vgg16 | geometric mean |" in text
    assert "| PyTorch eager | 3.00 | 0.50 | **1.22** |" in text
    assert "- Other: does not know Erf" in text
    assert "PyTorch folded, bf16 0.500, 0.500" in text


def test_family_that_pytorch_lacks_leaves_the_mean_of_the_others() -> None:
    """A row that is missing for one network has no mean; the table goes on."""
    first, second = FAMILY_RESULTS.gradients.measures
    second = replace(second, seconds={OWN: [0.1, 0.1], "PyTorch eager": [0.05, 0.05]})
    gradients = replace(FAMILY_RESULTS.gradients, measures=[first, second])
    text = report(replace(FAMILY_RESULTS, gradients=gradients), CONDITIONS)
    assert "| vgg16 | 100 | 50, eager | 0.50 (0.50) | – | – | – |" in text
    assert "| PyTorch folded | 1.90 | – | – |" in text


def test_geometric_mean_of_ratios() -> None:
    """Twice as fast and half as fast are as fast."""
    assert geometric_mean([2.0, 0.5]) == pytest.approx(1)


def test_best_ratio_is_of_the_best_rounds() -> None:
    """Whichever rounds those were."""
    assert best_ratio([2.0, 9.0], [8.0, 1.0]) == 2.0


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.00123, "1.23"), (0.0456, "45.6"), (0.09996, "100"), (1.5, "1500")]
)
def test_milliseconds_have_three_digits(seconds: float, text: str) -> None:
    """Or all before the point."""
    assert milliseconds(seconds) == text


def test_panels_are_sorted_with_ratios() -> None:
    """The fastest first; ours has its own color; the picture that most have made is shown."""
    gradient, picture = panels(RESULTS)
    assert [bar.label for bar in gradient.bars] == [OWN, "Other"]
    assert [bar.ratio for bar in gradient.bars] == pytest.approx([1.0, 1.5])
    assert [bar.best for bar in gradient.bars] == [0.1, 0.15]
    assert [bar.color for bar in picture.bars] == [OURS, OTHERS]
    assert "1000 × 1000" in picture.title


def test_panel_of_the_families_is_their_mean() -> None:
    """Geometric means of times and ratios, of the rows that have all networks."""
    (panel,) = panels(FAMILY_RESULTS)
    assert "geometric mean of 2 networks of torchvision, tile of 256 × 256" in panel.title
    assert panel.bars[0].label == FAST
    eager = next(bar for bar in panel.bars if bar.label == "PyTorch eager")
    assert eager.seconds == pytest.approx((0.3 * 0.05) ** 0.5)
    assert eager.ratio == pytest.approx(1.5**0.5)


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
        f"before\n\n{BEGIN}\n\n| seconds: median, best (ratio) | gradient, inception_v3_mixed5, "
        "tile of 299 × 299 |"
    )
    assert "| Other | 0.25, 0.15 (1.50) | 19.5, 15 (1.75) |" in once
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
