"""Whether a registration says what a candidacy knows already, and in which fields it says something else (R16)."""

from collections.abc import Iterator
from datetime import date, datetime

from client.scheme import Facts
from domain.commands import Experience, Purchase, Registration
from domain.repeats import same_text
from domain.texts import address_key, folded
from views.contact import ContactView, ExperienceRecordView


def differing(registration: Registration, known: ContactView, facts: Facts) -> tuple[str, ...]:
    """The fields of a registration that differ from what the candidacy knows, by their paths (`purchase.reference`).

    Texts are compared in Unicode NFC with white space folded, addresses without case, and a purchase by its day in
    the body's zone. A detail that the candidate had before is no difference, for a list may be older than a change.
    Nor is a field that the registration does not give.
    """
    return (
        *_details(registration, known),
        *(_purchase(registration.purchase, known, facts) if registration.purchase else ()),
        *(_experience(registration.experience, known.experience) if registration.experience else ()),
    )


def _details(registration: Registration, known: ContactView) -> Iterator[str]:
    names = {known.name, *(former.name for former in known.former if former.name)}
    if folded(registration.name) not in map(folded, names):
        yield "name"
    addresses = {known.email, *(former.email for former in known.former if former.email)}
    if address_key(registration.email) not in map(address_key, addresses):
        yield "email"
    consents = {known.publish, *(former.publish for former in known.former if former.publish is not None)}
    if "publish" in registration.model_fields_set and registration.publish not in consents:
        yield "publish"


def _purchase(given: Purchase, known: ContactView, facts: Facts) -> Iterator[str]:
    if known.purchase is None:
        yield "purchase"
        return
    if not same_text(known.purchase.reference, given.reference):
        yield "purchase.reference"
    if given.purchased_at is not None and _day(given.purchased_at, facts) != known.purchase.purchased_on:
        yield "purchase.purchased_at"


def _day(moment: datetime | date, facts: Facts) -> date:
    return facts.day_of(moment) if isinstance(moment, datetime) else moment


def _experience(given: Experience, records: tuple[ExperienceRecordView, ...]) -> tuple[str, ...]:
    """What differs from the record that is nearest to the given experience."""
    each = [tuple(_against(given, record)) for record in records]
    return min(each, key=len, default=("experience",))


def _against(given: Experience, record: ExperienceRecordView) -> Iterator[str]:
    if not same_text(record.role, given.role):
        yield "experience.role"
    if given.started_on != record.started_on:
        yield "experience.started_on"
    if given.ended_on is not None and given.ended_on != record.ended_on:
        yield "experience.ended_on"
    if given.attested_by is not None and not same_text(record.attested_by or "", given.attested_by):
        yield "experience.attested_by"
