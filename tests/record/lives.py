"""Candidacies of every kind of life for the tests of the record, lived in the domain and appended message by message.

Each is one of the states of `tests.formats.journals`, or one of the whole lives below. A life has an id, an enrolment
and a person of its own, so that all of them fit into one record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from sqlalchemy import Engine

from domain.commands import RefuseMessage
from domain.events import BaseEvent, LaterEvent, type_of
from domain.personal import ContactRecord, Delivery
from domain.state import State
from domain.vocabulary import AlarmKind, RefusalCode, Status
from record import deliveries, store
from record.database import appending
from record.events import Candidacy, Recorded
from tests.formats.journals import STATES
from tests.formats.lives import BY, Batch, Life, Who, lives_of
from tests.formats.test_lives import HOLDERS_ENDS, certify, fail_everything, recertify
from tests.workflows.journeys import LEADERSHIP, OPERATIONS, PEOPLE

NAMES = (
    "Ana Ruiz",
    "Łukasz Żółć",
    "Björn Ærøskøbing",
    "李小龙",
    "Ξένια Παπαδοπούλου",
    "Николай Йорданов",
    "فاطمة الزهراء",
    "Seán Ó Súilleabháin",
    "田中 さくら",
    "Zoë d'Aubigné",
)
"""The persons of the lives, by turns: names in several scripts, and with diacritics."""


@dataclass(frozen=True)
class Lived:
    """One candidacy with everything that happened in it, command by command."""

    name: str
    who: Who
    candidacy: Candidacy
    batches: tuple[Batch, ...]

    @property
    def events(self) -> list[BaseEvent]:
        """Every event, in order."""
        return [event for batch in self.batches for event in batch.events]

    @property
    def contact(self) -> ContactRecord:
        """The contact details after the last event."""
        return self.batches[-1].contact

    @property
    def state(self) -> State:
        """The domain's state after the last event."""
        return self.batches[-1].state

    def append(self, engine: Engine) -> Lived:
        """Appends it to the record in one transaction.

        A workflow appends the events of one command at a time. `test_projection.py` checks that no table tells the two
        apart, and this costs a fifth.
        """
        events = [Recorded.of(event) for event in self.events]
        store.append(engine, self.candidacy, events, self.contact, oldest=events[0].sequence > 1)
        return self


def as_an_older_build(event: BaseEvent) -> Recorded:
    """The event as a build records it that knows nothing of its type, and so seals every text in it."""
    document = event.model_dump(mode="json", exclude_defaults=True)
    return Recorded.of(LaterEvent.model_validate({**document, "type": type_of(event)}))


def append_batch(engine: Engine, candidacy: Candidacy, batch: Batch, *, oldest: bool = False) -> None:
    """Appends the events of one command. With `oldest`, the candidacy has forgotten every event before them."""
    store.append(engine, candidacy, [Recorded.of(event) for event in batch.events], batch.contact, oldest=oldest)


def deliver(
    engine: Engine,
    life: Lived,
    about: int,
    sent_at: datetime = datetime(2030, 1, 1, tzinfo=UTC),
    notice: str = "registered",
) -> None:
    """Records that the notice about this event of a life went out."""
    message_id = f"<{life.candidacy.enrolment}-{about}@example.org>"
    delivery = Delivery(about=about, notice=notice, message_id=message_id, sent_at=sent_at, email=life.who.email)
    with appending(engine) as pipeline:
        deliveries.keep(pipeline, life.candidacy, [delivery])


@cache
def lived(name: str, who: Who = Who()) -> Lived:  # noqa: B008  # it is immutable
    """The life of this name (a key of `LIVES`), lived by this person. It is lived once, because nothing changes it."""
    with lives_of(who):
        life = LIVES[name]()
    return of_life(name, life, who)


def of_life(name: str, life: Life, who: Who = Who()) -> Lived:  # noqa: B008  # it is immutable
    """What a life has lived through, for the record."""
    state = life.journal.state
    return Lived(name, who, Candidacy(state.workflow_id, state.enrolment), tuple(life.batches))


def every_life() -> Iterator[Lived]:
    """Each kind of life once, each of another person."""
    for number, name in enumerate(LIVES, start=1):
        yield lived(name, person(number))


def person(number: int) -> Who:
    """The person with this number: an id, an enrolment and an address of its own, and one of the names."""
    return Who(f"P-{number:03}", f"run-{number}", NAMES[number % len(NAMES)], f"person{number}@example.org")


def covering(lives: Iterable[Lived]) -> list[Lived]:
    """Some of these lives, in which every event is that any of them has."""
    lives = list(lives)
    types = {life.name: {type_of(event) for event in life.events} for life in lives}
    found: list[Lived] = []
    while any(types.values()):
        best = max(lives, key=lambda life: len(types[life.name]))
        found.append(best)
        types = {name: mine - types[best.name] for name, mine in types.items()}
    return found


def append_every_life(engine: Engine) -> None:
    """Appends each kind of life once. Each has a candidate of its own."""
    for one in every_life():
        one.append(engine)


# --- whole lives --------------------------------------------------------------------------------------------


def _ended(end: Status) -> Life:
    """A candidate is certified, renews the certificate once, and loses it in this way."""
    life = Life.begun("CCMA").sent()
    certify(life)
    recertify(life)
    HOLDERS_ENDS[end](life)
    return life.sent()


def _withdrawn() -> Life:
    return Life.begun("CCSL").passes(but=PEOPLE).after(days=3).say("withdraw", reason="a new job").sent()


def _refused() -> Life:
    life = Life.begun("CCMA").sent()
    fail_everything(life)
    return life.sent()


def _thirty_years() -> Life:
    """Renewed in time, in grace and after a lapse by turns; suspended in between, under a changing name."""
    life = Life.begun("CCOM").sent().certified().sent()
    for cycle in range(10):
        life.until_rung(AlarmKind.RECERTIFICATION).after(days=(100, 400, 600)[cycle % 3])
        life.evidence(f"E-{cycle}").approved(f"E-{cycle}").sent()
        if cycle % 3 == 1:
            life.say("suspend", **BY).after(days=20).say("reinstate", **BY)
            life.say("update_contact", name=f"Ana Ruiz-{cycle}", email=f"ana{cycle}@example.org", publish=True)
    return life.sent()


def _many_results() -> Life:
    """Every kind of event about a result: failed, missed, voided, held, decided, corrected and left aside."""
    life = Life.begun("CCSL").sent()
    life.result("R-1", OPERATIONS, 50).result("R-1", OPERATIONS, 60, revision=2, taken_at=life.now)
    life.after(days=31).result("R-2", OPERATIONS, outcome="no_show", source="Test Center 7")
    life.result("R-3", PEOPLE, outcome="voided").result("R-4", LEADERSHIP, 90)
    life.after(days=1).result("R-5", LEADERSHIP, 40).result("R-6", OPERATIONS, 80)
    held = life.journal.state.held
    assert held, "a result that was taken too early is held"
    fields = {"result_id": "R-6", "decision": "accept", "by": "B. Oss", "reason": "the center was closed for weeks"}
    life.say("resolve_held_result", **fields)
    life.result("R-7", PEOPLE, 80, passed=False)
    fields = {"result_id": "R-7", "decision": "reject", "by": "B. Oss", "reason": "another person sat there"}
    return life.say("resolve_held_result", **fields).sent()


def _held_of_a_vendor() -> Life:
    """A vendor's flag contradicts its score."""
    return Life.begun("CCSL").result("H-9", PEOPLE, 80, passed=False, source="Prometric Limited").sent()


def _attempt_given_back() -> Life:
    """The last attempt is used up and corrected, and a refused message is acknowledged."""
    life = STATES["out-of-attempts"]()
    taken_at = life.journal.state.results["R-2"].taken_at
    life.result("R-2", OPERATIONS, 91, revision=2, taken_at=taken_at)
    refused = RefuseMessage(
        message="suspend",
        code=RefusalCode.NOT_A_HOLDER,
        reason="only a holder's certificate can be suspended",
        from_signal=True,
        sha256="1" * 64,
        excerpt="{}",
    )
    life.take(refused)
    return life.say("acknowledge", attention="refused-message", by="M. Vogel", note="a test feed").sent()


def _notices_give_way() -> Life:
    """No notice is sent, so that some give way to newer ones, and they wait until the candidacy is closed."""
    life = Life.begun("CCSL")
    for percentage in (60, 65, 70):
        life.say("record_self_assessment", domain=PEOPLE, percentage=percentage).after(hours=1)
    return life.passes().say("withdraw", reason="a new job")


LIVES: dict[str, Callable[[], Life]] = {
    **STATES,
    "abandoned": lambda: Life.begun("CCMC", paid=False).sent().to_the_end().sent(),
    "timed-out": lambda: Life.begun("CCSL").sent().to_the_end().sent(),
    "withdrawn": _withdrawn,
    "refused": _refused,
    **{f"holder-{end}": lambda end=end: _ended(end) for end in HOLDERS_ENDS},  # type: ignore[misc]
    "thirty-years": _thirty_years,
    "many-results": _many_results,
    "held-of-a-vendor": _held_of_a_vendor,
    "attempt-given-back": _attempt_given_back,
    "notices-give-way": _notices_give_way,
}
"""Every kind of life by its name; `test_lives.py` checks that they have every event that the domain knows."""
