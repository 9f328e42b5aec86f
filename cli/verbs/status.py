"""`starter.py status`: where one candidacy stands."""

from cli import card, exits, output, tables
from cli.options import candidate, json_option, verb
from cli.session import connected
from client import asking, scheme, whose
from client.candidacy import Candidacy, end_of
from client.connection import Client

_ABOUT = """\
Shows where one candidate stands, what is met, what is next and why. A closed candidacy is shown while Temporal keeps
it. Without the designation, the person's one candidacy is shown; where there are several, they are listed.
"""
_HELP = """\
--json:  the answer of the query, as docs/contract.md describes it

examples:
  ./starter.py status C-1001
  ./starter.py status C-1001 CCSL
"""


@verb("status", _ABOUT, _HELP)
@candidate
@json_option("print the query's answer as one JSON document")
def command(candidate: str, designation: str | None, as_json: bool) -> int:
    """Ask once and show the answer."""
    whose.check_named(designation)

    async def work(client: Client) -> int:
        one = await whose.meant(client, candidate, designation)
        if as_json:
            output.document(await one.query(client, "status"))
        else:
            await _show(client, one)
        return exits.DONE

    return connected(work)


async def _show(client: Client, one: Candidacy) -> None:
    # The worker answers where the candidate stands; only the server knows whether the workflow still runs.
    described = await one.describe(client)
    status = await asking.status(client, one)
    title, rows = card.of(status, scheme.titles(), end_of(described))
    tables.card(title, rows)
