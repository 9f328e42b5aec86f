"""One message to one candidacy: sent as an update, and its receipt told."""

from typing import TYPE_CHECKING, Any

from cli import exits, output
from cli.candidates import Candidacy
from cli.vocabulary import STATUSES

if TYPE_CHECKING:
    from temporalio.client import Client


def send(candidacy: Candidacy, message: str, payload: bytes, *, as_json: bool) -> int:
    """Send the JSON text `payload` and tell what came of it. Raises `exits.Stop`."""
    from cli.payloads import with_message_id
    from cli.session import connected

    text = with_message_id(payload)

    async def work(client: "Client") -> int:
        try:
            receipt = await candidacy.update(client, message, text)
        except exits.NoWorker as stop:
            raise _unanswered(stop, text) from stop
        if as_json:
            output.document(receipt)
        else:
            output.say(told(candidacy, receipt))
        return exits.DONE

    return connected(work)


def told(candidacy: Candidacy, receipt: dict[str, Any]) -> str:
    """A receipt in words."""
    status = receipt.get("status", "")
    stands = f"status {status} ({STATUSES.get(status, 'unknown to this version')})"
    if receipt.get("duplicate"):
        return f"{candidacy}: this message was taken before, nothing has changed; {stands}."
    events = ", ".join(receipt.get("events", [])) or "nothing has changed"
    return f"{candidacy}: {events}; {stands}."


def _unanswered(stop: exits.NoWorker, payload: bytes) -> exits.NoWorker:
    """Nobody answered, which does not say that nobody will take it."""
    from cli.payloads import parsed

    message_id = parsed(payload)["message_id"]
    note = f'It may still be taken. To send it again and have it count once, add "message_id": "{message_id}".'
    return exits.NoWorker(stop.sentence, [note], message_id=message_id)
