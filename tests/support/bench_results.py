"""Results of the benchmark with simple numbers, for the tests of its report and its command."""

from __future__ import annotations

from bench.measure.agreement import Agreement
from bench.measure.machine import Machine
from bench.measure.profile import NETWORK, PARTS, START
from bench.measure.results import (
    Conditions,
    Gradients,
    Measure,
    PictureMeasure,
    Profile,
    Results,
    Run,
)
from bench.peers.table import FULL, HALF

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
