"""Part one: the people of `examples/` on an embedded server, as they stand today."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli import answers, card, exits, output, programme
from cli.candidates import WORKFLOW, Candidacy
from cli.demo import feed
from cli.payloads import with_message_id
from cli.registration import enrol
from cli.together import together

if TYPE_CHECKING:
    from temporalio.client import Client
    from temporalio.runtime import Runtime

COLUMNS = ("candidate", "for", "status", "requirements", "what happens next", "needs attention")

_AT_ONCE = 8
_SETTLE_SECONDS = 20.0
_OPENING_SECONDS = 15.0


async def play(folder: Path, runtime: "Runtime") -> None:
    """Start a server and a worker, let everything happen, and show who stands where."""
    from runtime.embedded import embedded_server
    from runtime.settings import Settings
    from worker import build_worker

    settings = Settings(outbox=folder / "outbox", answer_keys=feed.EXAMPLES / "answer-keys")
    output.say("Part one: a real Temporal server, in a temporary folder.")
    async with embedded_server(db=folder / "temporal.db") as server:
        client = await server.client(runtime)
        async with build_worker(client, settings):
            await _enrol(client)
            outcomes = await _send(client)
            statuses = await _settled(client)
    output.line()
    output.line("Who stands where, and what happens next")
    output.line()
    output.table(COLUMNS, [_row(status) for status in statuses])
    output.line()
    output.line(f"Messages: {', '.join(f'{count} {what}' for what, count in outcomes.most_common())}.")
    output.line(f"Notices in the outbox: {len(list(settings.outbox.glob('**/*.eml')))}.")


async def _enrol(client: "Client") -> None:
    titles = programme.titles()
    people = feed.registrations(datetime.now(UTC).date())
    await together((enrol(client, person, titles.get(person["designation"])) for person in people), at_once=_AT_ONCE)
    output.say(f"{len(people)} people enrolled.")


async def _send(client: "Client") -> Counter[str]:
    """Everything of the examples: in order for one person, many people at once."""
    by_person: dict[str, list[feed.Sending]] = {}
    for sending in feed.sendings(datetime.now(UTC).date()):
        by_person.setdefault(sending.to.candidate_id, []).append(sending)
    outcomes: Counter[str] = Counter()

    async def one(sendings: list[feed.Sending]) -> None:
        for sending in sendings:
            outcomes[await _outcome(client, sending)] += 1

    await together(map(one, by_person.values()), at_once=_AT_ONCE)
    output.say(f"{outcomes.total()} messages sent.")
    return outcomes


async def _outcome(client: "Client", sending: feed.Sending) -> str:
    if sending.signal:
        await sending.to.handle(client).signal(sending.message, answers.raw(sending.payload))
        return "signalled"
    try:
        receipt = await _update(client, sending)
    except exits.Refused as stop:
        output.say(stop.sentence)
        return "refused"
    if receipt["duplicate"]:
        return "duplicate"
    held = "ResultHeld" in receipt["events"]
    return "held for a person" if held else "taken"


async def _update(client: "Client", sending: feed.Sending) -> Any:
    """An advancement is opened a moment after it was asked for: until then its workflow is not there."""
    deadline = asyncio.get_running_loop().time() + _OPENING_SECONDS
    payload = with_message_id(sending.payload)
    while True:
        try:
            return await sending.to.update(client, sending.message, payload)
        except exits.NotFound:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.2)


async def _settled(client: "Client") -> list[dict[str, Any]]:
    """The `status` of every candidacy, once nothing moves by itself any more."""
    deadline = asyncio.get_running_loop().time() + _SETTLE_SECONDS
    before: list[dict[str, Any]] = []
    while (now := await _statuses(client)) != before and asyncio.get_running_loop().time() < deadline:
        before = now
        await asyncio.sleep(1)
    return now


async def _statuses(client: "Client") -> list[dict[str, Any]]:
    found = []
    async for execution in client.list_workflows(f"WorkflowType = '{WORKFLOW}'"):
        _, designation, candidate_id = execution.id.split(":", 2)
        found.append(Candidacy(candidate_id, designation))
    found.sort(key=lambda candidacy: (candidacy.candidate_id, candidacy.designation))
    return await together((candidacy.query(client, "status") for candidacy in found), at_once=_AT_ONCE)


def _row(status: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{status['candidate_id']} {status['name']}",
        status["designation"],
        status["status"],
        card.requirements(status),
        card.upcoming(status),
        ", ".join(status["attention"]),
    )
