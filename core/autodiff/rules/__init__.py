"""The table of gradient rules of all operators; `rule` defines what a rule is.

Every operator of the ONNX standard is in one of three states: it has a rule (`RULES`), its gradient
is zero wherever it exists (`ZERO_GRADIENT`), or it is refused with a reason (`REFUSED`, and all
operators that are not listed).
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from dreamlayer.core.autodiff.rules import (
    activations,
    elementwise,
    fourier,
    kernels,
    linear,
    normalizations,
    pools,
    products,
    reductions,
    resizing,
    sampling,
    scatter,
)
from dreamlayer.core.autodiff.rules import layout as moves
from dreamlayer.core.autodiff.rules.activations import activation_rules
from dreamlayer.core.autodiff.rules.bodies import specified
from dreamlayer.core.autodiff.rules.einsum import einsum
from dreamlayer.core.autodiff.rules.elementwise import call, each, slope
from dreamlayer.core.autodiff.rules.masks import MASKS, STEEP
from dreamlayer.core.autodiff.rules.rule import (
    ZERO,
    Composite,
    Refusal,
    RefusedIf,
    Rules,
    Unless,
    Variadic,
)
from dreamlayer.core.graph.ops import where
from dreamlayer.core.graph.randomness import RANDOM_OPERATORS

SPLIT: Any = moves.split
ANGLES = Refusal("its angles are computed from the image")
SIZES = Refusal("its scales or region are computed from the image's content")
ATTENTION = specified("Attention")
GRID_SAMPLE = Composite(sampling.grid_sample)
DEFORM_CONV = Composite(sampling.deform_conv)
CAUSAL_CONV = specified("CausalConvWithState")
SWI_GLU = specified("SwiGLU")
LIKELIHOOD_LOSS = specified("NegativeLogLikelihoodLoss")
CROSS_ENTROPY = specified("SoftmaxCrossEntropyLoss")
STFT = RefusedIf(fourier.sides_unsaid, Composite(fourier.stft))
ROI_ALIGN = RefusedIf(sampling.by_maximum, Composite(sampling.roi_align))

RULES: Rules = {
    # copies of the input
    "Identity": (moves.identity,),
    "Dropout": (moves.dropout, ZERO, ZERO),
    "Cast": (Unless(elementwise.to_integer, elementwise.cast_back),),
    "CastLike": (elementwise.cast_like, ZERO),
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
    "Mod": each(lambda g, ans, x, a: g, elementwise.remainder_divisor),
    "Sin": (slope(lambda x, y: call("Cos", x)),),
    "Cos": (slope(lambda x, y: -call("Sin", x)),),
    "Tan": (slope(lambda x, y: 1 + y * y),),
    "Asin": (slope(lambda x, y: 1 / call("Sqrt", 1 - x * x)),),
    "Acos": (slope(lambda x, y: -1 / call("Sqrt", 1 - x * x)),),
    "Atan": (slope(lambda x, y: 1 / (1 + x * x)),),
    "Sinh": (slope(lambda x, y: call("Cosh", x)),),
    "Cosh": (slope(lambda x, y: call("Sinh", x)),),
    "Asinh": (slope(lambda x, y: 1 / call("Sqrt", 1 + x * x)),),
    "Acosh": (slope(lambda x, y: 1 / call("Sqrt", x * x - 1)),),
    "Atanh": (slope(lambda x, y: 1 / (1 - x * x)),),
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
    "Swish": (activations.swish_operator,),
    "SwiGLU": (SWI_GLU, SWI_GLU),
    "Shrink": (activations.shrink,),
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
    "Pad": (moves.pad, ZERO, Unless(moves.without_number, moves.pad_number), ZERO),
    "Tile": (moves.tile, ZERO),
    "Trilu": (moves.trilu, ZERO),
    "CenterCropPad": (moves.center_crop_pad, ZERO),
    "ReverseSequence": (moves.reverse_sequence, ZERO),
    "DepthToSpace": (moves.depth_to_space,),
    "SpaceToDepth": (moves.space_to_depth,),
    "CumSum": (moves.cumulative_sum, ZERO),
    "CumProd": (Composite(moves.cumulative_product), ZERO),
    "Range": (elementwise.range_start, ZERO, elementwise.range_delta),
    # elements chosen by indices
    "Gather": (moves.gather, ZERO),
    "GatherElements": (scatter.gather_elements, ZERO),
    "GatherND": (scatter.gather_nd, ZERO),
    "ScatterElements": scatter.entries(scatter.by_element),
    "ScatterND": scatter.entries(scatter.by_tuple),
    "TensorScatter": (scatter.tensor_scatter_data, scatter.tensor_scatter_update, ZERO),
    "Compress": (scatter.compress, ZERO),
    "Unique": (scatter.unique,),
    "TopK": (scatter.top_k, ZERO),
    "OneHot": (ZERO, ZERO, scatter.one_hot_values),
    "MaxUnpool": (scatter.max_unpool, ZERO, ZERO),
    "Col2Im": (scatter.col2im, ZERO, ZERO),
    # elements interpolated
    "Resize": (RefusedIf(resizing.unclear_sizes, resizing.resize), SIZES, SIZES, ZERO),
    "GridSample": (GRID_SAMPLE, GRID_SAMPLE),
    "AffineGrid": (sampling.affine_grid, ZERO),
    "RoiAlign": (ROI_ALIGN, ROI_ALIGN, ZERO),
    # reductions
    "ReduceSum": (reductions.reduce_sum, ZERO),
    "ReduceMean": (reductions.reduce_mean, ZERO),
    "ReduceProd": (reductions.reduce_prod, ZERO),
    "ReduceMax": (reductions.reduce_extreme, ZERO),
    "ReduceMin": (reductions.reduce_extreme, ZERO),
    "ReduceSumSquare": (reductions.reduce_sum_square, ZERO),
    "ReduceL1": (reductions.reduce_l1, ZERO),
    "ReduceL2": (reductions.reduce_l2, ZERO),
    "ReduceLogSum": (reductions.reduce_log_sum, ZERO),
    "ReduceLogSumExp": (reductions.reduce_log_sum_exp, ZERO),
    # matrix products, convolutions, attention, transforms
    "MatMul": (
        lambda g, ans, x, a: products.matmul(0, g, ans, x, a),
        lambda g, ans, x, a: products.matmul(1, g, ans, x, a),
    ),
    "Gemm": (products.gemm_a, products.gemm_b, products.gemm_c),
    "Einsum": Variadic(einsum),
    "Conv": (linear.conv_input, kernels.conv_kernel, kernels.conv_bias),
    "ConvTranspose": (
        linear.conv_transpose_input,
        kernels.conv_transpose_kernel,
        kernels.conv_bias,
    ),
    "DeformConv": (DEFORM_CONV,) * 5,
    "CausalConvWithState": (CAUSAL_CONV,) * 4,
    "Attention": (*[ATTENTION] * 6, ZERO),
    "RotaryEmbedding": (moves.rotary_embedding, ANGLES, ANGLES, ZERO),
    "DFT": (RefusedIf(fourier.half_to_real, fourier.dft), ZERO, ZERO),
    "STFT": (STFT, ZERO, STFT, ZERO),
    # pools
    "MaxPool": (pools.max_pool,),
    "AveragePool": (RefusedIf(pools.padded_differently, pools.average_pool),),
    "LpPool": (RefusedIf(pools.padded_differently, pools.lp_pool),),
    "GlobalMaxPool": (pools.global_max_pool,),
    "GlobalAveragePool": (pools.global_average_pool,),
    "GlobalLpPool": (pools.global_lp_pool,),
    # normalizations
    "BatchNormalization": tuple(
        RefusedIf(normalizations.in_training, rule)
        for rule in (
            normalizations.batch_normalization,
            normalizations.batch_scale,
            normalizations.channel_bias,
            normalizations.batch_mean,
            normalizations.batch_variance,
        )
    ),
    "InstanceNormalization": (
        normalizations.instance_normalization,
        normalizations.instance_scale,
        normalizations.channel_bias,
    ),
    "LayerNormalization": (
        normalizations.layer_normalization,
        normalizations.layer_scale,
        normalizations.layer_bias,
    ),
    "GroupNormalization": (
        normalizations.group_normalization,
        normalizations.group_scale,
        normalizations.group_bias,
    ),
    "RMSNormalization": (normalizations.rms_normalization, normalizations.rms_scale),
    "MeanVarianceNormalization": (normalizations.mean_variance_normalization,),
    "LpNormalization": (normalizations.lp_normalization,),
    "LRN": (normalizations.lrn,),
    # losses
    "NegativeLogLikelihoodLoss": (LIKELIHOOD_LOSS, ZERO, LIKELIHOOD_LOSS),
    "SoftmaxCrossEntropyLoss": (CROSS_ENTROPY, ZERO, CROSS_ENTROPY),
}

SEVERAL_OUTPUTS = {"Split"}
"""Operators whose rule receives a gradient for each output."""

INDEX_OUTPUTS = {"Dropout", "MaxPool", "TopK", "Unique"}
"""Operators whose outputs after the first are masks or indices, without gradient."""

ZERO_GRADIENT = {
    *("And", "Or", "Xor", "Not", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"),
    *("BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor"),
    *("ArgMax", "ArgMin", "NonZero", "Shape", "Size", "IsNaN", "IsInf", "EyeLike", "Hardmax"),
    *("Sign", "Floor", "Ceil", "Round", "Constant", "ConstantOfShape", "NonMaxSuppression"),
    *("HannWindow", "HammingWindow", "BlackmanWindow", "MelWeightMatrix"),
    *("SequenceLength", "OptionalHasElement"),
}
"""Operators that are constant wherever they have a derivative."""

IS_RANDOM = "its output is random; export the network for inference"

REFUSED: dict[str, str] = {
    **dict.fromkeys(("If", "Loop", "Scan"), "it runs subgraphs, which are not differentiated"),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), "recurrent layers are not differentiated"),
    "LinearAttention": "recurrent layers are not differentiated",
    **dict.fromkeys(
        (
            *("QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger"),
            *("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"),
        ),
        "integer arithmetic has no gradient; use the network before quantization",
    ),
    **dict.fromkeys(RANDOM_OPERATORS, IS_RANDOM),
    **dict.fromkeys(
        (
            *("SequenceAt", "SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceMap"),
            *("SequenceInsert", "SplitToSequence", "ConcatFromSequence"),
            *("Optional", "OptionalGetElement"),
        ),
        "sequences and optional tensors are not differentiated; export the network without them",
    ),
    **dict.fromkeys(
        (
            *("RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit"),
            "TfIdfVectorizer",
        ),
        "it is an operator for text",
    ),
    "BitCast": "it reads the bits of numbers, not their values",
    "Det": "the inverse of a matrix, which its gradient needs, is no operator of ONNX",
    "ImageDecoder": "it reads the bytes of a file",
    "MaxRoiPool": "it does not tell which elements are the largest; use RoiAlign, which averages",
    **dict.fromkeys(
        ("Scatter", "Upsample"), "opset 18 has it no longer; adopt the network, which converts it"
    ),
}
"""Reasons why operators have no rule, as part of a sentence."""
