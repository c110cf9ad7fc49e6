"""The uses of products, transforms and attention that their rules are tested on."""

from __future__ import annotations

import numpy as np
from finite_differences import Case, distinct


def products() -> list[Case]:
    a, b = distinct(3, 4), distinct(4, 5)
    cases = []
    for left, right in (
        (a, b),
        (distinct(2, 3, 4), b),
        (distinct(2, 3, 4), distinct(2, 4, 5)),
        (a, distinct(2, 4, 5)),
        (distinct(2, 1, 3, 4), distinct(3, 4, 5)),
        (distinct(4), b),
        (distinct(4), distinct(2, 4, 5)),
        (a, distinct(4)),
        (distinct(2, 3, 4), distinct(4)),
        (distinct(4), distinct(4, seed=3)),
    ):
        cases += [Case("MatMul", (left, right), {}, i) for i in (0, 1)]
    for ta in (0, 1):
        for tb in (0, 1):
            left, right = (a.T.copy() if ta else a), (b.T.copy() if tb else b)
            attrs = {"transA": ta, "transB": tb, "alpha": 0.5, "beta": 2.0}
            cases += [Case("Gemm", (left, right, distinct(5)), attrs, i) for i in (0, 1, 2)]
    cases.append(Case("Gemm", (a, b)))
    cases.append(Case("Gemm", (a, b, distinct(3, 1)), {}, 2))
    return cases


def einsums() -> list[Case]:
    """Each operand of products, sums, transpositions, diagonals, with and without ellipses."""
    uses: list[tuple[str, list[tuple[int, ...]]]] = [
        ("ij,jk->ik", [(3, 4), (4, 5)]),
        ("ij,jk", [(3, 4), (4, 5)]),
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
        ("nchw,kc->nkhw", [(2, 3, 4, 5), (6, 3)]),
        ("bhid,bhjd->bhij", [(2, 2, 3, 4), (2, 2, 5, 4)]),
        ("...ij,...jk->...ik", [(2, 3, 4), (2, 4, 5)]),
        ("...ij,...jk->...ik", [(2, 1, 3, 4), (1, 3, 4, 5)]),
        ("...ij,jk", [(2, 2, 3, 4), (4, 5)]),
        ("i...->...i", [(3, 4, 5)]),
        ("...ii->...i", [(2, 3, 3)]),
        ("ii->i", [(4, 4)]),
        ("ii", [(4, 4)]),
        ("iij,ij->j", [(3, 3, 4), (3, 4)]),
        ("ij->", [(3, 4)]),
        ("ij->ji", [(3, 4)]),
        ("ba", [(3, 4)]),
        ("ij->j", [(3, 4)]),
        ("i,j->ij", [(3,), (4,)]),
        ("i,i->", [(4,), (4,)]),
        ("ij,k->ik", [(3, 4), (5,)]),
        ("ab,bc,cd->ad", [(2, 3), (3, 4), (4, 2)]),
        ("ab, ab, ab -> b", [(2, 3), (2, 3), (2, 3)]),
        ("Aa,a->A", [(3, 4), (4,)]),
    ]
    return [
        Case(
            "Einsum", tuple(distinct(*s, seed=k) for k, s in enumerate(shapes)), {"equation": e}, i
        )
        for e, shapes in uses
        for i in range(len(shapes))
    ]


def attentions() -> list[Case]:
    """Queries, keys and values, in heads or not, with masks, caches and fewer heads of keys."""
    q, k, v = (distinct(2, n, 12, seed=s) for n, s in ((5, 0), (6, 1), (6, 2)))
    heads = {"q_num_heads": 3, "kv_num_heads": 3}
    in_heads = tuple(distinct(2, 4, n, 3, seed=s) for n, s in ((5, 0), (6, 1), (6, 2)))
    fewer = (in_heads[0], *(distinct(2, 2, 6, 3, seed=s) for s in (3, 4)))
    mask = distinct(5, 6)
    cases = []
    # With values of unknown size, ONNX infers another size of the output than there is.
    cases += [Case("Attention", (q, k, v), heads, i, opset=23) for i in (0, 1)]
    for i in (0, 1, 2):
        cases += [
            Case("Attention", in_heads, {"scale": 0.4}, i, opset=23),
            Case("Attention", in_heads, {"is_causal": 1}, i, opset=23),
            Case("Attention", fewer, {"softcap": 1.5}, i, opset=23),
        ]
    cases.append(Case("Attention", (*in_heads, mask), {}, 3, opset=23))
    cases.append(Case("Attention", (*in_heads, mask > 0), {}, 0, opset=23))
    past = tuple(distinct(2, 4, 2, 3, seed=s) for s in (7, 8))
    whole = distinct(5, 8)
    for i in range(6):
        cases.append(Case("Attention", (*in_heads, whole, *past), {}, i, outputs=3, opset=23))
    return cases


def rotations() -> list[Case]:
    x, cache = distinct(2, 3, 5, 8), [distinct(7, 4, seed=s) for s in (1, 2)]
    places = np.array([[0, 1, 2, 3, 4], [2, 3, 6, 0, 1]])
    flat = distinct(2, 5, 24)
    own = [distinct(2, 5, 4, seed=s) for s in (1, 2)]
    half = [distinct(7, 2, seed=s) for s in (1, 2)]
    return [
        Case("RotaryEmbedding", (x, *cache, places), {}, opset=23),
        Case("RotaryEmbedding", (x, *cache, places), {"interleaved": 1}, opset=23),
        Case("RotaryEmbedding", (x, *own), {}, opset=23),
        Case("RotaryEmbedding", (flat, *cache, places), {"num_heads": 3}, opset=23),
        Case("RotaryEmbedding", (x, *half, places), {"rotary_embedding_dim": 4}, opset=23),
    ]


def transforms() -> list[Case]:
    """Transforms of real and complex numbers, padded, cut, onesided, and the other way."""
    real, complex_, short = distinct(2, 6, 1), distinct(2, 6, 2), distinct(2, 4, 5, 2)
    cases = [
        Case("DFT", (x,), {"axis": 1, **attrs})
        for x in (real, complex_)
        for attrs in ({}, {"inverse": 1})
    ]
    cases += [
        Case("DFT", (real,), {"axis": 1, "onesided": 1}),
        Case("DFT", (distinct(2, 7, 1),), {"axis": 1, "onesided": 1}),
        Case("DFT", (real, np.int64(8)), {"axis": 1, "onesided": 1}),
        Case("DFT", (complex_, np.int64(4)), {"axis": 1}),
        Case("DFT", (complex_, np.int64(9)), {"axis": 1, "inverse": 1}),
        Case("DFT", (short,), {}, opset=20),
        Case("DFT", (short, None, np.int64(1)), {"inverse": 1}, opset=20),
        Case("DFT", (short, np.int64(3), np.int64(-2)), {}, opset=20),
    ]
    signal, window = distinct(2, 17, 1), distinct(6, low=0.2, high=1)
    cases += [Case("STFT", (signal, np.int64(3), window), {"onesided": 1}, i) for i in (0, 2)]
    cases += [
        Case("STFT", (signal, np.int64(4), None, np.int64(8)), {"onesided": 1}),
        Case("STFT", (signal, np.int64(2), window, np.int64(6)), {"onesided": 0}),
    ]
    return cases


CASES = [*products(), *einsums(), *attentions(), *rotations(), *transforms()]
