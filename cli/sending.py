"""One message to one candidacy: its payload read, the message sent as an update, its receipt shown."""

import sys
from pathlib import Path

import click

from cli import exits, output
from cli.decided import decided
from cli.everyday import MESSAGES
from cli.options import meant
from cli.session import connected
from client.candidacy import Candidacy
from client.connection import Client
from client.errors import NoWorker, Unreachable
from client.payloads import field_of, with_message_id
from client.receipts import Receipt
from runtime import interrupts
from views import words
from views.plain import one_line

# In bytes: more than any payload may have. A longer file is refused without being read to its end.
_MAX_READ = 2_000_000
_ALL = "see `./starter.py send --help` for all"
_AGAIN = 'add "message_id": "{}"'


def message_name(name: str) -> str:
    """The name of a message that may come from outside, checked."""
    if name in MESSAGES:
        return name
    raise click.BadParameter(f"{name!r} is no message; {meant(name, MESSAGES, _ALL)}")


def read(source: str) -> bytes:
    """A JSON text given as such, as `@FILE`, or as `-` for stdin. Raises `exits.BadInput`."""
    if source == "-":
        if sys.stdin is None:
            raise exits.BadInput("stdin is closed: give the JSON itself, or @FILE.")
        return _bounded(sys.stdin.buffer.read(_MAX_READ), "What stdin holds")
    if not source.startswith("@"):
        return source.encode("utf-8", "surrogateescape")
    try:
        with Path(source[1:]).open("rb") as file:
            return _bounded(file.read(_MAX_READ), source[1:])
    except OSError as error:
        raise exits.BadInput(f"{source[1:]} cannot be read: {error.strerror}") from error


def _bounded(text: bytes, what: str) -> bytes:
    if len(text) == _MAX_READ:
        raise exits.BadInput(f"{what} has more than 2 MB; Temporal takes no payload of that size.")
    return text


def send(candidacy: Candidacy, message: str, payload: bytes, *, as_json: bool, again: str = _AGAIN) -> int:
    """Send the JSON text `payload` and show what came of it. Raises as `Candidacy.update` does.

    `again` says how to send the very same message once more, with `{}` for its message id.
    """
    text = with_message_id(payload)

    async def work(client: Client) -> int:
        message_id = field_of(text, "message_id")
        note = one_line(
            f"Perhaps it was taken, or will be. To send it again and have it count once, {again.format(message_id)}."
        )
        try:
            with interrupts.Adding(note):
                receipt = await candidacy.update(client, message, text)
        except (NoWorker, Unreachable) as error:
            # No answer came, but the message may have been taken, or may be taken later.
            raise exits.of(error, [note], message_id=message_id) from error
        if as_json:
            output.document(receipt.document())
        else:
            output.say(in_words(candidacy, receipt))
            if receipt.duplicate and (before := await decided(client, candidacy, message, text)):
                output.say(f"  {before}")
        return exits.DONE

    return connected(work)


def in_words(candidacy: Candidacy, receipt: Receipt) -> str:
    """A receipt in words."""
    status = receipt.status
    stands = f"status {status} ({words.about_status(status).means or 'unknown to this version'})"
    if receipt.duplicate:
        return f"{candidacy}: this message was taken before, nothing has changed; {stands}."
    events = ", ".join(receipt.events) or "nothing has changed"
    return f"{candidacy}: {events}; {stands}."
