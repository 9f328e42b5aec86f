"""`starter.py send`: one message to one candidacy."""

import click

from cli import sending
from cli.everyday import MESSAGES
from cli.options import candidacy, json_option, verb
from client.candidacy import Candidacy
from client.scheme import check_designation

_EXAMPLE = """\
example:
  ./starter.py send C-1001 CCSL record_assessment_result \\
    '{"result_id": "R-1", "domain": "people-management", "taken_at": "2026-11-20T15:00:00Z",
     "points": 49, "out_of": 60}'

messages:
  """


@verb("send", "Sends one message, as an update: the answer says what came of it.", _EXAMPLE + "\n  ".join(MESSAGES))
@candidacy
@click.argument("message", metavar="MESSAGE", type=sending.message_name, help="its name, see below")
@click.argument("payload", metavar="[PAYLOAD]", default="{}", help="a JSON object, @FILE, or - for stdin (default {})")
@json_option("print the receipt as one JSON document")
def command(candidate: str, designation: str, message: str, payload: str, as_json: bool) -> int:
    """Read the payload, send it and show the receipt."""
    check_designation(designation)
    return sending.send(Candidacy(candidate, designation), message, sending.read(payload), as_json=as_json)
