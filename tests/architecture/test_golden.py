"""Frozen formats change only on purpose."""

import pytest

from tests.freeze import GOLDEN, ROOT


@pytest.mark.parametrize("path", sorted(GOLDEN))
def test_a_golden_file_is_what_its_source_says(path: str) -> None:
    """Somebody reads that file instead of the code: an operator, a channel, a reviewer."""
    assert (ROOT / path).read_text(encoding="utf-8") == GOLDEN[path](), "run `make freeze`"
