"""Ways to write the same gradient: which a runtime gets right, and which it runs fastest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from dreamlayer.core.autodiff.rules import RULES, elementwise, linear, pools
from dreamlayer.core.autodiff.rules.rule import WEIGHTS, Rule, Rules

INDICES, TAPS, SLICES = "indices", "taps", "slices"
SLOPE, RAMP = "slope", "ramp"
SHARED, OWN = "shared", "own"


@dataclass(frozen=True)
class Variant:
    """Ways to write a gradient that give the same numbers.

    Attributes
    ----------
    max_pool : str
        `indices`: the pool's own Indices output and ScatterElements, right for every pool.
        `taps`: each tap of the window compared with the maximum, axis by axis, by depthwise
        convolutions and products, in networks that `passes.transpose` turns over; the others go by
        `indices`. `slices`: each tap sliced out of all windows and compared with the maximum.
    mask : str
        How to tell what is above zero from zero, nothing being below it: `slope`, by a HardSigmoid
        so steep that it is a step, or `ramp`, by such a ramp of its own operators.
    kernels : str
        Whether a transposed convolution reads the tensor of the convolution that it belongs to, or
        the other way round, `shared`, or one of its `own`.
    """

    max_pool: str = INDICES
    mask: str = SLOPE
    kernels: str = SHARED

    @property
    def rules(self) -> Rules:
        """The table of gradient rules, with those that this variant writes in its own way."""
        mask = elementwise.ramp_mask if self.mask == RAMP else elementwise.step_mask
        max_pool: dict[str, Rule] = {
            INDICES: pools.max_pool,
            TAPS: pools.max_pool_by_taps,
            SLICES: partial(pools.max_pool_by_slices, mask=mask),
        }
        kernel_of = linear.own_kernel if self.kernels == OWN else linear.shared_kernel
        return {
            **RULES,
            "Relu": (partial(elementwise.relu, mask=mask),),
            "MaxPool": (max_pool[self.max_pool],),
            "Conv": (partial(linear.conv_input, kernel_of=kernel_of), WEIGHTS, WEIGHTS),
            "ConvTranspose": (
                partial(linear.conv_transpose_input, kernel_of=kernel_of),
                WEIGHTS,
                WEIGHTS,
            ),
        }


PORTABLE = Variant(max_pool=SLICES, mask=RAMP, kernels=OWN)
"""For models that leave this machine: right in every runtime that it was tried in.

OpenVINO computes HardSigmoid wrong for steep slopes, and what it prepares of a kernel for a
convolution it also takes for a transposed one; WebGPU has no MaxPool with Indices.
"""

VARIANTS = {"indices": Variant(), "blocked": Variant(max_pool=TAPS), "portable": PORTABLE}
"""By the name that `core.runtime.providers` has for them.

On the CPU, ONNX Runtime's pool with indices is a loop over single numbers outside its blocked
layout; the comparisons of `blocked` stay in it. OpenVINO is fastest with `portable` too: indices
need ScatterElements, which it runs on one thread; product and minimum are one pass with the
product that follows.
"""
