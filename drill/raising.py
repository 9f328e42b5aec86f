"""The smaller drill: a third build raises the format, so nobody can go back below it.

`upgrade` refuses to go back. With --force, candidacies are woken, and the older build cannot read what they hand over:
they wait unharmed, messages wait with them, and both go on when the third build is current again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError

from activities.programme import read_scheme
from drill import evidence
from drill.builds import Build, build, ended
from drill.lives import Life
from drill.newer import NEWER, ONLY_NEWER_COMMAND, RAISED
from drill.sending import Sender
from drill.stages import STAGES
from drill.steps import NEW, Part, Step
from drill.trees import changed, copied, other_tzdata
from runtime.embedded import embedded_server
from trials.discrepancies import Discrepancy
from trials.histories import read_history
from trials.mail import MailServer
from trials.past import seed_worker
from trials.patience import Impatient, until_none
from trials.workers import environment

THIRD = "raised"
_REFUSED = 1
"""The exit code of `starter.py upgrade` where it refuses."""
_STAGES = ("testing", "settling", "held", "certified", "suspended", "grace", "lapsed", "awaiting purchase")
_NEWER_FORMAT = "has format 2, and this build reads no format after 1"
"""The beginning of the error with which a workflow task fails on a build that cannot read the journal."""
_LOWER_FORMAT = "they would wait until a build takes them that reads it"
"""The end of the sentence with which `upgrade` refuses to go back below a format."""


@dataclass
class Raising:
    """What the smaller drill has found."""

    candidacies: int = 0
    waited: int = 0
    """How many were handed over to the build that cannot read them, and waited there."""
    discrepancies: list[Discrepancy] = field(default_factory=list)

    def wrong(self, what: str) -> None:
        self.discrepancies.append(Discrepancy("wrong", f"raised format: {what}"))


@dataclass
class _Parts:
    client: Client
    sender: Sender
    builds: Mapping[str, Build]
    lives: list[Life]
    found: Raising
    patience: float

    async def begin(self) -> None:
        """Every candidacy begins on the newer build and gets a mentor there, whose form the third build changes."""
        await self.builds[NEW].start()
        await self.builds[NEW].make_current()
        async with seed_worker(self.client):
            for life in self.lives:
                await life.begin(self.client)
            await self._until_on(NEW)
        for number, life in enumerate(self.lives):
            named = Step(ONLY_NEWER_COMMAND, {"mentor": f"M. Entor {number}"}, ("MentorNamed",))
            await self.sender.send(life, named, Part.NEWER, "update")

    async def go_back_and_forth(self) -> None:
        """Going back is refused, then forced, and then put right."""
        new, third = self.builds[NEW], self.builds[THIRD]
        await third.start()
        await third.make_current()
        await self._until_on(THIRD)
        before = {life.workflow_id: await self.sender.query(life, "timeline") for life in self.lives}
        code, out, err = await new.command("upgrade", new.build_id, "--json")
        if code != _REFUSED or _LOWER_FORMAT not in out + err:
            self.found.wrong(f"`upgrade` did not refuse to go back below a format, but ended with {code}: {err or out}")
        await self._until_on(THIRD)
        await new.command("upgrade", new.build_id, "--force", "--json")
        for life in self.lives:
            await self.sender.send(life, _contact(life), Part.BACK, "signal")
        self.found.waited = await self._until_somebody_waits()
        await third.make_current()
        await self._until_on(THIRD)
        for life in self.lives:
            await self._account(life, before[life.workflow_id])

    async def _until_on(self, name: str) -> None:
        """Waits until every candidacy is pinned to this build.

        Raises:
            Impatient: one is not in time.
        """

        async def missing() -> str:
            for life in self.lives:
                described = await self.sender.handle(life).describe()
                info = described.raw_description.workflow_execution_info.versioning_info
                if info.deployment_version.build_id != name:
                    return f"{life.workflow_id}: it is on {info.deployment_version.build_id!r}, not on {name!r}"
            return ""

        await until_none(missing, self.patience)

    async def _until_somebody_waits(self) -> int:
        """Waits until the older build has failed to read a candidacy, and returns how many of them wait.

        Raises:
            Impatient: it has not tried in time.
        """
        waiting: list[str] = []

        async def missing() -> str:
            waiting.clear()
            for life in self.lives:
                history = await self.sender.handle(life).fetch_history()
                run = read_history("", history.events)
                if any(_NEWER_FORMAT in failed for failed in run.failed_tasks):
                    waiting.append(life.workflow_id)
            return "" if waiting else "nobody waits for a build that can read the journal"

        await until_none(missing, self.patience)
        return len(waiting)

    async def _account(self, life: Life, before: list[dict[str, Any]]) -> None:
        try:
            found = await evidence.gather(life, self.sender)
        except (Impatient, RPCError) as error:
            self.found.discrepancies.append(Discrepancy("stuck", f"raised format: {life.workflow_id}: {error}"))
            return
        for what in _wrong(found, before):
            self.found.wrong(f"{life.workflow_id}: {what}")


def _wrong(found: evidence.Found, before: list[dict[str, Any]]) -> Iterator[str]:
    if found.timeline[: len(before)] != before:
        yield "its timeline has changed"
    if [event["sequence"] for event in found.timeline] != list(range(1, len(found.timeline) + 1)):
        yield "its events are not numbered without a gap"
    for sent in found.life.sent:
        receipt = found.receipts.get(str(sent.message_id))
        if receipt is None or tuple(receipt["events"]) != sent.step.events:
            yield f"{sent.step.name} was not taken once: {receipt}"
    for run in found.runs:
        for failed in run.failed_tasks:
            if _NEWER_FORMAT not in failed:
                yield f"a workflow task failed: {failed}"
    if found.builds() != [NEW, THIRD]:
        yield f"its tasks were completed on {found.builds()}"


def _contact(life: Life) -> Step:
    return Step("update_contact", {"name": f"Another {life.candidate_id}"}, ("ContactUpdated",))


async def run_raising(
    folder: Path, scheme: Path, patience: float, say: Callable[[str], None], runtime: Runtime | None = None
) -> Raising:
    """Plays the smaller drill on a server of its own.

    Raises:
        ServerFailed, WorkerFailed, UpgradeFailed: a part could not be started, or an operator's command has failed.
        Misfit: the changes do not fit today's code.
    """
    found = Raising()
    async with embedded_server(db=folder / "temporal.db", log=folder / "temporal.log") as server:
        client = await server.client(runtime)
        mail = MailServer()
        await mail.start()
        builds = _builds(folder, scheme, server.address, mail)
        try:
            async with ended(*builds.values()):
                await builds[NEW].setup()
                stages = [stage for stage in STAGES if stage.name in _STAGES]
                programmes = read_scheme(scheme)
                lives = [Life.of(stage, f"raised-{number:04}", programmes) for number, stage in enumerate(stages)]
                found.candidacies = len(lives)
                parts = _Parts(client, Sender(client, patience), builds, lives, found, patience)
                await parts.begin()
                await parts.go_back_and_forth()
        except Impatient as error:
            found.discrepancies.append(Discrepancy("stuck", f"raised format: {error}"))
        finally:
            mail.stop()
    say(f"  a build with a raised format: {found.candidacies} candidacies, {found.waited} of them waited unharmed")
    return found


def _builds(folder: Path, scheme: Path, address: str, mail: MailServer) -> dict[str, Build]:
    zones = other_tzdata(folder / "tzdata")
    around = environment(address, {"CERTPATH_SMTP_INSECURE": "1", "PYTHONPATH": str(zones)}, ours=True)
    old = copied(folder / "old", scheme)
    trees = {NEW: changed(old, folder / NEW, NEWER), THIRD: changed(old, folder / THIRD, NEWER, RAISED)}
    return {
        name: build(name, tree, folder, around, mail.url("{name}"), deployment="certpath", build_id=name)
        for name, tree in trees.items()
    }
