"""`starter.py status`: where one candidacy stands."""

from sqlalchemy import Connection

from cli import card, exits, one, output, tables
from cli.one import Asked, enrolment_option
from cli.options import candidate, json_option, verb
from client import asking, scheme
from client.candidacy import Candidacy, end_of
from client.connection import Client
from record.persons import Enrolled

_ABOUT = """\
Shows where one candidate stands, what is met, what is next and why. Where the workflow does not answer, the record
does, and says so: for a closed candidacy that Temporal has deleted, for example. Without the designation, the person's
one candidacy is shown; where there are several, they are listed.
"""
_HELP = """\
--json:  the answer of the query, as docs/contract.md describes it; from the record, with `record` as well: workflow_id,
         enrolment, changed_at (when its last event was decided), why (the workflow does not answer, or null)

examples:
  ./starter.py status C-1001
  ./starter.py status C-1001 CCSL
  ./starter.py status C-1001 CCSL --enrolment 3f2a
"""


@verb("status", _ABOUT, _HELP)
@candidate
@enrolment_option
@json_option("print the query's answer as one JSON document")
def command(candidate: str, designation: str | None, enrolment: str | None, as_json: bool) -> int:
    """Ask once and show the answer."""

    async def live(client: Client, candidacy: Candidacy) -> int:
        if as_json:
            output.document(await asking.status_as_it_came(client, candidacy))
        else:
            await _show(client, candidacy)
        return exits.DONE

    def recorded(_connection: Connection, enrolled: Enrolled, why: str) -> int:
        if as_json:
            output.document({**enrolled.view.document(), "record": one.facts(enrolled, why)})
        else:
            tables.card(*card.of(enrolled.view, scheme.titles()))
        one.say_so(enrolled, why)
        return exits.DONE

    return one.answered(Asked(candidate, designation, enrolment), live, recorded)


async def _show(client: Client, candidacy: Candidacy) -> None:
    # The worker answers where the candidate stands; only the server knows whether the workflow still runs.
    described = await candidacy.describe(client)
    status = await asking.status(client, candidacy)
    title, rows = card.of(status, scheme.titles(), end_of(described))
    tables.card(title, rows)
