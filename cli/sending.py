"""One message to one candidacy: read, asked about where it cannot be undone, sent as an update, its receipt told."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import exits, output
from cli.everyday import MESSAGES
from client.errors import NoWorker
from views import words

if TYPE_CHECKING:
    from temporalio.client import Client

    from client.candidacy import Candidacy

# More than any payload may have; what is longer is refused without being read to its end.
_MAX_READ = 2_000_000
_AGAIN = 'add "message_id": "{}"'


class Declined(exits.Stop):
    """A person was asked, and did not say yes."""

    kind = "declined"


def message_name(name: str) -> str:
    """The name of a message that may come from outside, checked (for argparse)."""
    if name in MESSAGES:
        return name
    import argparse
    import difflib

    near = difflib.get_close_matches(name.replace("-", "_").lower(), MESSAGES, n=3)
    meant = f"did you mean {' or '.join(near)}?" if near else "see `./starter.py send --help` for all"
    raise argparse.ArgumentTypeError(f"{name!r} is no message; {meant}")


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


def can_ask() -> bool:
    """Whether there is a terminal to ask at."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str) -> None:
    """Return where a person at the terminal says yes, and where there is no terminal to ask at. Raises `Declined`."""
    if not can_ask():
        return
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.buffer.readline()
    if not answer.endswith(b"\n"):
        output.say("")
    if answer.strip().lower() not in (b"y", b"yes"):
        raise Declined("Nothing was sent.")


def send(candidacy: "Candidacy", message: str, payload: bytes, *, as_json: bool, again: str = _AGAIN) -> int:
    """Send the JSON text `payload` and tell what came of it. Raises as `Candidacy.update` does.

    `again` says how to send the very same message once more, with `{}` for its message id.
    """
    from cli.session import connected
    from client.payloads import with_message_id

    text = with_message_id(payload)

    async def work(client: "Client") -> int:
        try:
            receipt = await candidacy.update(client, message, text)
        except NoWorker as error:
            raise _unanswered(error, text, again) from error
        if as_json:
            output.document(receipt)
        else:
            output.say(told(candidacy, receipt))
        return exits.DONE

    return connected(work)


def told(candidacy: "Candidacy", receipt: dict[str, Any]) -> str:
    """A receipt in words."""
    status = receipt.get("status", "")
    stands = f"status {status} ({words.about_status(status).means or 'unknown to this version'})"
    if receipt.get("duplicate"):
        return f"{candidacy}: this message was taken before, nothing has changed; {stands}."
    events = ", ".join(receipt.get("events", [])) or "nothing has changed"
    return f"{candidacy}: {events}; {stands}."


def _unanswered(error: NoWorker, payload: bytes, again: str) -> exits.Stop:
    """Nobody answered, which does not say that nobody will take it."""
    from client.payloads import parsed

    message_id = parsed(payload)["message_id"]
    note = f"It may still be taken. To send it again and have it count once, {again.format(message_id)}."
    return exits.of(error, [note], message_id=message_id)
