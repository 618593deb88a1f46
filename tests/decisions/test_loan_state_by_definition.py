"""The loan state against a slow reading of everything known, on any order of any events."""

from dataclasses import dataclass, field
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from contracts.conversions import LoanStateName
from contracts.loan_events import STAGES, LoanEvent, LoanStage, StageStatus
from contracts.topics import DAY_MS
from decisions.facts import Facts
from decisions.loan_standing import state_at
from decisions.loan_state import (
    apply_loan_event,
    apply_profile,
    apply_progress,
    current_dpd,
    expire,
)
from decisions.loan_table import EFFECTS, STATUSES, Effect
from decisions.timers import loan_timers, note_fired
from tests.decisions.loan_words import a_closing, a_profile, a_step, a_word, days

LOAN_EFFECTS = {
    Effect.DRAWN,
    Effect.UNDONE,
    Effect.PAID,
    Effect.WATCHED,
    Effect.COLLECTED,
    Effect.RECOVERED,
}


@dataclass(frozen=True)
class Word:
    """An event as it came: its effect, and what the definition needs of it."""

    event: LoanEvent
    effect: Effect
    came: int

    @property
    def occurred_ms(self) -> int:
        return self.event.occurred_at_ms

    @property
    def order(self) -> tuple[int, int]:
        return self.occurred_ms, self.came


@dataclass
class Life:
    """One loan, read from its words in the order in which they occurred."""

    lives: bool = True
    told: bool = False
    settled_ms: int | None = None
    dpd: int = 0
    collected: bool = False


@dataclass
class Book:
    """Everything known of one customer, read anew from the beginning."""

    words: list[Word] = field(default_factory=list)

    def loan(self, loan_id: str) -> Life:
        life = Life()
        mine = [w for w in self.words if w.effect in LOAN_EFFECTS and w.event.loan_id == loan_id]
        for word in sorted(mine, key=lambda word: word.order):
            match word.effect:
                case Effect.DRAWN:
                    life.lives, life.told, life.settled_ms = True, True, None
                case Effect.UNDONE:
                    life.lives, life.told = False, True
                case Effect.PAID:
                    left = word.event.outstanding_minor
                    life.settled_ms = word.occurred_ms if left == 0 else None
                case _:
                    life.dpd = word.event.dpd_days or 0
                    if word.effect is not Effect.WATCHED:
                        life.collected = word.effect is Effect.COLLECTED
        return life

    def loans(self) -> dict[str, Life]:
        ids = {w.event.loan_id for w in self.words if w.effect in LOAN_EFFECTS}
        return {str(loan_id): self.loan(str(loan_id)) for loan_id in sorted(map(str, ids))}

    def judged(self, occurred_ms: int) -> str | None:
        lives = [life for life in self.loans().values() if life.lives]
        if any(life.settled_ms is None for life in lives):
            return None
        if not lives:
            return "first"
        last_ms = max(life.settled_ms for life in lives if life.settled_ms is not None)
        return None if occurred_ms - last_ms < 180 * DAY_MS else "again"

    def conversion(self, word: Word) -> str | None:
        """Return what the drawdown `word` makes, being the next one after `self.words`."""
        loan_id = word.event.loan_id
        mine = [w for w in self.words if w.effect in LOAN_EFFECTS and w.event.loan_id == loan_id]
        draws = sorted(
            (w for w in mine if w.effect in {Effect.DRAWN, Effect.UNDONE}), key=lambda w: w.order
        )
        if not draws and mine:
            before = Book([w for w in self.words if w.came < mine[0].came])
            return before.judged(mine[0].occurred_ms)
        if draws and (draws[-1].effect is Effect.DRAWN or draws[-1].occurred_ms > word.occurred_ms):
            return None
        return self.judged(word.occurred_ms)

    def state(self, at_ms: int) -> LoanStateName:
        loans = self.loans()
        active = [life for life in loans.values() if life.lives and life.settled_ms is None]
        if active:
            if any(life.collected for life in active):
                return "collection"
            return "overdue" if any(life.dpd > 0 for life in active) else "drawn_active"
        standing = self.applications(at_ms)
        if "approved" in standing or "applying" in standing:
            return "approved_undrawn" if "approved" in standing else "applying"
        if self.declined(at_ms):
            return "declined"
        ends = [life.settled_ms for life in loans.values() if life.lives]
        if any(end is not None and at_ms - end < 365 * DAY_MS for end in ends):
            return "settled"
        return "account_no_loan"

    def applications(self, at_ms: int) -> set[str]:
        """Return the standings of the applications on which no loan lives."""
        alive = {loan_id for loan_id, life in self.loans().items() if life.lives}
        drawn = {w.event.application_id for w in self.words if w.event.loan_id in alive}
        found = set()
        for application in {w.event.application_id for w in self.words} - drawn:
            mine = [
                w
                for w in self.words
                if w.event.application_id == application
                and w.effect not in LOAN_EFFECTS
                and w.effect is not Effect.NOTED
            ]
            standing, last_ms = "", 0
            for word in sorted(mine, key=lambda w: (w.occurred_ms, _rank(w), w.came)):
                last_ms = word.occurred_ms
                if word.effect is not Effect.APPLYING or standing != "approved":
                    standing = word.effect.value
            if standing != "applying" or at_ms - last_ms < 90 * DAY_MS:
                found.add(standing)
        return found

    def declined(self, at_ms: int) -> bool:
        no = [w.occurred_ms for w in self.words if w.effect is Effect.DECLINED]
        yes = [w.occurred_ms for w in self.words if w.effect is Effect.APPROVED]
        return any(at_ms - ms < 30 * DAY_MS and ms > max(yes, default=-1) for ms in no)


def _rank(word: Word) -> tuple[int, bool]:
    return STAGES.index(word.event.loan_stage), word.effect is not Effect.APPLYING


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, LoanEvent]]:
    """Draw events as they come: (clock, event), up to 300 days late, of three loans."""
    clock = 400.0
    found = []
    often: tuple[LoanStage, ...] = ("credit_line", "disbursement", "disbursement", "payment")
    steps = st.tuples(
        st.sampled_from(STAGES + often),
        st.sampled_from(STATUSES),
        st.integers(1, 3),
        st.sampled_from([0, 0, 0, 0.5, 3, 40, 100, 300]),
        st.sampled_from([0, 0.1, 1, 29, 31, 89, 181]),
        st.sampled_from([0, 0, 5_00]),
        st.sampled_from([0, 1, 45]),
    )
    for stage, status, number, late, gap, left, dpd in draw(st.lists(steps, max_size=24)):
        clock += gap
        occurred = clock - late
        if (stage, status) == ("disbursement", "passed"):
            occurred = 200.0 + number
        event = a_word(
            stage,
            status,
            at=occurred,
            application=f"a-{number}",
            loan=f"l-{number}",
            outstanding_minor=left,
            dpd_days=dpd,
        )
        found.append((days(clock), event))
    return found


@given(histories())
def test_the_state_is_what_reading_everything_in_order_of_occurrence_would_say(
    history: list[tuple[int, LoanEvent]],
) -> None:
    """Late events lead to the same state as punctual ones: no stage is skipped or undone."""
    facts = an_account()
    book = Book()
    for came, (at_ms, event) in enumerate(history):
        apply_loan_event(facts, event, at_ms=at_ms)
        book.words.append(Word(event, EFFECTS[event.loan_stage, event.stage_status], came))

        assert facts.loan.state == book.state(at_ms)
        active = [a for a in book.loans().values() if a.lives and a.settled_ms is None]
        assert current_dpd(facts.loan) == max((life.dpd for life in active), default=0)


@given(histories())
def test_conversions_are_what_the_definition_says_of_all_that_was_known(
    history: list[tuple[int, LoanEvent]],
) -> None:
    """The number that the bank pays for must not depend on how the machine keeps its state."""
    facts = an_account()
    book = Book()
    for came, (at_ms, event) in enumerate(history):
        word = Word(event, EFFECTS[event.loan_stage, event.stage_status], came)
        expected = book.conversion(word) if word.effect is Effect.DRAWN else None
        changes = apply_loan_event(facts, event, at_ms=at_ms)
        book.words.append(word)

        assert [c.conversion for c in changes if c.conversion] == ([expected] if expected else [])


WALK = st.lists(
    st.tuples(
        st.sampled_from(["loan", "loan", "loan", "profile", "closing", "apply", "time"]),
        st.sampled_from(STAGES),
        st.sampled_from(STATUSES),
        st.integers(0, 12),
        st.sampled_from([0, 0.001, 0.1, 2, 8, 40, 200]),
        st.sampled_from([-1, 0, 0, 0.5, 30, 400]),
    ),
    max_size=40,
)


@given(WALK)
def test_no_walk_leaves_the_table_or_fires_a_timer_twice(
    walk: list[tuple[str, LoanStage, StageStatus, int, float, float]],
) -> None:
    """Any order of any input is ordinary input, and a timer that came back would never stop."""
    facts = Facts()
    clock = 500.0
    fired: set[tuple[str, int]] = set()
    state: LoanStateName = "no_account"
    for kind, stage, status, number, gap, late in walk:
        clock += gap
        at_ms = days(clock)
        changes = fire_all_due(facts, at_ms, fired)
        occurred = clock - late
        match kind:
            case "loan":
                event = a_word(
                    stage,
                    status,
                    at=occurred,
                    application=f"a-{number}",
                    loan=f"l-{number % 3}",
                    dpd_days=number,
                )
                changes += apply_loan_event(facts, event, at_ms=at_ms)
            case "profile":
                profile = a_profile(occurred, has_account=number > 3)
                changes += apply_profile(facts, profile, at_ms=at_ms)
            case "closing":
                changes += apply_profile(facts, a_closing(occurred), at_ms=at_ms)
            case "apply":
                name = ("apply_start", "apply_step", "apply_submit")[number % 3]
                step = a_step(name, at=occurred, session=f"s-{number % 2}", step_no=number)
                changes += apply_progress(facts, step, at_ms=at_ms)
            case _:
                changes += expire(facts, at_ms=at_ms)
        for change in changes:
            assert change.from_state == state
            state = change.to_state
        assert state == facts.loan.state == state_at(facts, at_ms)
        assert state in get_args(LoanStateName)
        assert min(loan_timers(facts).values(), default=at_ms + 1) > at_ms


def fire_all_due(facts: Facts, at_ms: int, fired: set[tuple[str, int]]) -> tuple:  # type: ignore[type-arg]  # transitions of any kind
    """Fire the loan timers up to `at_ms` as the engine does, each at its due time."""
    changes: tuple = ()  # type: ignore[type-arg]  # as above
    while True:
        due = sorted((ms, name) for name, ms in loan_timers(facts).items() if ms <= at_ms)
        if not due:
            return changes
        due_ms, name = due[0]
        assert (name, due_ms) not in fired
        fired.add((name, due_ms))
        note_fired(facts, name, due_ms=due_ms)
        if name.startswith("loan.expire:"):
            expired = expire(facts, at_ms=due_ms)
            assert expired, f"{name} was due and nothing ended"
            changes += expired


def an_account() -> Facts:
    """Return a customer with an account, opened long before the events."""
    facts = Facts()
    apply_profile(facts, a_profile(0), at_ms=days(0))
    return facts
