"""One customer, day by day: all the models of people put together."""

from random import Random

from contracts.recorded import RecordedEvent
from simulator.agenda import Agenda
from simulator.app import App
from simulator.applications import Applications
from simulator.chance import stream
from simulator.contact import Contact
from simulator.days import HOUR_MS, Day
from simulator.habits import Habits
from simulator.hardship import Hardship
from simulator.lenders import OtherLenders
from simulator.life import Life
from simulator.loans import Loans
from simulator.needs import Needs
from simulator.outbox import Outbox
from simulator.people import Person
from simulator.purse import Purse


class Customer:
    """A customer's whole life at the bank, from chance that is the customer's alone.

    Args:
        person: Who it is.
        seed: The seed of the bank.
    """

    def __init__(self, person: Person, *, seed: int) -> None:
        self.person = person

        def chance(purpose: str) -> Random:
            return stream(seed, person.number, purpose)

        agenda = Agenda()
        outbox = Outbox(person, chance("outbox"))
        purse = Purse(person, chance("purse"), outbox, agenda)
        self._life = Life(
            person=person,
            needs=Needs(person, chance("needs")),
            hardship=Hardship(person, chance("hardship")),
            agenda=agenda,
            outbox=outbox,
            purse=purse,
            app=App(person, chance("app"), outbox),
        )
        self._habits = Habits(person, chance("habits"), purse)
        self._contact = Contact(person, chance("contact"), outbox)
        self._lenders = OtherLenders(self._life, chance("lenders"))
        loans = Loans(self._life, chance("loans"))
        self._applications = Applications(self._life, chance("applications"), loans, self._lenders)
        self._here = True
        self._introduced = False

    def live(self, day: Day) -> list[RecordedEvent]:
        """Live one day and return what the bank's systems say about it, in no order."""
        if not self._here:
            return []
        life = self._life
        opens_on = self.person.opens_on_day or 0
        if not self._introduced and day.number >= opens_on:
            self._introduced = True
            early = self.person.opens_on_day is None
            self._contact.introduce(day.start_ms if early else day.start_ms + 10 * HOUR_MS)
            life.agenda.add(day.start_ms + 10 * HOUR_MS, lambda _: life.app.log_in())
        life.needs.live(day)
        life.hardship.live(day)
        life.app.plan(day, life.agenda, life.needs, life.hardship)
        if self._introduced and day.number > opens_on - (self.person.opens_on_day is None):
            self._habits.plan(day, life.agenda, life.needs, life.hardship)
            self._applications.plan(day)
            turned_away = day.start_ms < self._applications.turned_away_until_ms
            self._lenders.plan(day, turned_away=turned_away)
            stays = self._contact.live(day)
            if not stays and not self._applications.owes_or_asks:
                self._leave(day)
        life.agenda.run(until_ms=day.end_ms)
        return life.outbox.take()

    def _leave(self, day: Day) -> None:
        self._life.agenda.clear()
        self._contact.leave(day.start_ms + 17 * HOUR_MS)
        self._here = False
