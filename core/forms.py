"""Which form of an operator's gradient a provider runs fastest: one table, found by measuring."""

from __future__ import annotations

from dataclasses import dataclass

INDICES, TAPS = "indices", "taps"
SLOPE, RAMP = "slope", "ramp"


@dataclass(frozen=True)
class Forms:
    """Ways to write a gradient that give the same numbers.

    Attributes
    ----------
    max_pool : str
        `indices`: the pool's own Indices output and ScatterElements, right for every pool.
        `taps`: each tap of the window compared with the maximum, axis by axis, by depthwise
        convolutions and products, in networks that `core.turning` turns over; the others go by
        `indices`.
    mask : str
        How to tell what is above zero from zero, nothing being below it: `slope`, by a HardSigmoid
        so steep that it is a step, or `ramp`, by such a ramp of its own operators.
    """

    max_pool: str = INDICES
    mask: str = SLOPE


PORTABLE = Forms()
"""For models that leave this machine."""

FORMS = {"cpu": Forms(max_pool=TAPS), "openvino": Forms(mask=RAMP)}
"""By short name of the provider; those not named take `PORTABLE`.

CPU: ONNX Runtime's pool with indices is a loop over single numbers, outside the blocked layout;
the comparisons stay in it. OpenVINO: HardSigmoid is wrong for such slopes (2025.4: the gradient had
nothing to do with the right one); product and minimum it does in one pass with the product that
follows. Taps are no faster there, and wrong in bfloat16, where what goes into pools is rounded and
what goes into convolutions is not.
"""


def forms_of(provider: str) -> Forms:
    """The forms for a provider, by its short name."""
    return FORMS.get(provider, PORTABLE)
