"""The benchmark's numbers become the right report and chart, and its command refuses early."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench_results import CONDITIONS, FAMILY_RESULTS, FAST, OWN, RESULTS
from PIL import Image

from bench.measure.machine import this_machine
from bench.measure.results import (
    best_ratio,
    geometric_mean,
    median_ratio,
)
from bench.report.chart import OTHERS, OURS, panels, write_chart
from bench.report.markdown import report
from bench.report.pictures import overhead
from bench.report.readme_table import BEGIN, END, check, renew
from bench.report.tables import milliseconds


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
