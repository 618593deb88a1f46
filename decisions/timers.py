"""What the loan file waits for: an abandoned application, a limit undrawn, a state that ends."""

from contracts.topics import DAY_MS
from decisions.facts import Facts
from decisions.loan_standing import next_change_ms, undrawn_limits

ABANDONED = "loan.abandoned:"
UNDRAWN = "loan.undrawn:"
EXPIRE = "loan.expire:"
ABANDONED_AFTER_MS = 30 * 60_000
UNDRAWN_WAVES_DAYS = (3, 7, 15, 30)
_TIMED = frozenset({"applying", "approved_undrawn", "declined", "settled"})


def loan_timers(facts: Facts) -> dict[str, int]:
    """Return every timer that the loan file wants now: its name and when it is due (epoch ms).

    Names are `loan.abandoned:<session>`, `loan.undrawn:<application>:<days>` and
    `loan.expire:<state>`. A timer that fired does not come back, unless the customer gave it a
    new due time by coming back; one that was already past when its reason came to be known
    (an approval told a week late) is not asked for.

    >>> from decisions.facts import LoanFile
    >>> begun = LoanFile(state="applying", apply_session="s-1", apply_active_ms=0, heard_ms=0)
    >>> facts = Facts(loan=begun)
    >>> loan_timers(facts)["loan.abandoned:s-1"]
    1800000
    >>> note_fired(facts, "loan.abandoned:s-1", due_ms=1800000)
    >>> "loan.abandoned:s-1" in loan_timers(facts)
    False
    """
    file = facts.loan
    if file.state not in _TIMED:
        return {}
    due: dict[str, int] = {}
    if file.state == "applying" and file.apply_session is not None and not file.apply_submitted:
        due[f"{ABANDONED}{file.apply_session}"] = file.apply_active_ms + ABANDONED_AFTER_MS
    if file.state == "approved_undrawn":
        for application_id, application in undrawn_limits(file):
            for days in UNDRAWN_WAVES_DAYS:
                name = f"{UNDRAWN}{application_id}:{days}"
                due[name] = application.approved_at_ms + days * DAY_MS
    change_ms = next_change_ms(facts)
    if change_ms is not None:
        due[f"{EXPIRE}{file.state}"] = change_ms
    return {
        name: due_ms
        for name, due_ms in due.items()
        if due_ms > file.heard_ms and file.fired.get(name) != due_ms
    }


def note_fired(facts: Facts, name: str, *, due_ms: int) -> None:
    """Remember that a `loan.*` timer fired, so that `loan_timers` does not ask for it again.

    Only timers due after the last word on the file need remembering: the rest are past.
    """
    file = facts.loan
    file.fired = {
        known: known_ms for known, known_ms in file.fired.items() if known_ms > file.heard_ms
    }
    file.fired[name] = due_ms
