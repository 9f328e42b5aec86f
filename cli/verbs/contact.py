"""`starter.py contact show`: how to reach one candidate, and what the details were before."""

from collections.abc import Iterator

from cli import exits, forgotten, output, tables
from cli.card_lines import Row
from cli.options import candidate, json_option, verb
from cli.session import connected
from client import asking, scheme, whose
from client.connection import Client
from client.errors import NotFound
from views.contact import ContactView, ExperienceRecordView, FormerContactView

_ABOUT = """\
Shows a candidate's name, address, consent, purchase and experience, and what name, address and consent were before.
To change them, use `contact C-1001 CCSL --email …`.
"""
_HELP = """\
--json:  the answer of the query `contact`, as docs/contract.md describes it

example:
  ./starter.py contact show C-1001 CCSL
"""
_CONSENT = {True: "consents to the public register", False: "no consent to the public register"}


@verb("show", _ABOUT, _HELP)
@candidate
@json_option("print the query's answer as one JSON document")
def command(candidate: str, designation: str | None, as_json: bool) -> int:
    """Ask once and show the answer."""
    whose.check_named(designation)

    async def work(client: Client) -> int:
        try:
            one = await whose.meant(client, candidate, designation)
            contact = await asking.contact(client, one)
        except NotFound as error:
            raise exits.of(error, forgotten.of_person(candidate)) from error
        if as_json:
            output.document(contact.document())
        else:
            tables.card(str(one), [Row(*row) for row in rows(contact, scheme.facts())])
        return exits.DONE

    return connected(work)


def rows(contact: ContactView, facts: scheme.Facts) -> Iterator[tuple[str, str]]:
    """The lines of the card: what each is about, and what it says. Days are in the body's zone."""
    yield "name", contact.name
    yield "e-mail", contact.email
    yield "consent", _CONSENT[contact.publish]
    yield "purchase", _purchase(contact)
    for record in contact.experience:
        yield "experience", _experience(record)
    for former in reversed(contact.former):
        yield f"until {facts.day_of(former.until) if former.until else '?'}", _former(former)


def _purchase(contact: ContactView) -> str:
    if contact.purchase is None:
        return "not confirmed"
    return f"{contact.purchase.reference}, of {contact.purchase.purchased_on}"


def _experience(record: ExperienceRecordView) -> str:
    ended = f" to {record.ended_on}" if record.ended_on else ""
    attested = f", attested by {record.attested_by}" if record.attested_by else ""
    return f"{record.role}, since {record.started_on}{ended}{attested}"


def _former(former: FormerContactView) -> str:
    consent = None if former.publish is None else _CONSENT[former.publish]
    return "; ".join(filter(None, (former.name, former.email, consent)))
