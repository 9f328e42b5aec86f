"""Part one: the people of `examples/` on an embedded server, as they stand today."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import Client
from temporalio.runtime import Runtime

from client import answers, asking, finding, scheme
from client.candidacy import Candidacy
from client.enrolment import Enrolment, checked, enrol
from client.errors import NotFound, NoWorker, Refused
from client.list_language import Filter
from client.payloads import with_message_id
from client.pool import together
from client.receipts import Receipt
from demo import feed
from demo.narrator import Narrator
from runtime.embedded import embedded_server
from runtime.settings import Settings, record_in
from views.status import StatusView
from worker import build_worker

_AT_ONCE = 8
# Seconds. A machine that has much else to do may need more than a minute for what takes two seconds otherwise.
_PATIENCE = 180.0


async def play(folder: Path, runtime: Runtime, narrator: Narrator) -> None:
    """Start a server and a worker, let everything happen, and show who stands where."""
    settings = Settings(
        outbox=folder / "outbox", record_url=record_in(folder), answer_keys=feed.EXAMPLES / "answer-keys"
    )
    narrator.say("Part one: a real Temporal server, which keeps its data in memory.")
    async with embedded_server() as server:
        client = await server.client(runtime)
        async with build_worker(client, settings):
            await _enrol(client, narrator)
            outcomes = await _send(client, narrator)
            statuses = await _settled(client)
    narrator.line()
    narrator.line("Who stands where, and what happens next")
    narrator.line()
    narrator.candidates(statuses)
    narrator.line()
    narrator.line(f"Messages: {', '.join(f'{count} {what}' for what, count in outcomes.most_common())}.")
    narrator.line(f"Notices in the outbox: {len(list(settings.outbox.glob('**/*.eml')))}.")


async def _enrol(client: Client, narrator: Narrator) -> None:
    titles = scheme.titles()
    people = [checked(person) for person in feed.registrations(datetime.now(UTC).date())]

    async def one(person: Enrolment) -> None:
        await enrol(client, person, titles.get(person.candidacy.designation))

    await together(people, one, _AT_ONCE)
    narrator.say(f"{len(people)} people enrolled.")


async def _send(client: Client, narrator: Narrator) -> Counter[str]:
    """Everything of the examples: in order for one person, many people at once."""
    by_person: dict[str, list[feed.Sending]] = {}
    for sending in feed.sendings(datetime.now(UTC).date()):
        by_person.setdefault(sending.to.candidate_id, []).append(sending)
    outcomes: Counter[str] = Counter()

    async def one(sendings: list[feed.Sending]) -> None:
        for sending in sendings:
            outcomes[await _outcome(client, sending, narrator)] += 1

    await together(by_person.values(), one, _AT_ONCE)
    narrator.say(f"{outcomes.total()} messages sent.")
    return outcomes


async def _outcome(client: Client, sending: feed.Sending, narrator: Narrator) -> str:
    if sending.signal:
        await sending.to.handle(client).signal(sending.message, answers.raw(sending.payload))
        return "signalled"
    try:
        receipt = await _update(client, sending)
    except Refused as error:
        narrator.say(error.sentence)
        return "refused"
    if receipt.duplicate:
        return "duplicate"
    return "held for a person" if receipt.held else "taken"


async def _update(client: Client, sending: feed.Sending) -> Receipt:
    """Sends one message until it is answered: again, it counts once.

    An advancement is opened a moment after it was asked for: until then its workflow is not there. The worker is ours,
    so it is busy where it does not answer.
    """
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    payload = with_message_id(sending.payload)
    while True:
        try:
            return await sending.to.update(client, sending.message, payload)
        except (NotFound, NoWorker):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.2)


async def _settled(client: Client) -> list[StatusView]:
    """Where every candidacy stands, once nothing moves by itself any more: it is the same twice."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    before: list[StatusView] = []
    while True:
        found = sorted([entry.candidacy async for entry in finding.candidacies(client, Filter())])
        moving = any(await together(found, lambda candidacy: _moves(client, candidacy), _AT_ONCE))
        too_late = asyncio.get_running_loop().time() > deadline
        if not moving or too_late:
            now = await together(found, lambda candidacy: _status(client, candidacy), _AT_ONCE)
            if now == before or too_late:
                return now
            before = now
        await asyncio.sleep(1)


async def _moves(client: Client, candidacy: Candidacy) -> bool:
    """Whether a workflow task or an activity of this candidacy is to be done."""
    described = (await candidacy.describe(client)).raw_description
    return described.HasField("pending_workflow_task") or bool(described.pending_activities)


async def _status(client: Client, candidacy: Candidacy) -> StatusView:
    """Where the candidacy stands, as soon as the worker has the time to say it."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    while True:
        try:
            return await asking.status(client, candidacy)
        except NoWorker:
            if asyncio.get_running_loop().time() > deadline:
                raise
