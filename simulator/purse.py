"""A customer's account: what comes in and goes out, to the fen, and how the bank books it."""

from dataclasses import dataclass
from random import Random

from contracts.topics import Topic
from contracts.transactions import PurposeClass, TransactionPosted, TransactionReversed
from simulator.agenda import Agenda
from simulator.chance import around, happens
from simulator.days import DAY_MS, HOUR_MS
from simulator.outbox import Outbox
from simulator.people import Person

CURRENCY = "CNY"
MOST_MINOR = 1_000_000_000
_MISTYPED = 0.002
_BOOKED_TWICE = 0.0015


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Money that moves, seen from the account: how much, what for, and who is at the other end.

    `bank_code` names another bank where the other end is there.
    """

    amount_minor: int
    purpose: PurposeClass
    party_id: str | None
    party_kind: str | None
    channel: str = "batch"
    bank_code: str | None = None


class Purse:
    """The one account of a customer. Its balance never goes below nothing: the bank refuses first.

    A few postings are wrong and put right later: an amount was mistyped (a correction replaces
    the posting), or it was booked twice (a reversal takes the second away).

    Args:
        person: Whose account.
        random: The customer's chance for the account, used for nothing else.
        outbox: Where the postings go.
        agenda: Where a later repair of a posting is put.
    """

    def __init__(self, person: Person, random: Random, outbox: Outbox, agenda: Agenda) -> None:
        self._person = person
        self._random = random
        self._outbox = outbox
        self._agenda = agenda
        self._postings = 0
        self.balance_minor = around(random, person.income_minor * 0.9, 0.8)

    def receive(self, at_ms: int, money: Movement) -> None:
        """Take money in."""
        amount_minor = min(money.amount_minor, MOST_MINOR)
        self.balance_minor += amount_minor
        self._post(at_ms, "in", amount_minor, money)

    def pay(self, at_ms: int, money: Movement) -> bool:
        """Pay, and return true; or return false where the balance does not cover it."""
        if money.amount_minor > min(self.balance_minor, MOST_MINOR):
            return False
        self.balance_minor -= money.amount_minor
        self._post(at_ms, "out", money.amount_minor, money)
        return True

    def _post(self, at_ms: int, direction: str, amount_minor: int, money: Movement) -> None:
        self._postings += 1
        posting: dict[str, object] = {
            "event_type": "transaction_posted",
            "txn_id": f"t-{self._person.number:06}-{self._postings:x}",
            "account_id_hash": f"a-{self._person.number:06}",
            "direction": direction,
            "amount_minor": amount_minor,
            "currency": CURRENCY,
            "balance_after_minor": self.balance_minor,
            "counterparty_id_hash": money.party_id,
            "counterparty_kind": money.party_kind,
            "counterparty_bank_code": money.bank_code,
            "txn_channel": money.channel,
            "purpose_class": money.purpose,
        }
        send, flaw = self._outbox.send, self._random.random()
        if flaw < _MISTYPED:
            wrong = posting | {"amount_minor": amount_minor * 10}
            event_id = send(Topic.TRANSACTIONS, TransactionPosted, at_ms, **wrong)
            self._repair_later(at_ms, event_id, posting)
            return
        send(Topic.TRANSACTIONS, TransactionPosted, at_ms, **posting)
        if flaw < _MISTYPED + _BOOKED_TWICE:
            event_id = send(Topic.TRANSACTIONS, TransactionPosted, at_ms + 1, **posting)
            self._repair_later(at_ms + 1, event_id, None)

    def _repair_later(
        self, occurred_at_ms: int, event_id: str, right: dict[str, object] | None
    ) -> None:
        def repair(at_ms: int) -> None:
            wrong = {"corrects_event_id": event_id, "corrects_occurred_at_ms": occurred_at_ms}
            if right is None:
                self._outbox.send(
                    Topic.TRANSACTIONS,
                    TransactionReversed,
                    at_ms,
                    event_type="transaction_reversed",
                    is_reversal=True,
                    **wrong,
                )
            else:
                self._outbox.send(Topic.TRANSACTIONS, TransactionPosted, at_ms, **right, **wrong)

        soon = happens(self._random, 0.7)
        lag_ms = self._random.randrange(HOUR_MS, DAY_MS if soon else 6 * DAY_MS)
        self._agenda.add(occurred_at_ms + lag_ms, repair)
