"""How candidates could be reached: every version of the details, with the instants between which it counted."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, select

from domain.commands import CONTACT_DETAILS, Registration, UpdateContact
from domain.personal import MAX_FORMER, ContactRecord, FormerContact
from record import store
from record.database import reading
from record.persons import Details
from record.tables import CONTACTS, instant_text
from tests.record.test_store import ANA, ANA_AGAIN, BEGIN, events
from views.contact import ContactView, FormerContactView

FIRST = ContactRecord(name="Ana Ruiz", email="ana@example.org")


def day(number: int) -> datetime:
    """The instant of the event with this number, as `events` makes them."""
    return BEGIN + timedelta(days=number)


def changed(contact: ContactRecord, number: int, **fields: object) -> ContactRecord:
    """The details after a message that was taken at the instant of this event."""
    return contact.after(UpdateContact.model_validate(fields), day(number), "C-1")


def kept(engine: Engine, enrolment: str = "run-1") -> list[tuple[str, str, bool, str, str | None]]:
    """Every version of Ana's, the oldest first."""
    columns = (CONTACTS.c.name, CONTACTS.c.email, CONTACTS.c.publish, CONTACTS.c.since, CONTACTS.c.until)
    with reading(engine) as connection:
        rows = connection.execute(select(*columns).where(CONTACTS.c.enrolment == enrolment).order_by(CONTACTS.c.since))
        return [tuple(row) for row in rows]


def test_every_contact_detail_is_taken_kept_recorded_and_shown() -> None:
    types = (Registration, UpdateContact, ContactRecord, FormerContact, ContactView, FormerContactView)
    names = {one.__name__: set(one.model_fields) for one in types}
    names |= {"the table contacts": set(CONTACTS.columns.keys()), "Details": {one.name for one in fields(Details)}}
    missing = {where: set(CONTACT_DETAILS) - known for where, known in names.items()}
    assert {where: details for where, details in missing.items() if details} == {}


def test_the_details_of_the_registration_count_from_its_instant(engine: Engine) -> None:
    store.append(engine, ANA, events(1), FIRST)
    assert kept(engine) == [("Ana Ruiz", "ana@example.org", False, instant_text(day(1)), None)]


def test_each_change_has_its_version_also_when_several_come_at_once(engine: Engine) -> None:
    store.append(engine, ANA, events(1), FIRST)
    second = changed(FIRST, 3, name="Ana Ruiz-Gil")
    third = changed(changed(second, 5, publish=True), 6, email="ruiz@example.org")
    store.append(engine, ANA, events(2, 2), second)
    store.append(engine, ANA, events(3, 4), third)
    days = [instant_text(day(number)) for number in (1, 3, 5, 6)]
    assert kept(engine) == [
        ("Ana Ruiz", "ana@example.org", False, days[0], days[1]),
        ("Ana Ruiz-Gil", "ana@example.org", False, days[1], days[2]),
        ("Ana Ruiz-Gil", "ana@example.org", True, days[2], days[3]),
        ("Ana Ruiz-Gil", "ruiz@example.org", True, days[3], None),
    ]


def test_of_two_changes_at_one_instant_the_last_one_counts(engine: Engine) -> None:
    both = changed(changed(FIRST, 2, name="Ana Gil"), 2, name="Ana Ruiz-Gil")
    store.append(engine, ANA, events(2), both)
    assert [(name, until is None) for name, _, _, _, until in kept(engine)] == [
        ("Ana Ruiz", False),
        ("Ana Ruiz-Gil", True),
    ]


def test_a_batch_that_comes_again_does_not_bring_older_details_back(engine: Engine) -> None:
    """An attempt that was given up may reach the database after its successors."""
    newer = changed(FIRST, 2, email="ruiz@example.org")
    store.append(engine, ANA, events(1), FIRST)
    store.append(engine, ANA, events(1, 2), newer)
    before = kept(engine)
    store.append(engine, ANA, events(1), FIRST)
    store.append(engine, ANA, events(2), FIRST)
    assert kept(engine) == before


def test_details_are_kept_also_where_the_events_were_recorded_without_them(engine: Engine) -> None:
    store.append(engine, ANA, events(2))
    assert kept(engine) == []
    store.append(engine, ANA, events(2), FIRST)
    assert [name for name, *_ in kept(engine)] == ["Ana Ruiz"]


def test_events_without_new_details_change_none(engine: Engine) -> None:
    store.append(engine, ANA, events(1), FIRST)
    before = kept(engine)
    store.append(engine, ANA, events(5, 2))
    store.append(engine, ANA, events(1, 7), FIRST)
    assert kept(engine) == before


def test_the_record_keeps_what_the_candidacy_has_forgotten(engine: Engine) -> None:
    """Each version stays, and follows the one before it, however many changes come with one batch."""
    number, contact = 1, FIRST
    store.append(engine, ANA, events(1), FIRST)
    for count in (1, MAX_FORMER - 2, 1, 1, 1, 3, MAX_FORMER - 1, MAX_FORMER, 1):
        first = number + 1
        for number in range(first, first + count):
            contact = changed(contact, number, name=f"Ana {number}")
        store.append(engine, ANA, events(count, first), contact)
    found = kept(engine)
    assert [name for name, *_ in found] == ["Ana Ruiz", *(f"Ana {one}" for one in range(2, number + 1))]
    assert [since for *_, since, _ in found] == [instant_text(day(one)) for one in range(1, number + 1)]
    assert [until for *_, until in found] == [*(since for *_, since, _ in found[1:]), None]


def test_changes_that_nobody_remembers_leave_no_second_version_of_today(engine: Engine) -> None:
    """The record was away for so long that the candidacy has forgotten some changes."""
    store.append(engine, ANA, events(1), FIRST)
    contact = FIRST
    for number in range(2, MAX_FORMER + 7):
        contact = changed(contact, number, name=f"Ana {number}")
    store.append(engine, ANA, events(MAX_FORMER + 5, 2), contact)
    found = kept(engine)
    assert [until is None for *_, until in found] == [*(False for _ in found[1:]), True]
    assert found[0][0] == "Ana Ruiz"
    assert found[-1][0] == f"Ana {MAX_FORMER + 6}"
    assert [until for *_, until in found[:-1]] == [since for *_, since, _ in found[1:]]


def test_a_candidacy_that_is_older_than_the_record_has_its_earlier_details_too(engine: Engine) -> None:
    contact = FIRST
    for number in range(2, MAX_FORMER + 2):
        contact = changed(contact, number, name=f"Ana {number}")
    store.append(engine, ANA, events(2, 40), contact, oldest=True)
    found = kept(engine)
    assert [name for name, *_ in found] == ["Ana Ruiz", *(f"Ana {number}" for number in range(2, MAX_FORMER + 2))]
    for _, _, _, since, until in found:
        assert until is None or datetime.fromisoformat(since) < datetime.fromisoformat(until)
    later = changed(contact, 50, name="Ana Gil")
    store.append(engine, ANA, events(10, 42), later)
    assert [name for name, *_ in kept(engine)] == [*(name for name, *_ in found), "Ana Gil"]


def test_another_enrolment_has_details_of_its_own(engine: Engine) -> None:
    store.append(engine, ANA, events(1), FIRST)
    store.append(engine, ANA_AGAIN, events(1), changed(FIRST, 1, email="ruiz@example.org"))
    assert [email for _, email, *_ in kept(engine)] == ["ana@example.org"]
    assert [email for _, email, *_ in kept(engine, "run-2")][-1] == "ruiz@example.org"


def test_instants_are_written_so_that_they_sort_by_time() -> None:
    assert instant_text(datetime(2027, 3, 1, 9, tzinfo=UTC)) == "2027-03-01T09:00:00.000000+00:00"
