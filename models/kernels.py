"""All compiled arithmetic of the models: one file, fixed order, no libm, so bits are the same.

Only + - * / and sqrt (which IEEE 754 rounds correctly everywhere) and integer operations are
used. `fastmath` is off: without it LLVM neither reorders a sum nor contracts a product and a sum
into a fused multiply-add, so x86-64 and arm64 give the same bits. The C library's exp and log
differ between processors and are not called.

Every compiled function is in this file on purpose: the compiler's cache is keyed by the file
that a function stands in, and a function that it calls from another file could go stale unseen.

The layout of a linear model over F features, C = `COLUMNS` weights each:

- columns 0 .. `EDGES`: one weight per bin; `MISSING`: the weight of "no value"; `LINEAR`: the
  weight of the clipped z-score of the signed logarithm of the value;
- `state[0]` sums of gradients (z), `state[1]` sums of squared gradients (n), `state[2]` weights;
- `seen` counts rows per bin; its `LINEAR` column holds the sum of z-scores.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

EDGES = 29
MISSING = EDGES + 1
LINEAR = EDGES + 2
COLUMNS = EDGES + 3
Z_LIMIT = 4.0

ALPHA, BETA, L1, L2, WEIGHT_CAP = range(5)
"""Places of the hyperparameters in the array `hyper`."""

_EXP_OVERFLOWS = 709.782712893384
_EXP_VANISHES = -745.1332191019411
_LEAST_EXPONENT = -1021
_LEAST_NORMAL = 2.2250738585072014e-308
_BITS_OF_SQRT_2 = 0x3FF6A09E667F3BCD

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
_Function = TypeVar("_Function", bound=Callable[..., Any])


def _compiled(function: _Function) -> _Function:
    """Compile with strict IEEE arithmetic; cached on disk where a folder can be written."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": False}
    try:
        return cast("_Function", numba.njit(cache=True, **options)(function))
    except RuntimeError:  # no writable place for the cache: compile again in every process
        return cast("_Function", numba.njit(**options)(function))


@_compiled
def exp(x: float) -> float:
    """Return e to the power of `x`, within 1 ulp, from arithmetic alone.

    Source: Sun Microsystems, fdlibm 5.3, `e_exp.c`: reduction by multiples of ln 2 in two parts,
    then a rational function of a polynomial of degree 5.

    >>> exp(0.0), exp(1.0).hex()
    (1.0, '0x1.5bf0a8b14576ap+1')
    """
    if np.isnan(x):
        return x
    if x > _EXP_OVERFLOWS:
        return np.inf
    if x < _EXP_VANISHES:
        return 0.0
    half = 0.5 if x >= 0.0 else -0.5
    k = np.int64(1.4426950408889634 * x + half)
    hi = x - k * 6.93147180369123816490e-01
    lo = k * 1.90821492927058770002e-10
    r = hi - lo
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t
            * (
                6.61375632143793436117e-05
                + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08)
            )
        )
    )
    y = 1.0 - ((lo - (r * c) / (2.0 - c)) - hi)
    bits = np.float64(y).view(np.int64)
    if k >= _LEAST_EXPONENT:
        return np.int64(bits + (k << 52)).view(np.float64)
    scaled = np.int64(bits + ((k + 1000) << 52)).view(np.float64)
    return scaled * 9.33263618503218878990e-302


@_compiled
def log(x: float) -> float:
    """Return the natural logarithm of `x`, within 1 ulp, from arithmetic alone.

    Source: Sun Microsystems, fdlibm 5.3, `e_log.c`, in the shorter form of musl 1.2.

    >>> log(1.0), log(10.0).hex()
    (0.0, '0x1.26bb1bbb55516p+1')
    """
    if np.isnan(x) or x < 0.0:
        return np.nan
    if x == 0.0:
        return -np.inf
    if x == np.inf:
        return x
    k = np.int64(0)
    if x < _LEAST_NORMAL:
        x = x * 18014398509481984.0
        k -= 54
    bits = np.float64(x).view(np.int64)
    k += (bits >> 52) - 1023
    bits = (bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000
    if bits > _BITS_OF_SQRT_2:
        bits -= 1 << 52
        k += 1
    f = np.int64(bits).view(np.float64) - 1.0
    half_square = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    odd = w * (
        3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01)
    )
    even = z * (
        6.666666666666735130e-01
        + w
        * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    rest = odd + even
    return (
        s * (half_square + rest)
        + k * 1.90821492927058770002e-10
        - half_square
        + f
        + k * 6.93147180369123816490e-01
    )


@_compiled
def sigmoid(logit: float) -> float:
    """Return the probability whose log-odds are `logit`, always inside (0, 1).

    Log-odds beyond ±35 are read as ±35, so that a loss is never infinite.

    >>> sigmoid(0.0), 0.0 < sigmoid(-1e9) < sigmoid(1e9) < 1.0
    (0.5, True)
    """
    bounded = min(max(logit, -35.0), 35.0)
    if bounded >= 0.0:
        return 1.0 / (1.0 + exp(-bounded))
    e = exp(bounded)
    return e / (1.0 + e)


@_compiled
def logit(probability: float) -> float:
    """Return the log-odds of a probability inside (0, 1).

    >>> logit(0.5), logit(sigmoid(-3.0))
    (0.0, -3.0)
    """
    return log(probability / (1.0 - probability))


@_compiled
def signed_log(value: float) -> float:
    """Return sign(v) * ln(1 + |v|): amounts over nine decades on one scale, zero stays zero.

    >>> signed_log(0.0), signed_log(-1.0) == -signed_log(1.0)
    (0.0, True)
    """
    if value < 0.0:
        return -log(1.0 - value)
    return log(1.0 + value)


@_compiled
def bin_of(edges: F64, value: float) -> int:
    """Return how many of the ascending `edges` are at or below `value`.

    >>> bin_of(np.array([0.0, 1.0, 1.0, 5.0]), 1.0)
    3
    """
    low, high = 0, edges.shape[0]
    while low < high:
        middle = (low + high) >> 1
        if edges[middle] <= value:
            low = middle + 1
        else:
            high = middle
    return low


@_compiled
def z_of(value: float, centre: float, scale: float) -> float:
    """Return the z-score of the signed logarithm of `value`, clipped to ±4.

    >>> z_of(0.0, 0.0, 1.0), z_of(1e30, 0.0, 1.0)
    (0.0, 4.0)
    """
    z = (signed_log(value) - centre) / scale
    return min(max(z, -Z_LIMIT), Z_LIMIT)


@_compiled
def parts(row: F32, edges: F64, scaler: F64, weights: F64, out: F64) -> None:
    """Write into `out` what each feature adds to the log-odds of `row`."""
    for f in range(row.shape[0]):
        value = np.float64(row[f])
        if np.isnan(value):
            out[f] = weights[f, MISSING]
        else:
            z = z_of(value, scaler[f, 0], scaler[f, 1])
            out[f] = weights[f, bin_of(edges[f], value)] + weights[f, LINEAR] * z


@_compiled
def score(row: F32, edges: F64, scaler: F64, weights: F64, bias: float) -> float:
    """Return the probability of `row`: bias, then the features in order, then the sigmoid."""
    total = bias
    for f in range(row.shape[0]):
        value = np.float64(row[f])
        if np.isnan(value):
            total += weights[f, MISSING]
        else:
            z = z_of(value, scaler[f, 0], scaler[f, 1])
            total += weights[f, bin_of(edges[f], value)] + weights[f, LINEAR] * z
    return sigmoid(total)


@_compiled
def score_many(  # noqa: PLR0917 - a compiled function takes arrays by place
    rows: F32, edges: F64, scaler: F64, weights: F64, bias: float, out: F64
) -> None:
    """Write into `out` the probability of each row, the same bits as `score` one by one."""
    for i in range(rows.shape[0]):
        out[i] = score(rows[i], edges, scaler, weights, bias)


@_compiled
def _weight(z: float, n: float, hyper: F64) -> float:
    if abs(z) <= hyper[L1]:
        return 0.0
    pulled = z - hyper[L1] if z > 0.0 else z + hyper[L1]
    w: float = -pulled / ((hyper[BETA] + np.sqrt(n)) / hyper[ALPHA] + hyper[L2])
    return min(max(w, -float(hyper[WEIGHT_CAP])), float(hyper[WEIGHT_CAP]))


@_compiled
def _step(state: F64, f: int, column: int, g: float, hyper: F64) -> None:
    z, n, w = state[0, f, column], state[1, f, column], state[2, f, column]
    grown = n + g * g
    z = z + g - (np.sqrt(grown) - np.sqrt(n)) / hyper[ALPHA] * w
    state[0, f, column] = z
    state[1, f, column] = grown
    state[2, f, column] = _weight(z, grown, hyper)


@_compiled
def _unstep(state: F64, f: int, column: int, g: float, hyper: F64) -> None:
    n = state[1, f, column]
    z = state[0, f, column] - g
    w = _weight(z, n, hyper)
    shrunk = max(n - g * g, 0.0)
    z = z + (np.sqrt(n) - np.sqrt(shrunk)) / hyper[ALPHA] * w
    state[0, f, column] = z
    state[1, f, column] = shrunk
    state[2, f, column] = _weight(z, shrunk, hyper)


@_compiled
def learn(  # noqa: PLR0917 - a compiled function takes arrays by place
    row: F32, gradient: float, edges: F64, scaler: F64, state: F64, seen: F64, hyper: F64
) -> None:
    """Take one FTRL-Proximal step; row F of `state` is the bias.

    Source: McMahan et al. (2013), "Ad Click Prediction: a View from the Trenches", KDD,
    algorithm 1. We keep the weight beside z and n instead of recomputing it when scoring.
    """
    count = row.shape[0]
    for f in range(count):
        value = np.float64(row[f])
        if np.isnan(value):
            _step(state, f, MISSING, gradient, hyper)
            seen[f, MISSING] += 1.0
        else:
            column = bin_of(edges[f], value)
            z = z_of(value, scaler[f, 0], scaler[f, 1])
            _step(state, f, column, gradient, hyper)
            _step(state, f, LINEAR, gradient * z, hyper)
            seen[f, column] += 1.0
            seen[f, LINEAR] += z
    _step(state, count, 0, gradient, hyper)


@_compiled
def unlearn(  # noqa: PLR0917 - a compiled function takes arrays by place
    row: F32, gradient: float, edges: F64, scaler: F64, state: F64, seen: F64, hyper: F64
) -> None:
    """Take back one earlier step of `learn` with the same gradient.

    Right after the step this is its inverse. Later, it removes the step's gradient from z and its
    square from n and leaves what other rows have taught.
    """
    count = row.shape[0]
    for f in range(count):
        value = np.float64(row[f])
        if np.isnan(value):
            _unstep(state, f, MISSING, gradient, hyper)
            seen[f, MISSING] -= 1.0
        else:
            column = bin_of(edges[f], value)
            z = z_of(value, scaler[f, 0], scaler[f, 1])
            _unstep(state, f, column, gradient, hyper)
            _unstep(state, f, LINEAR, gradient * z, hyper)
            seen[f, column] -= 1.0
            seen[f, LINEAR] -= z
    _unstep(state, count, 0, gradient, hyper)


@_compiled
def log_loss_sum(probabilities: F64, outcomes: NDArray[np.uint8]) -> float:
    """Return the sum of -ln of the probability given to what came true, in order.

    A probability of 0 or 1, which only a model that is not ours can give, costs 34.5 when wrong.
    """
    total = 0.0
    for i in range(probabilities.shape[0]):
        p = min(max(probabilities[i], 1e-15), 1.0 - 1e-15)
        total -= log(p if outcomes[i] else 1.0 - p)
    return total
