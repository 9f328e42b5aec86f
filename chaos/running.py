"""One run: starts the parts, lets journeys and faults happen at the same time, and accounts for everything."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from uuid import uuid4

from temporalio.client import Client
from temporalio.runtime import Runtime

from chaos import accounting, evidence, journeys, record_accounting
from chaos.evidence import Evidence
from chaos.faults import GAP_SECONDS, MEAN_GAP, RECORD_UP_SECONDS_AT_MOST, Faults
from chaos.following import Follower
from chaos.journeys import Lived
from chaos.plans import Plan, plans
from chaos.record import Record, record_of
from chaos.report import Report
from chaos.sending import Sender
from runtime.clients import connect
from runtime.embedded import EmbeddedServer, embedded_server
from runtime.settings import ROOT, Settings
from trials import recorded
from trials.discrepancies import Discrepancy
from trials.installation import alone
from trials.mail import MailServer
from trials.many import each
from trials.workers import Worker, environment

_UNDER_WAY = 30
"""At most this many journeys are played at once; on a slow machine the others begin later."""


@dataclass(frozen=True)
class Options:
    """The options of a run. `address`: an installation to run against, whose server is left alone."""

    seed: int
    journeys: int = 200
    kills: int = 40
    workers: int = 3
    address: str | None = None
    scheme: Path = Settings.scheme
    gap_seconds: tuple[float, float] = GAP_SECONDS
    ends: Sequence[str] = ()
    """How workers are ended, one way for each kill; if it is empty, each is chosen by chance."""
    record: str = "sqlite"
    """The database of the record, one of `chaos.record.DATABASES`."""
    record_faults: Sequence[str] = ()
    """What happens to the record, one fault of `chaos.record.FAULTS` after another."""
    record_seconds: float = 10.0
    """So long each of them lasts."""
    patience: float = 1200.0
    """Seconds until one message must be taken, and until one candidacy must come to rest. The default is longer than
    any pause between two attempts to send a notice."""


async def run(
    options: Options,
    folder: Path,
    say: Callable[[str], None] = lambda _: None,
    runtime: Runtime | None = None,
) -> Report:
    """Runs everything and returns the report. The database and the logs are written to `folder`.

    `say` gets the progress, line by line; `runtime` is the SDK runtime of the client that sends the messages.

    Raises:
        CannotConnect, OthersWork, ServerFailed, WorkerFailed, SettingsError, NoPostgresql, DoesNotStart, CannotMount: a
            part could not be started.
    """
    begun_at = monotonic()
    mark = f"chaos{options.seed}" if options.address is None else f"chaos{options.seed}-{uuid4().hex[:6]}"
    async with _parts(options, folder, runtime) as (client, server, mail, record, workers):
        sender = Sender(client, options.patience)
        dice = random.Random(f"{options.seed}:faults")
        faults = Faults(
            dice,
            workers,
            mail,
            server,
            record,
            options.record_faults,
            options.record_seconds,
            options.gap_seconds,
            options.ends,
        )
        say(f"seed {options.seed}: {options.journeys} journeys, workers are ended {options.kills} times")
        follower = Follower(record.url)
        following = asyncio.create_task(follower.follow())
        lived = await _live(options, mark, sender, faults, say)
        say("waiting until every candidacy has come to rest")
        await each(lived, lambda one: journeys.come_to_rest(one, sender))
        say("accounting for everything")
        found = [one for one in await each(lived, lambda one: _gather(one, sender)) if one is not None]
        problems = await _account(client, mark, lived, found, faults)
        timelines = {
            one.lived.workflow_id: [recorded.Shown(event["sequence"], event["type"]) for event in one.timeline_after]
            for one in found
        }
        problems += await recorded.compare(record.url, timelines, options.patience)
        problems += await record_accounting.of_deliveries(record.url, mail.taken, options.patience)
        following.cancel()
        await asyncio.wait({following})
        problems += record_accounting.of_follower(follower, found)
        ends = [end for worker in workers for end in worker.ends]
        return Report(
            options.seed,
            options.workers,
            found,
            list(mail.taken),
            ends,
            faults.server_outages,
            faults.mail_outages,
            record_accounting.of_the_record(record, faults, follower, found, mail.taken),
            sender.ways,
            sender.calls,
            monotonic() - begun_at,
            problems,
        )


@asynccontextmanager
async def _parts(
    options: Options, folder: Path, runtime: Runtime | None
) -> AsyncIterator[tuple[Client, EmbeddedServer | None, MailServer, Record, list[Worker]]]:
    """Server, mail server, record and workers, ready when the block begins and ended when it ends."""
    async with AsyncExitStack() as stack:
        server = None
        if options.address is None:
            opened = embedded_server(db=folder / "temporal.db", log=folder / "temporal.log")
            server = await stack.enter_async_context(opened)
        client = await server.client(runtime) if server else await connect(runtime, target_host=options.address)
        if server is None:
            await alone(client)
        mail = MailServer()
        await mail.start()
        stack.callback(mail.stop)
        record = await stack.enter_async_context(record_of(folder, options.record, options.record_faults))
        more = {
            "CERTPATH_RECORD_URL": record.url,
            "CERTPATH_ANSWER_KEYS": str(ROOT / "examples" / "answer-keys"),
            "CERTPATH_SCHEME": str(options.scheme),
            # The address of our own mail server has a password, and that server speaks no TLS.
            "CERTPATH_SMTP_INSECURE": "1",
        }
        around = environment(server.address if server else str(options.address), more, ours=server is not None)
        workers = [Worker(place, folder, around, mail.url("{name}")) for place in range(options.workers)]
        stack.push_async_callback(_end_all, workers)
        for worker in workers:
            worker.start()
        await asyncio.gather(*(worker.ready() for worker in workers))
        yield client, server, mail, record, workers


async def _end_all(workers: Sequence[Worker]) -> None:
    await asyncio.gather(*(worker.end(signal.SIGKILL, "the end of the run") for worker in workers))


async def _live(options: Options, mark: str, sender: Sender, faults: Faults, say: Callable[[str], None]) -> list[Lived]:
    """Plays all journeys. They begin at random times while the faults happen."""
    made = plans(options.journeys, options.seed, mark)
    lasts = max(
        MEAN_GAP * options.kills, len(options.record_faults) * (options.record_seconds + RECORD_UP_SECONDS_AT_MOST)
    )
    dice = random.Random(f"{options.seed}:times")
    gate = asyncio.Semaphore(_UNDER_WAY)

    async def life(plan: Plan, begins_after: float) -> list[Lived]:
        await asyncio.sleep(begins_after)
        async with gate:
            return await journeys.live(plan, sender, random.Random(f"{options.seed}:{plan.number}"))

    lives = [life(plan, dice.uniform(0, lasts)) for plan in made]
    living = [asyncio.create_task(one) for one in lives]
    happening = asyncio.create_task(faults.happen(options.kills, lambda: all(task.done() for task in living)))
    supervising = [asyncio.create_task(worker.supervise()) for worker in faults.workers]
    try:
        while not happening.done():
            await asyncio.wait({happening}, timeout=15)
            done = sum(task.done() for task in living)
            say(f"  {done} of {len(living)} journeys sent, {len(faults.mail.taken)} mails taken")
        happening.result()
        return [one for lived in await asyncio.gather(*living) for one in lived]
    finally:
        tasks = [*living, happening, *supervising]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _gather(lived: Lived, sender: Sender) -> Evidence | None:
    try:
        return await evidence.gather(lived, sender)
    except Exception as error:  # noqa: BLE001 - the fault is recorded, and the other candidacies are still asked
        lived.faults.append(Discrepancy("stuck", f"{lived.workflow_id}: it cannot be asked: {error!r}"))
        return None


async def _account(
    client: Client, mark: str, lived: Sequence[Lived], found: Sequence[Evidence], faults: Faults
) -> list[Discrepancy]:
    asked = {id(one.lived) for one in found}
    problems = [fault for one in lived if id(one) not in asked for fault in one.faults]
    for one in found:
        problems += accounting.of_candidacy(one)
    known = await evidence.executions(client, mark)
    problems += accounting.of_executions({one.workflow_id for one in lived}, known)
    problems += accounting.of_certificates(found)
    problems += accounting.of_notices(found, faults.mail.taken)
    ends = [end for worker in faults.workers for end in worker.ends]
    problems += accounting.of_workers(ends, faults.server_outages)
    problems += accounting.of_repeats(faults.mail.taken, ends, faults.server_outages)
    return problems
