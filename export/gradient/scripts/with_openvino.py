"""Runs a gradient model in the package openvino, on the processor.

python with_openvino.py                prints the version of openvino
python with_openvino.py REQUEST.json   runs the model that the request names
"""

import json
import sys
from pathlib import Path

import numpy as np

# Its package for reports writes into HOME at its import; OpenVINO does without where it is missing.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

try:
    import openvino
except ImportError:
    sys.exit(3)

answer = {"version": openvino.__version__}
if len(sys.argv) > 1:
    path = Path(sys.argv[1])
    request = json.loads(path.read_text())
    feeds = {
        entry["name"]: np.fromfile(path.with_name(entry["file"]), "<f4").reshape(entry["shape"])
        for entry in request["inputs"]
    }
    core = openvino.Core()
    compiled = core.compile_model(request["model"], "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    found = compiled(feeds)
    found["gradient"].astype("<f4").tofile(path.with_name("gradient"))
    answer["loss"] = float(found["loss"])
print(json.dumps(answer))
