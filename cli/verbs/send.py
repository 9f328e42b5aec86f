"""`starter.py send`: one message to one candidacy."""

import click

from cli import confirming, sending
from cli.everyday import MESSAGES, QUESTIONS
from cli.options import candidacy, json_option, option, verb
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
@option("--yes", is_flag=True, help=f"do not ask; {' and '.join(QUESTIONS)} ask first on a terminal")
@json_option("print the receipt as one JSON document")
def command(candidate: str, designation: str, message: str, payload: str, yes: bool, as_json: bool) -> int:
    """Read the payload, ask where nobody can undo the message, send it and show the receipt."""
    check_designation(designation)
    candidacy, text = Candidacy(candidate, designation), sending.read(payload)
    if message in QUESTIONS and not yes:
        confirming.ask(QUESTIONS[message].format(candidacy))
    return sending.send(candidacy, message, text, as_json=as_json)
