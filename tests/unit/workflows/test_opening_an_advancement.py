"""The start input of a higher candidacy, made from what the lower one has recorded, perhaps long ago."""

from typing import Any

from domain.commands import CONTACT_DETAILS, Registration
from domain.effects import OpenAdvancement
from domain.messages import parse
from domain.personal import ContactRecord, FormerContact
from tests.cases import each
from tests.unit.domain.builders import START, holder
from workflows.calls import _registration

EXPERIENCE = {"role": "Director", "started_on": "2024-03-01", "ended_on": None, "attested_by": "Pat Lee"}


def opened(contact: ContactRecord, **purchase: Any) -> Registration:
    """The registration of an advancement, parsed as the higher workflow parses it."""
    candidacy = holder()
    candidacy.say("request_advancement", purchase={"reference": "INV-78"}, experience=EXPERIENCE)
    opening = next(effect for effect in candidacy.effects if isinstance(effect, OpenAdvancement))
    document = _registration(opening.model_copy(update=purchase), candidacy.state, contact)
    return parse(Registration, "registration", document)


def test_the_higher_candidacy_gets_the_contact_details_of_today_and_no_former_ones() -> None:
    contact = ContactRecord(
        name="Ana Ruiz",
        email="ana@example.org",
        publish=True,
        former=(FormerContact(until=START, name="Ana Diaz", email="ad@example.org"),),
        known=("a" * 64,),
    )
    assert contact.model_fields_set >= set(CONTACT_DETAILS), "give each detail a value that is not its default"
    registration = opened(contact)
    assert registration.contact.model_dump() == contact.details
    assert registration.advances_from is not None
    assert registration.advances_from.known == ("a" * 64,)
    assert registration.experience is not None
    assert registration.experience.attested_by == "Pat Lee"


@each("name", ["Ana\u200bRuiz", "\u202eAna", "Ana\u200c Ruiz"])
def test_a_text_that_a_message_may_no_longer_have_stops_no_advancement(name: str) -> None:
    old = {"reference": "INV\u2028-78", "experience": EXPERIENCE | {"role": "Di\ufeffrector", "attested_by": name}}
    registration = opened(ContactRecord(name=name, email="ana\u2060@example.org"), **old)
    assert "Ana" in registration.name
    assert registration.purchase is not None
    assert registration.purchase.reference == "INV -78"
