"""Variants of the same gradient, for runtimes that compute one of them correctly or faster."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from dreamlayer.core.autodiff.rules import RULES, kernels, layout, linear, parts, pools, products
from dreamlayer.core.autodiff.rules.activations import activation_rules
from dreamlayer.core.autodiff.rules.einsum import einsum
from dreamlayer.core.autodiff.rules.gates import gate_patterns
from dreamlayer.core.autodiff.rules.masks import MASKS, RAMP, STEEP
from dreamlayer.core.autodiff.rules.rule import Pattern, Rule, Rules, Variadic

INDICES, TAPS, SLICES = "indices", "taps", "slices"
SHARED, OWN = "shared", "own"
TRANSPOSED, SPREAD = "transposed", "spread"
SPLIT, PARTS = "split", "parts"


@dataclass(frozen=True)
class Variant:
    """A form of the gradient; all forms compute the same numbers.

    Attributes
    ----------
    max_pool : str
        `indices`: the pool's Indices output and ScatterElements, for any pool.
        `taps`: each tap of the window compared with the maximum, axis by axis, by depthwise
        convolutions and products, in networks that `passes.transpose` can transpose; `indices` in
        all others. `slices`: each tap sliced out of all windows and compared with the maximum.
    mask : str
        The form of masks, a key of `core.autodiff.rules.masks.MASKS`.
    kernels : str
        Whether the gradient's (transposed) convolution or matrix product reads the forward kernel,
        `shared`, or a copy of its `own`.
    strides : str
        The gradient of depthwise and pointwise convolutions with a stride: `transposed`
        convolutions, or plain ones and zeros between elements, `spread`.
    concat : str
        The gradient of a concatenation: `split`, or where possible computed in `parts`.
    """

    max_pool: str = INDICES
    mask: str = STEEP
    kernels: str = SHARED
    strides: str = TRANSPOSED
    concat: str = SPLIT

    @property
    def rules(self) -> Rules:
        """The table of gradient rules, with this variant's own."""
        masks = MASKS[self.mask]
        max_pool: dict[str, Rule] = {
            INDICES: pools.max_pool,
            TAPS: pools.max_pool_by_taps,
            SLICES: partial(pools.max_pool_by_slices, masks),
        }
        kernel_of = linear.own_kernel if self.kernels == OWN else linear.shared_kernel
        return {
            **RULES,
            **activation_rules(masks),
            "Concat": Variadic(parts.concat_by_parts if self.concat == PARTS else layout.concat),
            "MaxPool": (max_pool[self.max_pool],),
            "MatMul": (
                partial(products.matmul, 0, kernel_of=kernel_of),
                partial(products.matmul, 1, kernel_of=kernel_of),
            ),
            "Gemm": (
                partial(products.gemm_a, kernel_of=kernel_of),
                partial(products.gemm_b, kernel_of=kernel_of),
                products.gemm_c,
            ),
            "Einsum": Variadic(partial(einsum, kernel_of=kernel_of)),
            "Conv": (
                partial(linear.conv_input, kernel_of=kernel_of, spread=self.strides == SPREAD),
                kernels.conv_kernel,
                kernels.conv_bias,
            ),
            "ConvTranspose": (
                partial(linear.conv_transpose_input, kernel_of=kernel_of),
                kernels.conv_transpose_kernel,
                kernels.conv_bias,
            ),
        }

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns of several nodes that have a rule together."""
        return gate_patterns(MASKS[self.mask])


PORTABLE = Variant(max_pool=SLICES, mask=RAMP, kernels=OWN)
"""For exported models: correct in every runtime tested.

OpenVINO computes steep HardSigmoids wrongly, and uses a kernel prepared for a convolution for a
transposed convolution too, and a square matrix for its transpose; WebGPU lacks MaxPool with
Indices.
"""

VARIANTS = {
    "indices": Variant(),
    "blocked": Variant(max_pool=TAPS, strides=SPREAD, concat=PARTS),
    "portable": PORTABLE,
}
"""By their names in `core.runtime.providers`.

On the CPU, ONNX Runtime's pool with indices is a scalar loop outside its blocked layout; the
comparisons of `blocked` stay in that layout. OpenVINO too is fastest with `portable`: indices need
ScatterElements, which it runs on one thread, and it fuses Mul and Min with the product behind them.
"""
