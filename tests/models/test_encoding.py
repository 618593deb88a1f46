"""Promises of the one encoding that all heads share."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import CheckpointError, Encoding, RowError
from models.kernels import EDGES, MISSING, Z_LIMIT, signed_log

NAMES = ("a", "b", "c")
VALUES = st.floats(width=32, allow_infinity=False)
ROWS = st.lists(st.lists(VALUES, min_size=3, max_size=3), min_size=1, max_size=20).map(
    lambda rows: np.array(rows, dtype=np.float32)
)


@given(ROWS, ROWS)
def test_a_row_is_encoded_by_counting_edges_and_scaling(seen: np.ndarray, rows: np.ndarray) -> None:
    """The compiled code agrees with the definition, whatever the numbers are."""
    encoding = Encoding.fit(NAMES, seen)
    bins, z = encoding.encode_many(rows)
    for i, row in enumerate(rows.tolist()):
        for f, value in enumerate(row):
            if math.isnan(value):
                assert (bins[i, f], z[i, f]) == (MISSING, 0.0)
                continue
            centre, scale = encoding.scaler[f].tolist()
            expected = (signed_log(value) - centre) / scale
            assert bins[i, f] == sum(edge <= value for edge in encoding.edges[f].tolist())
            assert z[i, f] == min(max(expected, -Z_LIMIT), Z_LIMIT)


@given(ROWS, ROWS)
def test_one_by_one_is_the_same_as_all_at_once(seen: np.ndarray, rows: np.ndarray) -> None:
    """A batch is a way to be fast, not another result."""
    encoding = Encoding.fit(NAMES, seen)
    bins, z = encoding.encode_many(rows)
    for i, row in enumerate(rows):
        alone_bins, alone_z = encoding.encode(row)
        assert alone_bins.tolist() == bins[i].tolist()
        assert alone_z.tolist() == z[i].tolist()


@given(ROWS)
def test_edges_ascend_and_every_number_is_finite_in_code(seen: np.ndarray) -> None:
    """A feature that is always missing, constant or huge makes an encoding like any other."""
    encoding = Encoding.fit(NAMES, seen)

    assert (encoding.edges[:, :-1] <= encoding.edges[:, 1:]).all()
    assert np.isfinite(encoding.scaler).all()
    assert (encoding.scaler[:, 1] > 0.0).all()
    assert np.isfinite(encoding.encode_many(seen)[1]).all()


@given(ROWS)
def test_it_travels_bit_for_bit(seen: np.ndarray) -> None:
    """Weights mean something only with the edges they were learnt with."""
    encoding = Encoding.fit(NAMES, seen)
    back = Encoding.from_data(json.loads(json.dumps(encoding.to_data())))

    assert back.encoding_hash == encoding.encoding_hash
    assert back.edges.tobytes() == encoding.edges.tobytes()
    assert back.scaler.tobytes() == encoding.scaler.tobytes()


def test_another_encoding_has_another_hash() -> None:
    """Names, edges and scales are all of what a code means."""
    rows = np.arange(96, dtype=np.float32).reshape(32, 3)
    hashes = {
        Encoding.fit(NAMES, rows).encoding_hash,
        Encoding.fit(("a", "c", "b"), rows).encoding_hash,
        Encoding.fit(NAMES, rows + 1).encoding_hash,
        Encoding.fit(NAMES, rows).of(("a", "b")).encoding_hash,
    }

    assert len(hashes) == 4


@given(ROWS, ROWS)
def test_a_part_of_it_says_the_same_of_its_features(seen: np.ndarray, rows: np.ndarray) -> None:
    """A snapshot carries only its own features' edges: their codes must not change."""
    whole = Encoding.fit(NAMES, seen)
    bins, z = whole.encode_many(rows)
    part_bins, part_z = whole.of(("a", "c")).encode_many(np.ascontiguousarray(rows[:, [0, 2]]))

    assert part_bins.tolist() == bins[:, [0, 2]].tolist()
    assert part_z.tolist() == z[:, [0, 2]].tolist()


def test_common_values_share_the_bins_evenly() -> None:
    """Sixteen equal shares: a bin that nobody is in teaches nothing."""
    rows = np.random.default_rng(1).lognormal(3.0, 2.0, (1_600, 1)).astype(np.float32)
    bins, _ = Encoding.fit(("a",), rows).encode_many(rows)

    shares = np.bincount(bins[:, 0], minlength=EDGES + 1)
    assert sorted(shares[shares > 0].tolist()) == [100] * 16


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((1, 2), dtype=np.float32),
        np.zeros((1, 3)),
        np.full((1, 3), np.inf, dtype=np.float32),
    ],
)
def test_what_is_no_row_is_refused(rows: np.ndarray) -> None:
    """The compiled code checks no bounds: the door does."""
    encoding = Encoding.fit(NAMES, np.ones((4, 3), dtype=np.float32))

    with pytest.raises(RowError, match="finite float32 values"):
        encoding.encode_many(rows)


def test_nothing_is_no_evidence() -> None:
    """An encoding of no rows would be one of no customers."""
    with pytest.raises(RowError, match="at least one row"):
        Encoding.fit(NAMES, np.empty((0, 3), dtype=np.float32))
    with pytest.raises(RowError, match=r"got \['d'\]"):
        Encoding.fit(NAMES, np.ones((4, 3), dtype=np.float32)).of(("a", "d"))
    with pytest.raises(CheckpointError, match="encoding/1"):
        Encoding.from_data({"format": "encoding/9"})
