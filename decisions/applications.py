"""Applications at the bank: where each stands by its last words, and the one that leads."""

from typing import Literal

from contracts.loan_events import ApplicationStage, CreditLineStage
from decisions.facts import Application, LoanFile
from decisions.loan_standing import undrawn_limits
from decisions.loan_table import RANK, Effect

KEPT = 8
_DECIDED: dict[Effect, Literal["approved", "declined", "withdrawn"]] = {
    Effect.APPROVED: "approved",
    Effect.DECLINED: "declined",
    Effect.WITHDRAWN: "withdrawn",
}


def note_application(
    file: LoanFile,
    event: ApplicationStage | CreditLineStage,
    effect: Effect,
    *,
    occurred_ms: int,
) -> None:
    """Take a word on an application.

    Words are ordered by when they occurred and then by stage, whatever order they came in. A
    stage that is only passed through never takes a limit back; a refusal or a withdrawal does.
    """
    if effect is Effect.NOTED:
        return
    application = file.applications.get(event.application_id)
    if application is None:
        application = Application(product_id=event.product_id, opened_ms=occurred_ms)
        file.applications[event.application_id] = application
    application.opened_ms = min(application.opened_ms, occurred_ms)
    word = (occurred_ms, RANK[event.loan_stage])
    if word >= (application.occurred_ms, RANK[application.stage]):
        _move(application, event, occurred_ms=occurred_ms)
    if effect is not Effect.APPLYING:
        _decide(application, event, effect, occurred_ms=occurred_ms)
    application.standing = _standing(application)
    while len(file.applications) > KEPT:
        del file.applications[_by_weight(file)[0]]
    file.declined_at_ms = _declined_at_ms(file)


def show_leader(file: LoanFile) -> None:
    """Copy the leading application into the file's own fields: an open limit, then the newest."""
    if not file.applications:
        return
    application_id = _by_weight(file)[-1]
    application = file.applications[application_id]
    approved = application.standing == "approved"
    file.application_id = application_id
    file.product_id = application.product_id
    file.approved_limit_minor = application.approved_limit_minor if approved else 0
    file.approved_at_ms = application.approved_at_ms if approved else 0
    file.apr_all_in_bps = application.apr_all_in_bps
    file.term_months = application.term_months


def _move(
    application: Application, event: ApplicationStage | CreditLineStage, *, occurred_ms: int
) -> None:
    application.stage = event.loan_stage
    application.occurred_ms = occurred_ms
    if event.apr_all_in_bps is not None:
        application.apr_all_in_bps = event.apr_all_in_bps
    if event.term_months is not None:
        application.term_months = event.term_months


def _decide(
    application: Application,
    event: ApplicationStage | CreditLineStage,
    effect: Effect,
    *,
    occurred_ms: int,
) -> None:
    if effect is Effect.DECLINED:
        application.declined_at_ms = max(application.declined_at_ms, occurred_ms)
    if effect is Effect.APPROVED and occurred_ms >= application.approved_at_ms:
        application.approved_at_ms = occurred_ms
        if event.approved_limit_minor is not None:
            application.approved_limit_minor = event.approved_limit_minor
    word = (occurred_ms, RANK[event.loan_stage])
    if word >= (application.decided_ms, RANK[application.decided_stage]):
        application.decided = _DECIDED[effect]
        application.decided_stage = event.loan_stage
        application.decided_ms = occurred_ms


def _standing(
    application: Application,
) -> Literal["applying", "approved", "declined", "withdrawn"]:
    if application.decided is None:
        return "applying"
    moved_on = (application.occurred_ms, RANK[application.stage]) > (
        application.decided_ms,
        RANK[application.decided_stage],
    )
    if moved_on and application.decided != "approved":
        return "applying"
    return application.decided


def _declined_at_ms(file: LoanFile) -> dict[str, int]:
    """Return the last refusal of each product that no approval of it came after."""
    declined: dict[str, int] = {}
    approved: dict[str, int] = {}
    for application in file.applications.values():
        product = application.product_id
        declined[product] = max(declined.get(product, -1), application.declined_at_ms)
        approved[product] = max(approved.get(product, -1), application.approved_at_ms)
    return {product: ms for product, ms in declined.items() if ms > approved[product]}


def _by_weight(file: LoanFile) -> list[str]:
    """Return the applications from the one that matters least to the leader."""
    undrawn = {name for name, _ in undrawn_limits(file)}
    drawn = {loan.application_id for loan in file.loans.values() if not loan.cancelled}

    def weight(application_id: str) -> tuple[int, int, str]:
        application = file.applications[application_id]
        if application_id in undrawn:
            rank = 3
        elif application.standing in {"declined", "withdrawn"}:
            rank = 0
        else:
            rank = 1 if application_id in drawn else 2
        return rank, application.occurred_ms, application_id

    return sorted(file.applications, key=weight)
