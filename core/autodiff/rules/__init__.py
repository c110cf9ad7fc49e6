"""The table of gradient rules of all operators; `rule` defines what a rule is.

Every operator is in one of three states: it has a rule (`RULES`), its gradient is zero wherever it
exists (`ZERO_GRADIENT`), or it is refused with a reason (`REFUSED`, and all operators that are not
listed).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from dreamlayer.core.autodiff.rules import elementwise, linear, pools, reduce_norm
from dreamlayer.core.autodiff.rules import layout as moves
from dreamlayer.core.autodiff.rules.activations import activation_rules
from dreamlayer.core.autodiff.rules.elementwise import call, each, slope
from dreamlayer.core.autodiff.rules.masks import MASKS, STEEP
from dreamlayer.core.autodiff.rules.rule import WEIGHTS, ZERO, Rules, Unless, Variadic
from dreamlayer.core.graph.ops import where

SPLIT: Any = moves.split

RULES: Rules = {
    # copies of the input
    "Identity": (moves.identity,),
    "Dropout": (moves.dropout, ZERO, ZERO),
    "Cast": (Unless(elementwise.to_integer, elementwise.cast_back),),
    # arithmetic
    "Neg": (lambda g, ans, x, a: -g,),
    "Add": each(lambda g, ans, x, a: g, lambda g, ans, x, a: g),
    "Sub": each(lambda g, ans, x, a: g, lambda g, ans, x, a: -g),
    "Mul": (partial(elementwise.product, 0), partial(elementwise.product, 1)),
    "Div": each(lambda g, ans, x, a: g / x[1], lambda g, ans, x, a: -g * ans / x[1]),
    "Pow": each(elementwise.power, elementwise.power_exponent),
    "Abs": (slope(lambda x, y: call("Sign", x)),),
    "Exp": (slope(lambda x, y: y),),
    "Log": (lambda g, ans, x, a: g / x[0],),
    "Sqrt": (lambda g, ans, x, a: 0.5 * g / ans,),
    "Reciprocal": (slope(lambda x, y: -y * y),),
    "Sin": (slope(lambda x, y: call("Cos", x)),),
    "Cos": (slope(lambda x, y: -call("Sin", x)),),
    "Erf": (slope(lambda x, y: 2 / math.sqrt(math.pi) * call("Exp", -x * x)),),
    "Sum": Variadic(elementwise.summed),
    "Mean": Variadic(elementwise.averaged),
    "Max": Variadic(elementwise.extreme),
    "Min": Variadic(elementwise.extreme),
    "Where": (
        ZERO,
        elementwise.broadcast(lambda g, ans, x, a: where(x[0], g, 0.0), 1),
        elementwise.broadcast(lambda g, ans, x, a: where(x[0], g * 0.0, g), 2),
    ),
    # activations
    **activation_rules(MASKS[STEEP]),
    "Softmax": (elementwise.softmax,),
    "LogSoftmax": (elementwise.log_softmax,),
    # elements moved, copied, selected or interpolated
    "Reshape": (moves.reshaped, ZERO),
    "Flatten": (moves.reshaped,),
    "Squeeze": (moves.reshaped, ZERO),
    "Unsqueeze": (moves.reshaped, ZERO),
    "Transpose": (moves.transpose,),
    "Expand": (moves.expand, ZERO),
    "Concat": Variadic(moves.concat),
    "Split": (SPLIT, ZERO),
    "Slice": (moves.slice_, ZERO, ZERO, ZERO, ZERO),
    "Gather": (moves.gather, ZERO),
    "Pad": (moves.pad, ZERO, WEIGHTS, ZERO),
    "DepthToSpace": (moves.depth_to_space,),
    "SpaceToDepth": (moves.space_to_depth,),
    "Resize": (moves.resize, ZERO, ZERO, ZERO),
    # reductions
    "ReduceSum": (reduce_norm.reduce_sum, ZERO),
    "ReduceMean": (reduce_norm.reduce_mean, ZERO),
    "ReduceMax": (reduce_norm.reduce_extreme, ZERO),
    "ReduceMin": (reduce_norm.reduce_extreme, ZERO),
    "ReduceSumSquare": (reduce_norm.reduce_sum_square, ZERO),
    "ReduceL1": (reduce_norm.reduce_l1, ZERO),
    "ReduceL2": (reduce_norm.reduce_l2, ZERO),
    "ReduceLogSumExp": (reduce_norm.reduce_log_sum_exp, ZERO),
    # matrix products and convolutions
    "MatMul": (
        lambda g, ans, x, a: linear.matmul(0, g, ans, x, a),
        lambda g, ans, x, a: linear.matmul(1, g, ans, x, a),
    ),
    "Gemm": (linear.gemm_a, linear.gemm_b, linear.gemm_c),
    "Conv": (linear.conv_input, WEIGHTS, WEIGHTS),
    "ConvTranspose": (linear.conv_transpose_input, WEIGHTS, WEIGHTS),
    # pools
    "MaxPool": (pools.max_pool,),
    "AveragePool": (pools.average_pool,),
    "GlobalMaxPool": (pools.global_max_pool,),
    "GlobalAveragePool": (pools.global_average_pool,),
    # normalizations
    "BatchNormalization": (reduce_norm.batch_normalization, *[WEIGHTS] * 4),
    "InstanceNormalization": (reduce_norm.instance_normalization, WEIGHTS, WEIGHTS),
    "LayerNormalization": (reduce_norm.layer_normalization, WEIGHTS, WEIGHTS),
    "LRN": (reduce_norm.lrn,),
}

SEVERAL_OUTPUTS = {"Split"}
"""Operators whose rule receives a gradient for each output."""

INDEX_OUTPUTS = {"Dropout", "MaxPool"}
"""Operators whose outputs after the first are masks or indices, without gradient."""

ZERO_GRADIENT = {
    *("And", "Or", "Xor", "Not", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"),
    *("ArgMax", "ArgMin", "NonZero", "Shape", "Size", "IsNaN", "IsInf", "OneHot", "EyeLike"),
    *("Sign", "Floor", "Ceil", "Round", "ConstantOfShape", "Range"),
}
"""Operators that are constant wherever they have a derivative."""

REFUSED: dict[str, str] = {
    **dict.fromkeys(("If", "Loop", "Scan"), "it runs subgraphs, which are not differentiated"),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), "recurrent layers are not differentiated"),
    **dict.fromkeys(
        ("QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger", "QuantizeLinear"),
        "integer arithmetic has no gradient; use the network before quantization",
    ),
}
"""Reasons why operators have no rule, as part of a sentence."""
