"""Negative controls: an error planted in the tables is found by the checker that found none."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, settings

from features.catalogue import CATALOGUE
from features.definitions import Window
from features.kernel import P_GROUP_OF, P_KEY_OF, P_ROWS_AT, P_SPECS_OF, P_WINDOWS, ROW_WORDS
from features.kinds import CODES, KINDS
from features.log import Step
from features.log_event import ADD, REVERSAL
from features.plan import PLAN, Plan, compile_catalogue
from features.plan_ordered import CODED
from features.slow import SlowLog
from tests.features.histories import checked, histories

FINDING = settings(
    max_examples=1_000,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],  # one difference is proof; the smallest one would take minutes
    suppress_health_check=list(HealthCheck),
)


def planted(table: int, index: int, change: int) -> Plan:
    """The plan with one number changed."""
    words = PLAN.words.copy()
    words[words[table] + index] += change
    return PLAN._replace(words=words)


def is_found(plan: Plan) -> bool:
    """Whether some drawn history shows a difference; hypothesis raises where none does."""
    return bool(
        find(histories(), lambda steps: checked(steps, plan=plan) is not None, settings=FINDING)
    )


@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize("window", [0, 2, 5])
def test_a_window_one_millisecond_off_is_found(window: int, change: int) -> None:
    """(at - W, at] and [at - W, at] differ by one event at the edge, once a year."""
    assert is_found(planted(P_WINDOWS, window, change))


def test_a_swapped_filter_is_found() -> None:
    """A filter that reads the neighbouring kind is a plausible number."""
    words = PLAN.words.copy()
    places = [words[P_GROUP_OF] + CODES[kind] for kind in ("supplier_payment", "salary")]
    words[places] = words[places[::-1]]
    assert is_found(PLAN._replace(words=words))


def test_a_swapped_aggregation_is_found() -> None:
    """A count where a sum belongs is a plausible number too."""
    assert is_found(planted(P_ROWS_AT, CODED.index("sum"), ROW_WORDS))


def test_a_kind_missing_from_a_distinct_count_is_found() -> None:
    """A borrower's second lender must not be overlooked."""
    specs = PLAN.words[PLAN.words[P_SPECS_OF] + CODES["loan_inflow_external"]]
    assert is_found(planted(P_SPECS_OF, CODES["loan_inflow_external"], -int(specs)))


def test_counting_days_instead_of_months_is_found() -> None:
    """A salary in two halves is one month of salary."""
    keys = PLAN.words[PLAN.words[P_KEY_OF] :][:6].tolist()
    assert is_found(planted(P_KEY_OF, keys.index(2), -1))


def test_a_lost_reversal_is_found() -> None:
    """A definition that ignores reversals is another definition."""

    class Forgetful(SlowLog):
        def apply(self, events: object, *, tag: object = None) -> None:
            kept = [event for event in events if event.op != REVERSAL]  # type: ignore[attr-defined]
            super().apply(kept, tag=tag)

    assert find(
        histories(), lambda steps: checked(steps, slow=Forgetful()) is not None, settings=FINDING
    )


def test_a_duplicate_that_counts_twice_is_found() -> None:
    """A definition that does not know an event again is another definition."""

    class Credulous(SlowLog):
        def apply(self, events: object, *, tag: object = None) -> None:
            for event in events:  # type: ignore[attr-defined]
                alone = SlowLog()
                alone.apply([event], tag=tag)
                self.events += alone.events
                self.struck |= alone.struck

    assert find(
        histories(), lambda steps: checked(steps, slow=Credulous()) is not None, settings=FINDING
    )


def test_a_changed_definition_is_found() -> None:
    """The catalogue is the promise: the compiled tables must follow it, word by word."""
    for name in ("touch_cnt_7d", "ext_lender_cnt_90d", "days_since_reject", "balance_last_minor"):
        changed = tuple(
            _without_one_kind(feature)
            if isinstance(feature, Window) and feature.name == name
            else feature
            for feature in CATALOGUE
        )
        slow = SlowLog(catalogue=changed)
        assert compile_catalogue(changed).plan_hash != PLAN.plan_hash

        def differs(steps: list[Step], catalogue: tuple[object, ...] = slow.catalogue) -> bool:  # type: ignore[assignment]
            return checked(steps, slow=SlowLog(catalogue=catalogue)) is not None  # type: ignore[arg-type]

        assert find(histories(), differs, settings=FINDING)


def _without_one_kind(window: Window) -> Window:
    others = sorted(set(KINDS[1:]) - window.where)
    where = frozenset(sorted(window.where)[1:]) or frozenset(others[:1])
    fields = {name: getattr(window, name) for name in Window.__dataclass_fields__}
    return Window(**{**fields, "where": where})


def test_the_controls_plant_into_the_tables_that_are_used() -> None:
    """A control that changes nothing proves nothing."""
    assert ADD == 0
    for plan in (planted(P_WINDOWS, 0, 1), planted(P_ROWS_AT, 0, 1)):
        assert not np.array_equal(plan.words, PLAN.words)
