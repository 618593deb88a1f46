"""Promises of the rows that models read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import RowError, RowSchema, to_hex
from models.rows import MAX_FEATURES

AB = RowSchema(("a", "b"))
VALUES = st.floats(width=32, allow_infinity=False)


@given(st.lists(VALUES, min_size=2, max_size=2))
def test_a_row_travels_bit_for_bit(values: list[float]) -> None:
    """What the learner reads is what was scored, NaN included."""
    row = AB.row(np.array(values))

    assert AB.from_hex(to_hex(row)).tobytes() == row.tobytes()


def test_a_value_is_rounded_to_float32_before_it_is_scored() -> None:
    """A score of unrounded features could not be learnt from the row that travels."""
    assert AB.row({"a": 0.1, "b": 1.0})[0] == np.float32(0.1)


def test_an_absent_feature_is_missing() -> None:
    """Missing is not zero: a customer without income is not one with an income of nothing."""
    assert np.isnan(AB.row({"a": 1.0})[1])


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39])
def test_infinity_is_refused_by_name(value: float) -> None:
    """1e39 is finite as float64 and infinite as float32: it must not slip through."""
    with pytest.raises(RowError, match=r"infinity in \['b'\]"):
        AB.row({"a": 1.0, "b": value})


@pytest.mark.parametrize("text", ["zz", "00", to_hex(np.array([1.0, np.inf], dtype=np.float32))])
def test_hex_that_is_not_a_row_is_refused(text: str) -> None:
    """A damaged example is told apart from a row of zeros."""
    with pytest.raises(RowError):
        AB.from_hex(text)


def test_the_hash_is_of_the_order_too() -> None:
    """The same names in another order are another row."""
    assert AB.schema_hash != RowSchema(("b", "a")).schema_hash


@pytest.mark.parametrize("names", [(), ("a", "a"), tuple(f"f{i}" for i in range(MAX_FEATURES + 1))])
def test_a_schema_has_one_to_forty_eight_different_names(names: tuple[str, ...]) -> None:
    """The size of a snapshot and of an example rests on it."""
    with pytest.raises(RowError, match="1 to 48"):
        RowSchema(names)


def test_a_feature_that_nobody_computes_is_refused() -> None:
    """Found when the process starts, not when the first customer comes."""
    with pytest.raises(RowError, match=r"not computed: \['b'\]"):
        AB.indices(("a", "c"))
