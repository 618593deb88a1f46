"""Who may fold again what was published: the same code, on whatever machine is left."""

import pytest

from streams.decide_recovery import _require_same_build
from streams.errors import OtherBuildError
from streams.state_log import NOTHING, Mark

CODE, LIBRARIES, MACHINE = "0123456789abcdef", "01234567", "89abcdef"
DEAD = Mark(seq=9, journal_offset=12, build=f"{CODE}-{LIBRARIES}-{MACHINE}")


def is_refused(build: str) -> bool:
    try:
        _require_same_build(0, NOTHING, DEAD, build=build)
    except OtherBuildError as error:
        return "Start that build once" in str(error)
    return False


def test_another_machine_may_go_on_for_one_that_died() -> None:
    """A partition that waits for the very processor that died may wait for ever."""
    assert not is_refused(f"{CODE}-{LIBRARIES}-00000000")


@pytest.mark.parametrize(
    "build", [f"{'f' * 16}-{LIBRARIES}-{MACHINE}", f"{CODE}-ffffffff-{MACHINE}", "test"]
)
def test_other_code_or_libraries_may_not(build: str) -> None:
    """It could make a state that never said what was said."""
    assert is_refused(build)
