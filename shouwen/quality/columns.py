"""Columns of a table as the rows of a model: numbers as they are, words as one column each."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def matrix(
    records: Sequence[Mapping[str, str]], *, numbers: Sequence[str], words: Sequence[str]
) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    """Return names and values: each number, then 1 or 0 for each word that a column knows.

    An empty number is missing.

    >>> records = [{"age": "40", "job": "cook"}, {"age": "", "job": "clerk"}]
    >>> matrix(records, numbers=["age"], words=["job"])
    (('age', 'job=clerk', 'job=cook'), array([[40.,  0.,  1.], [nan,  1.,  0.]], dtype=float32))
    """
    columns = [(name, [_number(record[name]) for record in records]) for name in numbers]
    for name in words:
        columns += [
            (f"{name}={word}", [float(record[name] == word) for record in records])
            for word in sorted({record[name] for record in records})
        ]
    values = np.array([column for _, column in columns], dtype=np.float32).T
    return tuple(name for name, _ in columns), np.ascontiguousarray(values)


def _number(text: str) -> float:
    return float(text) if text else float("nan")
