"""One customer's life: the parts that the loan models move, in one hand."""

from dataclasses import dataclass

from simulator.agenda import Agenda
from simulator.app import App
from simulator.hardship import Hardship
from simulator.needs import Needs
from simulator.outbox import Outbox
from simulator.people import Person
from simulator.purse import Purse


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Who the customer is, what presses, and where what happens is put."""

    person: Person
    needs: Needs
    hardship: Hardship
    agenda: Agenda
    outbox: Outbox
    purse: Purse
    app: App
