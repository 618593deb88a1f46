"""Promises of the compiled arithmetic."""

import ast
import importlib.util
import json
import math
import re
import struct
from pathlib import Path

import llvmlite.binding
import numba
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models import kernels
from models.encoding import Encoding
from tests.models.freeze_bits import GOLDEN, exact_bits

MAX_ULPS = 2
FUSED = re.compile(r"\bvfn?m(add|sub)|\bfn?m(add|sub)\b|\bfml[as]\b")


def ulps_between(a: float, b: float) -> int:
    """Return how many doubles lie between two of the same sign."""
    (x,), (y,) = (
        struct.unpack("<q", struct.pack("<d", a)),
        struct.unpack("<q", struct.pack("<d", b)),
    )
    return abs(x - y)


@given(st.floats(-745.1, 709.7))
def test_exp_is_within_two_ulps_of_the_c_library(x: float) -> None:
    """Ours must be exp, not something like it; the last bit is where libraries disagree."""
    assert ulps_between(kernels.exp(x), math.exp(x)) <= MAX_ULPS


@given(st.floats(5e-324, 1.79e308))
def test_log_is_within_two_ulps_of_the_c_library(x: float) -> None:
    """Subnormal numbers included: nothing that a float can hold may fall out."""
    assert ulps_between(kernels.log(x), math.log(x)) <= MAX_ULPS


def test_the_bits_are_those_on_file() -> None:
    """Another compiler, processor or edit that changes one bit breaks replay: it shows here."""
    assert exact_bits() == json.loads(GOLDEN.read_text())


def test_edges_of_the_number_line_are_defined() -> None:
    """What is outside of exp and log is inf, zero or NaN, as in the C library."""
    assert kernels.exp(1e6) == math.inf
    assert kernels.exp(-1e6) == 0.0
    assert kernels.log(0.0) == -math.inf
    assert kernels.log(math.inf) == math.inf
    assert all(math.isnan(value) for value in (kernels.exp(math.nan), kernels.log(-1.0)))


@given(st.floats(allow_nan=False))
def test_a_probability_is_never_zero_or_one(log_odds: float) -> None:
    """A loss of infinity would end every mean that it enters."""
    assert 0.0 < kernels.sigmoid(log_odds) < 1.0


@given(st.floats(-30.0, 30.0))
def test_logit_undoes_sigmoid(log_odds: float) -> None:
    """Priors are given as probabilities and used as log-odds."""
    back = kernels.logit(kernels.sigmoid(log_odds))

    assert math.isclose(back, log_odds, rel_tol=1e-3, abs_tol=1e-9)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=kernels.EDGES, max_size=kernels.EDGES).map(sorted),
    st.floats(-2e6, 2e6, width=32),
)
def test_the_bin_is_the_count_of_edges_at_or_below_the_value(
    edges: list[float], value: float
) -> None:
    """Edges are kept as float32, rounded up: for a float32 value that changes no bin."""
    encoding = Encoding(("a",), np.array([edges]), np.array([[0.0, 1.0]]))

    bins, z = encoding.encode(np.array([value], dtype=np.float32))

    assert bins[0] == sum(edge <= value for edge in edges)
    assert z[0] == min(max(kernels.signed_log(value), -4.0), 4.0)


@given(st.floats(1.0, 1.79e308))
def test_the_logarithm_in_lanes_is_the_logarithm(x: float) -> None:
    """A shortcut for the encoder must not have other bits."""
    assert kernels.signed_log(x - 1.0) == kernels.log(1.0 + (x - 1.0))


def test_no_product_and_sum_are_fused(tmp_path: Path) -> None:
    """A fused multiply-add rounds once instead of twice: other bits on another processor."""
    copy = tmp_path / "fresh_kernels.py"  # code that comes from the cache cannot be looked into
    copy.write_text(Path(kernels.__file__).read_text())
    spec = importlib.util.spec_from_file_location("fresh_kernels", copy)
    assert spec is not None
    assert spec.loader is not None
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    codes = np.zeros((1, 2), dtype=np.int16), np.zeros((1, 2))
    places, hyper = np.arange(2), np.array([0.05, 1.0, 0.0, 1.0, 8.0, 0.99])
    state, seen = np.zeros((3, 3, kernels.COLUMNS)), np.zeros((2, kernels.COLUMNS))
    rows, edges = np.zeros((1, 2), np.float32), np.zeros((2, kernels.PADDED_EDGES), np.float32)
    scaler, ones, out = np.ones((2, 2)), np.ones(1), np.empty(1)
    fresh.encode(rows, edges, scaler, *codes)
    fresh.learn(codes[0][0], codes[1][0], places, 0.1, state, seen, hyper)
    fresh.unlearn(codes[0][0], codes[1][0], places, 0.1, state, seen, hyper)
    fresh.learn_many(
        *codes, places, np.ones(1, dtype=np.bool_), ones, 0.0, 4.0, state, seen, hyper, out
    )
    fresh.score(codes[0][0], codes[1][0], places, state[2], 0.0)
    weights, lines = np.ones((1, 2, kernels.COLUMNS)), np.ones((1, 3))
    fresh.score_many(rows, edges, scaler, places, weights, lines, np.empty((1, 1)))

    compiled = (
        fresh.encode, fresh.learn, fresh.unlearn, fresh.learn_many, fresh.score, fresh.score_many,
    )  # fmt: skip
    for function in compiled:
        assembly = "\n".join(function.inspect_asm().values())
        assert re.search(r"\bv?mul[sp]d\b|\bfmul\b", assembly)
        assert not FUSED.search(assembly)


def test_the_search_for_fused_operations_finds_one() -> None:
    """The control of the test above: code that may contract, on a processor that can, does."""

    @numba.njit(fastmath={"contract"})
    def fused(a: float, b: float, c: float) -> float:
        return a * b + c

    fused(1.0, 2.0, 3.0)
    if llvmlite.binding.get_host_cpu_features().get("fma", True):
        assert FUSED.search("\n".join(fused.inspect_asm().values()))


def test_the_kernels_import_nothing_of_ours() -> None:
    """The compiler's cache is keyed by one file: a callee elsewhere could go stale unseen."""
    tree = ast.parse(Path(kernels.__file__).read_text())
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert {name.partition(".")[0] for name in imported} == {
        "collections", "numba", "numpy", "typing",
    }  # fmt: skip
