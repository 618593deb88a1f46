"""All compiled arithmetic of the models: one file, fixed order, no libm, so bits are the same.

Only + - * / and sqrt (which IEEE 754 rounds correctly everywhere) and integer operations are
used. `fastmath` is off: without it LLVM neither reorders a sum nor contracts a product and a sum
into a fused multiply-add, so x86-64 and arm64 give the same bits. The C library's exp and log
differ between processors and are not called.

Every compiled function is in this file on purpose: the compiler's cache is keyed by the file
that a function stands in, and a function that it calls from another file could go stale unseen.

A row is encoded once: per feature its bin (`MISSING` where there is no value) and the clipped
z-score of its signed logarithm (0 where there is no value). Every model of these bins then reads
the code. The layout of a linear model over F features, C = `COLUMNS` weights each:

- columns 0 .. `EDGES`: one weight per bin; `MISSING`: the weight of "no value"; `LINEAR`: the
  weight of the z-score;
- `state[0]` sums of gradients (z), `state[1]` sums of squared gradients (n), `state[2]` weights;
- `seen` counts rows per bin; its `LINEAR` column holds the sum of z-scores;
- `places`: where each of the model's features stands in the code, ascending.
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
PADDED_EDGES = 32
Z_LIMIT = 4.0

ALPHA, BETA, L1, L2, WEIGHT_CAP, KEPT_SHARE = range(6)
"""Places of the hyperparameters in the array `hyper`."""

_EXP_OVERFLOWS = 709.782712893384
_EXP_VANISHES = -745.1332191019411
_LEAST_EXPONENT = -1021
_LEAST_NORMAL = 2.2250738585072014e-308
_BITS_OF_SQRT_2 = 0x3FF6A09E667F3BCD

F64 = NDArray[np.float64]
F32 = NDArray[np.float32]
I16 = NDArray[np.int16]
Places = NDArray[np.int64]
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
def _log_of_normal(x: float, k: int) -> float:
    """Return ln(x * 2**k) of a positive normal x, without a branch, so that loops run in lanes."""
    bits = np.float64(x).view(np.int64)
    exponent = k + (bits >> 52) - 1023
    bits = (bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000
    above = np.int64(bits > _BITS_OF_SQRT_2)
    bits -= above << 52
    exponent += above
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
        + exponent * 1.90821492927058770002e-10
        - half_square
        + f
        + exponent * 6.93147180369123816490e-01
    )


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
    if x < _LEAST_NORMAL:
        return _log_of_normal(x * 18014398509481984.0, -54)
    return _log_of_normal(x, 0)


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
    size = _log_of_normal(1.0 + abs(value), 0)
    return -size if value < 0.0 else size


@_compiled
def z_of(value: float, centre: float, scale: float) -> float:
    """Return the z-score of the signed logarithm of `value`, clipped to ±4.

    >>> z_of(0.0, 0.0, 1.0), z_of(1e30, 0.0, 1.0)
    (0.0, 4.0)
    """
    return min(max((signed_log(value) - centre) / scale, -Z_LIMIT), Z_LIMIT)


@_compiled
def encode(rows: F32, edges: F32, scaler: F64, bins: I16, z: F64) -> None:
    """Write into `bins` and `z` the code of each row; `edges` are padded with infinity.

    The bin is the count of edges at or below the value, by counting: in lanes that is faster than
    a search, and a sum of integers has no order.
    """
    for i in range(rows.shape[0]):
        for f in range(rows.shape[1]):
            value = rows[i, f]
            count = np.int32(0)
            for e in range(PADDED_EDGES):
                count += np.int32(edges[f, e] <= value)
            bins[i, f] = MISSING if np.isnan(value) else count
        for f in range(rows.shape[1]):
            value = np.float64(rows[i, f])
            score = z_of(value, scaler[f, 0], scaler[f, 1])
            z[i, f] = 0.0 if np.isnan(value) else score


@_compiled
def parts(bins: I16, z: F64, places: Places, weights: F64, out: F64) -> None:
    """Write into `out` what each feature adds to the log-odds of an encoded row."""
    for f in range(places.shape[0]):
        p = places[f]
        out[f] = weights[f, bins[p]] + weights[f, LINEAR] * z[p]


@_compiled
def log_odds(bins: I16, z: F64, places: Places, weights: F64, bias: float) -> float:
    """Return the log-odds of an encoded row: bias, then the features in order."""
    total = bias
    for f in range(places.shape[0]):
        p = places[f]
        total += weights[f, bins[p]] + weights[f, LINEAR] * z[p]
    return total


@_compiled
def score(bins: I16, z: F64, places: Places, weights: F64, bias: float) -> float:
    """Return the probability of an encoded row."""
    return sigmoid(log_odds(bins, z, places, weights, bias))


@_compiled
def score_many(  # noqa: PLR0917 - a compiled function takes arrays by place
    rows: F32, edges: F32, scaler: F64, places: Places, weights: F64, lines: F64, out: F64
) -> None:
    """Encode each row once and write into `out` the probability that each of H heads gives it.

    Args:
        rows: N rows.
        edges: Of the F features that some head reads.
        scaler: Of the same.
        places: Where these F features stand in a row.
        weights: (H, F, C); a feature that a head does not read weighs nothing.
        lines: (H, 3): bias, then slope and shift of the calibration, both of log-odds.
        out: (N, H).
    """
    features = places.shape[0]
    row = np.empty((1, features), np.float32)
    bins, z = np.empty((1, features), np.int16), np.empty((1, features))
    for i in range(rows.shape[0]):
        for f in range(features):
            row[0, f] = rows[i, places[f]]
        encode(row, edges, scaler, bins, z)
        for h in range(weights.shape[0]):
            total = lines[h, 0]
            for f in range(features):
                total += weights[h, f, bins[0, f]] + weights[h, f, LINEAR] * z[0, f]
            out[i, h] = sigmoid(lines[h, 1] * total + lines[h, 2])


@_compiled
def _weight(z: float, n: float, hyper: F64) -> float:
    if abs(z) <= hyper[L1]:
        return 0.0
    pulled = z - hyper[L1] if z > 0.0 else z + hyper[L1]
    w: float = -pulled / ((hyper[BETA] + np.sqrt(n)) / hyper[ALPHA] + hyper[L2])
    return min(max(w, -float(hyper[WEIGHT_CAP])), float(hyper[WEIGHT_CAP]))


@_compiled
def _step(state: F64, f: int, column: int, g: float, hyper: F64) -> None:
    n, w = state[1, f, column], state[2, f, column]
    kept = n * hyper[KEPT_SHARE]
    grown = kept + g * g
    z = state[0, f, column]
    if kept != n:
        z = z + (np.sqrt(n) - np.sqrt(kept)) / hyper[ALPHA] * w
    z = z + g - (np.sqrt(grown) - np.sqrt(kept)) / hyper[ALPHA] * w
    state[0, f, column] = z
    state[1, f, column] = grown
    state[2, f, column] = _weight(z, grown, hyper)


@_compiled
def _unstep(state: F64, f: int, column: int, g: float, hyper: F64) -> None:
    n = state[1, f, column]
    z = state[0, f, column] - g
    w = _weight(z, n, hyper)
    shrunk = max(n - g * g, 0.0) / hyper[KEPT_SHARE]
    z = z + (np.sqrt(n) - np.sqrt(shrunk)) / hyper[ALPHA] * w
    state[0, f, column] = z
    state[1, f, column] = shrunk
    state[2, f, column] = _weight(z, shrunk, hyper)


@_compiled
def learn(  # noqa: PLR0917 - a compiled function takes arrays by place
    bins: I16, z: F64, places: Places, gradient: float, state: F64, seen: F64, hyper: F64
) -> None:
    """Take one FTRL-Proximal step; row F of `state` is the bias.

    Source: McMahan et al. (2013), "Ad Click Prediction: a View from the Trenches", KDD,
    algorithm 1. We keep the weight beside z and n instead of recomputing it when scoring, and may
    forget: before each step of a coordinate its n shrinks to `KEPT_SHARE`, its weight stays, so
    that the rate of learning never falls below that of the last 1 / (1 - share) steps.
    """
    count = places.shape[0]
    for f in range(count):
        column, score = bins[places[f]], z[places[f]]
        _step(state, f, column, gradient, hyper)
        seen[f, column] += 1.0
        if column != MISSING:
            _step(state, f, LINEAR, gradient * score, hyper)
            seen[f, LINEAR] += score
    _step(state, count, 0, gradient, hyper)


@_compiled
def unlearn(  # noqa: PLR0917 - a compiled function takes arrays by place
    bins: I16, z: F64, places: Places, gradient: float, state: F64, seen: F64, hyper: F64
) -> None:
    """Take back one earlier step of `learn` with the same gradient.

    Right after the step this is its inverse. Later, it removes the step's gradient from z and its
    square from n, gives back what was forgotten for it, and leaves what other rows have taught.
    """
    count = places.shape[0]
    for f in range(count):
        column, score = bins[places[f]], z[places[f]]
        _unstep(state, f, column, gradient, hyper)
        seen[f, column] -= 1.0
        if column != MISSING:
            _unstep(state, f, LINEAR, gradient * score, hyper)
            seen[f, LINEAR] -= score
    _unstep(state, count, 0, gradient, hyper)


@_compiled
def learn_many(  # noqa: PLR0917 - a compiled function takes arrays by place
    bins: I16,
    z: F64,
    places: Places,
    labels: NDArray[np.bool_],
    importance: F64,
    prior_logit: float,
    clip: float,
    state: F64,
    seen: F64,
    hyper: F64,
    out: F64,
) -> int:
    """Learn encoded rows one after the other; write into `out` the probability before each.

    Returns how many steps were refused, because their gradient was not a number.
    """
    count, refused = places.shape[0], 0
    for i in range(bins.shape[0]):
        bias = prior_logit + state[2, count, 0]
        out[i] = score(bins[i], z[i], places, state[2], bias)
        gradient = importance[i] * (out[i] - (1.0 if labels[i] else 0.0))
        if np.isnan(gradient):
            refused += 1
        else:
            clipped = min(max(gradient, -clip), clip)
            learn(bins[i], z[i], places, clipped, state, seen, hyper)
    return refused


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
