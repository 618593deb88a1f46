"""Promises about processors: what one of them decided, every other one decides again."""

import json
import platform
import sys

import llvmlite.binding
import pytest

from tests.models.bits import PROCESSORS, bits, bits_elsewhere
from tests.models.freeze_bits import BITS_ROWS, SCORES

MASKED = [name for name, hidden in PROCESSORS.items() if hidden]
needs_glibc = pytest.mark.skipif(
    not (sys.platform == "linux" and platform.machine() == "x86_64"),
    reason="only glibc on x86-64 can be told to hide a processor's instructions",
)


def test_scores_lessons_and_snapshots_have_the_bits_on_file() -> None:
    """Replay on another machine rests on it: this file was written on one, and is read on all."""
    assert {str(BITS_ROWS): bits(BITS_ROWS)} == json.loads(SCORES.read_text())


@needs_glibc
@pytest.mark.parametrize("processor", MASKED)
def test_an_older_processor_has_the_same_bits(processor: str) -> None:
    """The long form, a million rows, is `python -m tests.models.bits`."""
    found = bits_elsewhere(processor, "--here", "--rows", str(BITS_ROWS))

    assert {str(BITS_ROWS): found} == json.loads(SCORES.read_text())


@needs_glibc
def test_the_mask_hides_something() -> None:
    """The control: behind the mask the C library itself says something else."""
    if not llvmlite.binding.get_host_cpu_features().get("fma", False):
        pytest.skip("this processor has no FMA to be hidden")

    assert bits_elsewhere("as it is", "--libm") != bits_elsewhere(MASKED[-1], "--libm")
