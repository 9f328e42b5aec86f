"""One drill: starts its parts, plays it, and accounts for everything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import monotonic
from uuid import uuid4

from temporalio.runtime import Runtime

from activities.programme import read_scheme
from drill.builds import Build, build, ended
from drill.hanging import HangingKeys
from drill.lives import lives
from drill.newer import EARLY_CHECKS, NEWER
from drill.options import Options
from drill.playing import Drill
from drill.raising import run_raising
from drill.report import Report
from drill.sending import Sender
from drill.steps import NEW, OLD, Part
from drill.trees import changed, copied, other_tzdata
from runtime.clients import connect
from runtime.embedded import embedded_server
from trials.installation import alone
from trials.mail import MailServer
from trials.workers import environment


async def run(
    options: Options, folder: Path, say: Callable[[str], None] = lambda _: None, runtime: Runtime | None = None
) -> Report:
    """Plays the whole drill and returns the report. Trees, databases and logs are written to `folder`.

    The smaller drill needs a server on which nobody else waits: it is not played on an installation that runs already.

    Raises:
        CannotConnect, OthersWork, ServerFailed, WorkerFailed, SettingsError, UpgradeFailed: a part could not be
            started, or an operator's command has failed.
        Misfit: the changes of the newer build do not fit today's code.
    """
    begun_at = monotonic()
    async with _parts(options, folder, say, runtime) as drill:
        say(f"seed {options.seed}: {len(drill.lives)} candidacies; the two builds stand in {folder}")
        await drill.begin()
        for part in Part:
            await drill.play(part)
        say("waiting until every candidacy has come to rest")
        await drill.come_to_rest()
        say("accounting for everything")
        found, problems = await drill.account()
        mails, sender, moves = list(drill.mail.taken), drill.sender, drill.moves
    raising = None
    if options.address is None and options.extent.raising:
        raising = await run_raising(folder / "raising", options.scheme, options.patience, say, runtime)
        problems += raising.discrepancies
    return Report(options.seed, found, moves, mails, sender, raising, monotonic() - begun_at, problems)


@asynccontextmanager
async def _parts(
    options: Options, folder: Path, say: Callable[[str], None], runtime: Runtime | None
) -> AsyncIterator[Drill]:
    """The server, the mail server and the two builds, whose workers are not started yet."""
    async with AsyncExitStack() as stack:
        server = None
        if options.address is None:
            database = folder / "temporal.db" if options.extent.database else None
            opened = embedded_server(db=database, log=folder / "temporal.log")
            server = await stack.enter_async_context(opened)
        client = await server.client(runtime) if server else await connect(runtime, target_host=options.address)
        if server is None:
            await alone(client)
        mail = MailServer()
        await mail.start()
        stack.callback(mail.stop)
        keys = HangingKeys(folder / "answer-keys")
        keys.folder.mkdir()
        stack.callback(keys.let_go)
        builds = _builds(options, folder, server.address if server else None, mail)
        await stack.enter_async_context(ended(*builds.values()))
        await builds[NEW].setup()
        mark = "drill" if server else f"drill{uuid4().hex[:6]}"
        drawn = lives(options.candidacies, read_scheme(options.scheme), mark)
        sender = Sender(client, options.patience)
        yield Drill(options, client, sender, mail, keys, builds, drawn, mark, say)


def _builds(options: Options, folder: Path, address: str | None, mail: MailServer) -> dict[str, Build]:
    more = {
        "CERTPATH_ANSWER_KEYS": str(folder / "answer-keys"),
        # The address of our own mail server has a password, and that server speaks no TLS.
        "CERTPATH_SMTP_INSECURE": "1",
    }
    around = environment(address or str(options.address), more, ours=address is not None)
    old = copied(folder / OLD, options.scheme)
    new = changed(old, folder / NEW, NEWER, EARLY_CHECKS if options.extent.early_checks else {})
    zones = other_tzdata(folder / "tzdata")
    # On a server that is reused, Temporal knows the ids of builds for months.
    suffix = "" if address else f"-{uuid4().hex[:6]}"

    def one(name: str, tree: Path, **own: str) -> Build:
        return build(
            name,
            tree,
            folder,
            {**around, **own},
            mail.url("{name}"),
            deployment=options.deployment,
            build_id=f"{name}{suffix}",
        )

    return {OLD: one(OLD, old), NEW: one(NEW, new, PYTHONPATH=str(zones))}
