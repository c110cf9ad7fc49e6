"""The table of operators: how the sizes of their outputs follow from their inputs."""

from __future__ import annotations

from collections.abc import Callable

from dreamlayer.core.graph.evaluation import arithmetic, layout, windows
from dreamlayer.core.graph.evaluation.tensor import Call, Shape

ShapeRule = Callable[[Call], Shape | list[Shape]]

_SAME = """
Abs Acos Acosh Asin Asinh Atan Atanh Bernoulli BitwiseNot Cast CastLike Ceil Celu Clip
Cos Cosh CumProd CumSum DequantizeLinear Dropout Elu Erf Exp EyeLike Floor Gelu GroupNormalization
HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN LRN LeakyRelu Log
LogSoftmax LpNormalization MeanVarianceNormalization Mish Neg Not PRelu QuantizeLinear
RandomNormalLike RandomUniformLike Reciprocal Relu ReverseSequence Round Scatter ScatterElements
ScatterND Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt Swish Tan Tanh
TensorScatter ThresholdedRelu Trilu
"""

_TOGETHER = """
Add And BitShift BitwiseAnd BitwiseOr BitwiseXor Div Equal Greater GreaterOrEqual Less LessOrEqual
Max Mean Min Mod Mul Or Pow Sub Sum Where Xor
"""

_REDUCTIONS = """
ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
ReduceSumSquare
"""

SHAPES: dict[str, ShapeRule] = {
    **dict.fromkeys(_SAME.split(), arithmetic.same),
    **dict.fromkeys(_TOGETHER.split(), arithmetic.together),
    **dict.fromkeys(_REDUCTIONS.split(), arithmetic.reduce),
    # along an axis, and products
    "ArgMax": arithmetic.arg,
    "ArgMin": arithmetic.arg,
    "BatchNormalization": arithmetic.batch_norm,
    "DynamicQuantizeLinear": arithmetic.quantized,
    "Einsum": arithmetic.einsum,
    "Gemm": arithmetic.gemm,
    "LayerNormalization": arithmetic.layer_norm,
    "MatMul": arithmetic.matmul,
    "MatMulInteger": arithmetic.matmul,
    "OneHot": arithmetic.one_hot,
    "QLinearMatMul": arithmetic.quantized_matmul,
    "RMSNormalization": arithmetic.layer_norm,
    "TopK": arithmetic.top_k,
    # windows
    "AveragePool": windows.pool,
    "Conv": windows.conv,
    "ConvInteger": windows.conv,
    "ConvTranspose": windows.conv_transpose,
    "DeformConv": windows.deform_conv,
    "GlobalAveragePool": windows.global_pool,
    "GlobalLpPool": windows.global_pool,
    "GlobalMaxPool": windows.global_pool,
    "LpPool": windows.pool,
    "MaxPool": windows.pool,
    "MaxRoiPool": windows.roi,
    "MaxUnpool": windows.max_unpool,
    "QLinearConv": windows.quantized_conv,
    "RoiAlign": windows.roi,
    # moved elements
    "CenterCropPad": layout.center_crop_pad,
    "Col2Im": layout.col2im,
    "Concat": layout.concat,
    "DepthToSpace": layout.depth_to_space,
    "Expand": layout.expand,
    "Flatten": layout.flatten,
    "Gather": layout.gather,
    "GatherElements": layout.gather_elements,
    "GatherND": layout.gather_nd,
    "GridSample": layout.grid_sample,
    "Pad": layout.pad,
    "Reshape": layout.reshape,
    "Resize": layout.resize,
    "Slice": layout.cut,
    "SpaceToDepth": layout.space_to_depth,
    "Split": layout.split,
    "Squeeze": layout.squeeze,
    "Tile": layout.tile,
    "Transpose": layout.transpose,
    "Unsqueeze": layout.unsqueeze,
    "Upsample": layout.resize,
    # made from sizes and constants
    "Constant": arithmetic.constant,
    "ConstantOfShape": arithmetic.constant_of_shape,
    "NonZero": arithmetic.non_zero,
    "RandomNormal": arithmetic.random,
    "RandomUniform": arithmetic.random,
    "Range": arithmetic.number_range,
    "Shape": arithmetic.shape_of,
    "Size": arithmetic.scalar,
}
"""Shapes of the outputs of operators: one shape, or a list of them."""
