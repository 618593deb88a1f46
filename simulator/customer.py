"""One customer, day by day: all the models of people put together."""

from collections.abc import Mapping
from random import Random

from contracts.recorded import RecordedEvent
from simulator.agenda import Agenda
from simulator.app import App
from simulator.applications import Applications
from simulator.benefits import Benefits
from simulator.bureau import Bureau
from simulator.campaigns import Campaigns, Drawing
from simulator.chains import work_of
from simulator.chance import stream
from simulator.contact import Contact
from simulator.days import HOUR_MS, MINUTE_MS, Day
from simulator.edges import Ties
from simulator.enterprise import Enterprise
from simulator.habits import Habits
from simulator.hardship import Hardship
from simulator.introductions import Invitations, Lead
from simulator.kin import kin_of
from simulator.lenders import OtherLenders
from simulator.life import Life
from simulator.loans import Loans
from simulator.messages import Messages
from simulator.needs import Needs
from simulator.outbox import Outbox
from simulator.people import Person
from simulator.purse import Purse
from simulator.reaction import Reaction, pull_of
from simulator.sharing import SharedDevice, ring_edges
from simulator.takings import Takings
from simulator.trade import Trade


class Customer:
    """A customer's whole life at the bank, from chance that is the customer's alone.

    Args:
        person: Who it is.
        seed: The seed of the bank.
        campaigns: Whether the bank draws by a coin whom it contacts (see `simulator.campaigns`).
        instead: Drawings of the coin that come out otherwise.
    """

    def __init__(
        self,
        person: Person,
        *,
        seed: int,
        campaigns: bool = False,
        instead: Mapping[int, bool] | None = None,
    ) -> None:
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
        others = Outbox(person, chance("others"), mark="o")
        self._others = others
        self._trade = Trade(person, chance("trade"))
        self._takings = Takings(person, chance("takings"), others)
        self._enterprise = Enterprise(person, chance("enterprise"), others)
        self._benefits = Benefits(person, chance("benefits"), others)
        self._messages = Messages(chance("messages"), others)
        self._bureau = Bureau(
            person, chance("bureau"), others, contact=self._contact, lenders=self._lenders
        )
        number = person.number
        edges = (
            *kin_of(seed=seed, number=number),
            *work_of(person, seed=seed),
            *ring_edges(number),
        )
        self._ties = Ties(edges, others)
        self._invitations = Invitations(person, chance("invitations"), others, self._ties)
        self._lead = Lead(person, chance("lead"), others)
        self._shared = SharedDevice(number, seed=seed, random=chance("sharing"), outbox=others)
        loans = Loans(self._life, chance("loans"))
        reaction = Reaction(pull_of(person, seed=seed), chance("reaction"))
        self._applications = Applications(
            self._life,
            chance("applications"),
            loans,
            self._lenders,
            self._bureau,
            reaction=reaction,
        )
        self._has_campaigns = campaigns
        self._campaign_outbox = Outbox(person, chance("campaign-outbox"), mark="k")
        self._campaigns = Campaigns(
            person,
            chance("campaigns"),
            self._campaign_outbox,
            reaction,
            instead=instead or {},
        )
        self._here = True
        self._introduced = False

    @property
    def drawings(self) -> list[Drawing]:
        """The campaign's drawings so far."""
        return self._campaigns.drawings

    def live(self, day: Day) -> list[RecordedEvent]:
        """Live one day and return what the bank's systems say about it, in no order."""
        if not self._here:
            return []
        life = self._life
        opens_on = self.person.opens_on_day or 0
        if not self._introduced and day.number >= opens_on:
            self._introduced = True
            early = self.person.opens_on_day is None
            at_ms = day.start_ms if early else day.start_ms + 10 * HOUR_MS
            self._contact.introduce(at_ms)
            self._enterprise.register(at_ms + MINUTE_MS)
            self._ties.state(at_ms + 2 * MINUTE_MS, day)
            life.agenda.add(day.start_ms + 10 * HOUR_MS, lambda _: life.app.log_in())
        self._lead.live(day)
        self._trade.live(day)
        life.needs.live(day, pressure=self._trade.pressure(day))
        life.hardship.live(day)
        life.app.plan(day, life.agenda, life.needs, life.hardship)
        if self._introduced and day.number > opens_on - (self.person.opens_on_day is None):
            self._habits.plan(day, life.agenda, life.needs, life.hardship)
            if self._has_campaigns:
                asks = self._applications.owes_or_asks
                may = self._contact.allows("marketing_sms") and not asks
                self._campaigns.plan(day, life.agenda, may=may)
            self._applications.plan(day)
            turned_away = day.start_ms < self._applications.turned_away_until_ms
            self._lenders.plan(day, turned_away=turned_away)
            self._plan_others(day)
            stays = self._contact.live(day)
            if not stays and not self._applications.owes_or_asks:
                self._leave(day)
        life.agenda.run(until_ms=day.end_ms)
        return life.outbox.take() + self._others.take() + self._campaign_outbox.take()

    def _plan_others(self, day: Day) -> None:
        """What other systems than the bank's own notice today."""
        agenda, hardship = self._life.agenda, self._life.hardship
        self._takings.plan(day, agenda, self._trade, hardship)
        self._enterprise.live(day, hardship)
        self._benefits.plan(day, agenda)
        self._messages.plan(day, agenda)
        self._ties.live(day)
        self._invitations.plan(day, agenda)
        self._shared.plan(day, agenda)
        review_ms = self._bureau.plan(day)
        if review_ms is not None:
            agenda.add(review_ms, self._bureau.review)

    def _leave(self, day: Day) -> None:
        self._life.agenda.clear()
        self._contact.leave(day.start_ms + 17 * HOUR_MS)
        self._here = False
