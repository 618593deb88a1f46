"""What the customer does in the app: habit, curiosity, and a need that wants to know the price."""

from functools import partial
from random import Random

from contracts.app_events import CalculatorUsed, PageSeen
from contracts.topics import Topic
from simulator.agenda import Agenda
from simulator.chance import around, happens, how_many
from simulator.days import HOUR_MS, SECOND_MS, Day
from simulator.hardship import Hardship
from simulator.needs import Needs
from simulator.outbox import Outbox
from simulator.people import Person

_PAGES = ("home", "accounts", "transfer", "cards", "wealth", "bills")
_TERMS_MONTHS = (3, 6, 12)


class App:
    """The customer's phone.

    With a need that shows, there are more sessions, and they reach the loan pages more often the
    stronger it is. Without one, a session may wander there all the same. Before the account is
    opened nobody is logged in: the events are the device's.

    Args:
        person: Whose phone.
        random: The customer's chance for the app, used for nothing else.
        outbox: Where the events go.
    """

    def __init__(self, person: Person, random: Random, outbox: Outbox) -> None:
        self._person = person
        self._random = random
        self._outbox = outbox
        self._sessions = 0
        self.logged_in = person.opens_on_day is None

    def plan(self, day: Day, agenda: Agenda, needs: Needs, hardship: Hardship) -> None:
        """Put today's sessions on the agenda."""
        random = self._random
        shows = needs.current is not None and needs.current.shows_in_app
        level = needs.level(day) if shows else 0.0
        sessions = self._person.sessions_per_day + 0.5 * level
        for _ in range(how_many(random, sessions if self.logged_in else 0.1 * sessions)):
            seeks = happens(random, self._person.curiosity + 0.55 * level)
            at_night = happens(random, 0.30 if hardship.is_on else 0.04)
            hours = (0, 5) if at_night else (7, 23)
            amount = 0 if needs.current is None else needs.current.amount_minor
            session = partial(self._session, level=level, seeks=seeks, wanted_minor=amount)
            agenda.add(day.between(random, *hours), session)

    def log_in(self) -> None:
        """From now on the events are the customer's."""
        self.logged_in = True

    def session_fields(self) -> dict[str, object]:
        """Return the fields of a new session."""
        self._sessions += 1
        person = self._person
        return {
            "session_id": f"ss-{person.number:06}-{self._sessions:x}",
            "device_id_hash": person.device_id,
            "ip_prefix_hash": f"ip-{person.number % 211}",
            "os": "android" if person.number % 3 else "ios",
        }

    def send(self, contract: type[PageSeen | CalculatorUsed], at_ms: int, **fields: object) -> None:
        """Send an app event: the customer's, or the device's while nobody is logged in."""
        send = self._outbox.send if self.logged_in else self._outbox.send_unowned
        send(Topic.APP_EVENTS, contract, at_ms, **fields)

    def _session(self, at_ms: int, *, level: float, seeks: bool, wanted_minor: int) -> None:
        random, session = self._random, self.session_fields()
        names = ["app_open"] + ["page_view"] * how_many(random, 1.1)
        if happens(random, 0.1):
            names.append("banner_exposure")
        if seeks:
            names += ["loan_page_view"] * (1 + how_many(random, 0.4 + 2.0 * level))
            if happens(random, 0.3):
                names.append("rate_view")
            if happens(random, 0.05 + 0.35 * level):
                names.append("limit_query")
        for name in names:
            at_ms += random.randrange(2 * SECOND_MS, 90 * SECOND_MS)
            self.send(
                PageSeen,
                at_ms,
                event_type="page",
                event_name=name,
                page_id=random.choice(_PAGES) if name == "page_view" else None,
                dwell_ms=random.randrange(500, 60_000),
                **session,
            )
        if seeks and happens(random, 0.06 + 0.40 * level):
            asked = around(random, wanted_minor or self._person.income_minor, 0.3)
            self.send(
                CalculatorUsed,
                at_ms + random.randrange(SECOND_MS, HOUR_MS // 12),
                event_type="calculator",
                input_amount_minor=round(asked, -5) or 100_000,
                input_term_months=random.choice(_TERMS_MONTHS),
                **session,
            )
