"""Gradient rules of activation functions, whose masks depend on the runtime."""

from __future__ import annotations

import math
from functools import partial

from dreamlayer.core.autodiff.rules.elementwise import call, each, slope
from dreamlayer.core.autodiff.rules.masks import Masks
from dreamlayer.core.autodiff.rules.rule import Attrs, Inputs, Rules
from dreamlayer.core.graph.builder import Value
from dreamlayer.core.graph.ops import known, reshape_like, scaled, where

SELU_ALPHA, SELU_GAMMA = 1.67326319217681884765625, 1.05070102214813232421875
_LARGEST = 3e38
_LOG_OF_PEAK = -0.5 * math.log(2 * math.pi)
"""Logarithm of the normal distribution's density at 0."""


def activation_rules(masks: Masks) -> Rules:
    """The rules, with one form of masks."""
    return {
        "Relu": (partial(relu, masks),),
        "LeakyRelu": (partial(leaky, masks),),
        "PRelu": each(lambda g, ans, x, a: where(x[0] > 0, g, g * x[1]), prelu_slope),
        "ThresholdedRelu": (lambda g, ans, x, a: where(x[0] > a.get("alpha", 1.0), g, 0.0),),
        "Elu": (partial(elu, masks),),
        "Selu": (selu,),
        "Celu": (celu,),
        "Clip": (partial(clip, masks), clip_minimum, clip_maximum),
        "Sigmoid": (slope(lambda x, y: y * masks.complement(y)),),
        "HardSigmoid": (partial(hard_sigmoid, masks),),
        "HardSwish": (partial(hard_swish, masks),),
        "Tanh": (slope(lambda x, y: masks.complement(y * y)),),
        "Softplus": (slope(lambda x, y: call("Sigmoid", x)),),
        "Softsign": (slope(lambda x, y: 1 / ((1 + call("Abs", x)) * (1 + call("Abs", x)))),),
        "Gelu": (partial(gelu, masks),),
        "Mish": (partial(mish, masks),),
    }


def relu(masks: Masks, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return scaled(masks.above(ans), g)


def leaky(masks: Masks, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    alpha = attrs.get("alpha", 0.01)
    if not 0 < alpha <= 1:
        return where(x[0] > 0, g, g * alpha)
    # The output has the input's sign, and the convolution before computes both at once.
    return scaled(masks.slope(ans, alpha), g)


def prelu_slope(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return where(x[0] > 0, g * 0.0, g * x[0])


def elu(masks: Masks, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    alpha = attrs.get("alpha", 1.0)
    if alpha == 1:
        # It is y + 1 up to 0, and 1 above.
        return scaled(g.graph.emit("HardSigmoid", ans, alpha=1.0, beta=1.0), g)
    return where(x[0] > 0, g, g * (ans + alpha))


def selu(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    alpha, gamma = attrs.get("alpha", SELU_ALPHA), attrs.get("gamma", SELU_GAMMA)
    return where(x[0] > 0, g * gamma, g * (ans + alpha * gamma))


def celu(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return where(x[0] > 0, g, g * (ans / attrs.get("alpha", 1.0) + 1.0))


_RECTIFIERS = {(0.0, math.inf), (0.0, 6.0), (-1.0, 1.0)}
"""Bounds of a Clip that is a ReLU, ReLU6 or hardtanh."""


def clip(masks: Masks, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """Rectifiers have no gradient at their bounds, other clips do, as in TensorFlow and PyTorch."""
    bounds = [x[i] if len(x) > i else None for i in (1, 2)]
    low, high = _number(bounds[0], -math.inf), _number(bounds[1], math.inf)
    if low is None or high is None or (low, high) not in _RECTIFIERS:
        for bound, beyond in zip(bounds, ("Less", "Greater"), strict=True):
            if bound is not None:
                g = where(g.graph.emit(beyond, x[0], bound), g * 0.0, g)
        return g
    mask = masks.above(ans, low)
    if math.isfinite(high):
        # The product is one tensor to convert where `g` has another layout.
        mask = mask * masks.below(ans, high)
    return scaled(mask, g)


def clip_minimum(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """All that lies below, which the bound replaces, unless the maximum is less still."""
    graph, low, high = g.graph, x[1], x[2] if len(x) > 2 else None
    passed = where(graph.emit("Less", x[0], low), g, 0.0)
    if high is not None:
        passed = where(graph.emit("Greater", low, high), passed * 0.0, passed)
    return reshape_like(graph.emit("ReduceSum", passed, keepdims=0), low)


def clip_maximum(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """All that lies above, or everything if the minimum does."""
    graph, low, high = g.graph, x[1], x[2]
    passed = where(graph.emit("Greater", x[0], high), g, 0.0)
    if low is not None:
        passed = where(graph.emit("Greater", low, high), g, passed)
    return reshape_like(graph.emit("ReduceSum", passed, keepdims=0), high)


def _number(bound: Value | None, absent: float) -> float | None:
    """A bound's value, infinite where there is none; None if it is not a constant."""
    if bound is None:
        return absent
    constant = known(bound)
    found = None if constant is None else float(constant.item())
    # Exporters write the largest float for no bound.
    return absent if found is not None and abs(found) > _LARGEST else found


def hard_sigmoid(masks: Masks, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    alpha: float = attrs.get("alpha", 0.2)
    inside = masks.inside(ans)
    if 0 < alpha <= 1:
        return scaled(masks.scaled(inside, alpha), g)
    return scaled(inside, g) * alpha


def hard_swish(masks: Masks, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """With u = clip(x / 6 + 1/2, 0, 1) it is u + x u', and u' is 1/6 where 0 < u < 1.

    The second input, if there is one, is u.
    """
    u = x[1] if len(x) > 1 else g.graph.emit("HardSigmoid", x[0], alpha=1 / 6, beta=0.5)
    return scaled(u + x[0] * masks.scaled(masks.inside(u), 1 / 6), g)


def gelu(masks: Masks, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    z = x[0]
    if attrs.get("approximate", "none") == "tanh":
        slope = math.sqrt(2 / math.pi)
        t = call("Tanh", slope * (z + 0.044715 * z * z * z))
        return g * (0.5 * (1 + t) + 0.5 * z * (1 - t * t) * slope * (1 + 0.134145 * z * z))
    q = z * math.sqrt(0.5)
    return normal_gate(g, ans, [z, q, normal_share(q)], attrs)


def normal_share(q: Value) -> Value:
    """The normal distribution's share below q √2, (1 + erf(q)) / 2."""
    return q.graph.emit("HardSigmoid", call("Erf", q), alpha=0.5, beta=0.5)


def normal_gate(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The gradient of z P(z), P being the normal distribution: P(z) + z p(z), p its density.

    The inputs are z, q = z / √2 and P(z); p(z) = exp(-q² - log(2π) / 2).
    """
    z, q, share = x
    return g * (share + z * call("Exp", _LOG_OF_PEAK - q * q))


def swish(masks: Masks, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The gradient of z s, s being the sigmoid of z: s + z s (1 - s); the inputs are z and s."""
    return scaled(x[1] + ans * masks.complement(x[1]), g)


def swish_operator(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    """The same for z times the sigmoid of alpha z."""
    alpha: float = attrs.get("alpha", 1.0)
    s = call("Sigmoid", x[0] * alpha)
    return g * (s + ans * (1.0 - s) * alpha)


def shrink(g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    return where(call("Abs", x[0]) > attrs.get("lambd", 0.5), g, 0.0)


def mish(masks: Masks, g: Value, ans: Value, x: Inputs, attrs: Attrs) -> Value:
    t = call("Tanh", call("Softplus", x[0]))
    return g * (t + x[0] * masks.complement(t * t) * call("Sigmoid", x[0]))
