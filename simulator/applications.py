"""From a need to a limit: the application, its steps and its pauses, and the bank's decision."""

from random import Random

from contracts.app_events import ApplyProgressed, FaceVerifyFailed
from contracts.loan_events import ApplicationStage, CreditLineStage
from contracts.topics import Topic
from simulator.bureau import Bureau
from simulator.chance import happens
from simulator.days import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Day
from simulator.lenders import OtherLenders
from simulator.life import Life
from simulator.loans import Loans, Terms
from simulator.reaction import Reaction
from simulator.underwriting import Verdict, judge

_ASKS_PER_DAY = 0.16
_IDLE_ASKS_PER_DAY = 0.0004
_STEPS = 4
_FACE_STEP = 2
_STOPS_AT_A_STEP = 0.11
_RESUMES = 0.6
_RESTS_DAYS = 35


class Applications:
    """The customer's way to a limit at this bank, one application at a time.

    Args:
        life: The customer.
        random: The customer's chance for applications, used for nothing else.
        loans: What becomes of a limit.
        lenders: The lenders elsewhere, whom the bank sees in the account.
        bureau: Asked about whoever applies.
        reaction: What a contact of the bank does to the customer's asking.
    """

    def __init__(
        self,
        life: Life,
        random: Random,
        loans: Loans,
        lenders: OtherLenders,
        bureau: Bureau,
        *,
        reaction: Reaction,
    ) -> None:
        self._life = life
        self._random = random
        self._loans = loans
        self._lenders = lenders
        self._bureau = bureau
        self._reaction = reaction
        self._number = 0
        self._id = ""
        self._requested_minor = 0
        self._in_app = True
        self.is_open = False
        self.turned_away_until_ms = 0

    @property
    def owes_or_asks(self) -> bool:
        """Whether an application, a limit or a loan is open."""
        return self.is_open or self._loans.is_open

    def plan(self, day: Day) -> None:
        """Perhaps apply today."""
        life, random = self._life, self._random
        need = life.needs.current
        ours = need is not None and need.ours_first
        chance = _ASKS_PER_DAY * life.needs.level(day) if ours else _IDLE_ASKS_PER_DAY
        waits = day.start_ms < self.turned_away_until_ms
        comes_by_itself = happens(random, chance * self._reaction.share_of_asking(day))
        asks = comes_by_itself or self._reaction.asks_today(day)
        if asks and not (self.owes_or_asks or waits):
            self.is_open = True
            self._in_app = need is None or need.shows_in_app or happens(random, 0.4)
            amount = life.person.income_minor if need is None else need.amount_minor
            self._requested_minor = max(300_000, round(amount, -5))
            life.agenda.add(day.between(random, 8, 22), self._start)

    def _start(self, at_ms: int) -> None:
        self._number += 1
        self._id = f"ap-{self._life.person.number:06}-{self._number}"
        self._stage(at_ms, "marketing", "entered")
        if self._in_app:
            self._progress(at_ms, "apply_start", 0)
            self._next_step(at_ms, 1)
        else:
            self._life.agenda.add(at_ms + 40 * MINUTE_MS, self._submit)

    def _next_step(self, at_ms: int, step: int) -> None:
        life, random = self._life, self._random
        at_ms += random.randrange(20 * SECOND_MS, 5 * MINUTE_MS)
        if happens(random, _STOPS_AT_A_STEP):
            if happens(random, _RESUMES):
                pause_ms = random.randrange(HOUR_MS, 72 * HOUR_MS)
                life.agenda.add(at_ms + pause_ms, lambda later_ms: self._step(later_ms, step))
            else:
                life.agenda.add(at_ms + 7 * DAY_MS, self._drop)
        else:
            life.agenda.add(at_ms, lambda now_ms: self._step(now_ms, step))

    def _step(self, at_ms: int, step: int) -> None:
        if step == _FACE_STEP and happens(self._random, 0.06):
            self._life.outbox.send(
                Topic.APP_EVENTS,
                FaceVerifyFailed,
                at_ms - SECOND_MS,
                event_type="face_verify",
                **self._life.app.session_fields(),
            )
        if step > _STEPS:
            self._progress(at_ms, "apply_submit", _STEPS)
            self._submit(at_ms + SECOND_MS)
        else:
            self._progress(at_ms, "apply_step", step)
            self._next_step(at_ms, step + 1)

    def _drop(self, at_ms: int) -> None:
        self._stage(at_ms, "marketing", "cancelled")
        self.is_open = False

    def _submit(self, at_ms: int) -> None:
        self._stage(at_ms, "marketing", "passed")
        self._stage(at_ms + SECOND_MS, "investigation", "entered")
        self._bureau.apply(at_ms + SECOND_MS)
        slow = happens(self._random, 0.15)
        wait_ms = self._random.randrange(HOUR_MS, (90 if slow else 20) * HOUR_MS)
        self._life.agenda.add(at_ms + wait_ms, self._investigated)

    def _investigated(self, at_ms: int) -> None:
        papers_missing = happens(self._random, 0.04)
        status = "failed" if papers_missing else "passed"
        self._stage(at_ms, "investigation", status, decided_by="human")
        if papers_missing:
            self._refuse(at_ms + MINUTE_MS, ("documents_missing",))
            return
        verdict = judge(
            self._life.person,
            self._life.hardship,
            self._random,
            requested_minor=self._requested_minor,
            lenders=self._lenders.owed_to,
        )
        at_ms += self._random.randrange(MINUTE_MS, 20 * MINUTE_MS)
        self._stage(at_ms, "rating", "failed" if verdict.reasons else "passed")
        if verdict.reasons:
            self._refuse(at_ms + MINUTE_MS, verdict.reasons)
            return
        self._stage(at_ms + MINUTE_MS, "signing", "entered")
        if happens(self._random, 0.94):
            wait_ms = self._random.randrange(10 * MINUTE_MS, 40 * HOUR_MS)
            self._life.agenda.add(at_ms + wait_ms, lambda now_ms: self._sign(now_ms, verdict))
        else:
            self._life.agenda.add(at_ms + 10 * DAY_MS, self._unsigned)

    def _sign(self, at_ms: int, verdict: Verdict) -> None:
        self._stage(at_ms, "signing", "passed")
        terms = Terms(
            application_id=self._id,
            limit_minor=verdict.limit_minor,
            apr_all_in_bps=verdict.apr_all_in_bps,
            term_months=self._random.choice(verdict.terms_months),
        )
        self.is_open = False
        self._loans.grant(at_ms + MINUTE_MS, terms)

    def _unsigned(self, at_ms: int) -> None:
        self._stage(at_ms, "signing", "cancelled")
        self.is_open = False

    def _refuse(self, at_ms: int, reasons: tuple[str, ...]) -> None:
        self._life.outbox.send(
            Topic.LOAN_EVENTS,
            CreditLineStage,
            at_ms,
            event_type="loan_credit_line",
            loan_stage="credit_line",
            stage_status="failed",
            application_id=self._id,
            decline_reason_codes=reasons,
        )
        self.turned_away_until_ms = at_ms + _RESTS_DAYS * DAY_MS
        self.is_open = False

    def _progress(self, at_ms: int, name: str, step: int) -> None:
        self._life.outbox.send(
            Topic.APP_EVENTS,
            ApplyProgressed,
            at_ms,
            event_type="apply",
            event_name=name,
            apply_step_no=step,
            **self._life.app.session_fields(),
        )

    def _stage(self, at_ms: int, stage: str, status: str, *, decided_by: str = "machine") -> None:
        self._life.outbox.send(
            Topic.LOAN_EVENTS,
            ApplicationStage,
            at_ms,
            event_type="loan_application",
            loan_stage=stage,
            stage_status=status,
            application_id=self._id,
            requested_minor=self._requested_minor,
            decided_by=decided_by,
        )
