"""The parts of a drill: what is sent in each, how everything moves, and how it comes to rest."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.service import RPCError, RPCStatusCode

from drill import accounting, evidence, overall
from drill.builds import Build, Move
from drill.evidence import Found
from drill.hanging import HangingKeys
from drill.lives import Life
from drill.options import Options
from drill.sending import ONE_ANSWER, WAYS, Sender
from drill.steps import MOVES, NEW, OLD, Part, Step
from runtime.connection import WORKFLOW
from trials.discrepancies import Discrepancy
from trials.mail import MailServer, Mood
from trials.many import each
from trials.past import seed_worker
from trials.patience import Impatient, until_answered, until_none

_AT_ONCE = 20
_BACK_SOON_SECONDS = 3.0
_MAIL_SECONDS = 14.0
"""How long the mail server is away at a long move. A candidacy that moves waits 10 seconds for its last notices."""
_MOODS: dict[Part, Mood] = {
    Part.FORTH: "refuses connections",
    Part.BACK: "answers 4xx",
    Part.AGAIN: "hangs",
}
"""How the mail server fails when a move begins, so that notices wait."""


@dataclass
class Drill:
    """What one drill works with."""

    options: Options
    client: Client
    sender: Sender
    mail: MailServer
    keys: HangingKeys
    builds: dict[str, Build]
    lives: list[Life]
    mark: str
    say: Callable[[str], None]
    moves: list[Move] = field(default_factory=list)

    # --- the parts ------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """The older build is current, and every candidacy begins on it."""
        await asyncio.gather(self.builds[OLD].start(), self.builds[NEW].start())
        await self.builds[OLD].make_current()
        beginning = [life for life in self.lives if life.stage.by_message]
        async with seed_worker(self.client):
            await each(beginning, lambda life: life.begin(self.client))
            await each(beginning, self._until_there)

    async def _until_there(self, life: Life) -> None:
        """Waits until the candidacy is there: it was registered, sown, or opened by the engine.

        Raises:
            Impatient: it is not in time.
        """

        async def missing() -> str:
            try:
                described = await self._described(life)
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                return f"{life.workflow_id}: never opened"
            return "" if described.workflow_type == WORKFLOW else f"{life.workflow_id}: never planted"

        await until_none(missing, self.options.patience)

    async def _described(self, life: Life) -> WorkflowExecutionDescription:
        handle = self.sender.handle(life)
        return await until_answered(f"describing {handle.id}", handle.describe, self.options.patience)

    async def play(self, part: Part) -> None:
        """Plays one part, with a move if it has one, and asks for the timelines at its end."""
        dice = random.Random(f"{self.options.seed}:{part}")
        begun_at = monotonic()
        if part in MOVES:
            await self._move(part, dice)
        else:
            await self._messages(part, dice)
        if part in self.options.extent.looks:
            open_lives = [life for life in self.lives if life.open_in(part) or life.stage.closed_in is part]
            await each(open_lives, lambda life: self._note_timeline(life, part))
        if part in MOVES:
            await self.builds[OLD if MOVES[part] == NEW else NEW].stop()
        sent = sum(sent.part is part for life in self.lives for sent in life.sent)
        moved = f", all moved in {self.moves[-1].seconds:.0f} s" if part in MOVES else ""
        self.say(f"  {part}: {sent} messages{moved}; {monotonic() - begun_at:.0f} s")

    async def _move(self, part: Part, dice: random.Random) -> None:
        """While mail is away and keys hang, another build is made current and everything moves there."""
        target = self.builds[MOVES[part]]
        await target.start()
        await self.mail.be(_MOODS[part])
        scoring = await self._begin_scoring(part, dice)
        try:
            await asyncio.gather(self._messages(part, dice), self._upgrade(target), self._relieve(part), *scoring)
        finally:
            for task in scoring:
                task.cancel()
            await asyncio.gather(*scoring, return_exceptions=True)
            self.keys.let_go()  # now that every result is scored

    async def _upgrade(self, target: Build) -> None:
        self.moves.append(await target.make_current())

    async def _relieve(self, part: Part) -> None:
        """The keys are put right, and the mail server comes back."""
        await asyncio.sleep(_BACK_SOON_SECONDS)
        self.keys.put_right()
        if part in self.options.extent.long_moves:
            await asyncio.sleep(_MAIL_SECONDS - _BACK_SOON_SECONDS)
        await self.mail.be("takes mail")

    async def _begin_scoring(self, part: Part, dice: random.Random) -> list[asyncio.Task[None]]:
        """Sends the results that must be scored, and returns when each of them waits for its key."""
        scored = [
            (life, life.with_own_form(step, part))
            for life in self.lives
            for step in life.stage.plot.get(part, ())
            if step.scored
        ]
        for _, step in scored:
            self.keys.hang(step.payload["form"], step.payload["domain"])
        tasks = [
            asyncio.create_task(self._send(life, step, part, random.Random(dice.random()))) for life, step in scored
        ]
        await each([life for life, _ in scored], self._until_scoring)
        return tasks

    async def _until_scoring(self, life: Life) -> None:
        async def missing() -> str:
            described = await self._described(life)
            pending = [one.activity_type.name for one in described.raw_description.pending_activities]
            return "" if "score_responses" in pending else f"{life.workflow_id}: its result is not being scored"

        await until_none(missing, self.options.patience)

    async def _messages(self, part: Part, dice: random.Random) -> None:
        """Sends the messages of a part: those of one candidacy one after another, those of many at the same time."""
        extent = self.options.extent
        flows = [(life, steps) for life in self.lives if (steps := life.steps(part, dice, extent.chatter))]
        lasts = max(extent.part_seconds, sum(len(steps) for _, steps in flows) / extent.messages_a_second)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def flow(life: Life, steps: Sequence[Step], begins_after: float, dice: random.Random) -> None:
            await asyncio.sleep(begins_after)
            try:
                await self._until_there(life)
            except Impatient as error:
                life.faults.append(Discrepancy("stuck", str(error)))
                return
            for step in steps:
                async with gate:
                    await self._send(life, step, part, dice)

        # Each has dice of its own, so that a seed means the same whichever of them is faster.
        await asyncio.gather(
            *(flow(life, steps, dice.uniform(0, lasts), random.Random(dice.random())) for life, steps in flows)
        )

    async def _send(self, life: Life, step: Step, part: Part, dice: random.Random) -> None:
        chatter = step not in life.stage.plot.get(part, ()) and not step.scored
        try:
            await self.sender.send(life, step, part, dice.choice(WAYS if chatter else ONE_ANSWER))
        except Impatient as error:
            life.faults.append(Discrepancy("stuck", str(error)))
        except RPCError as error:
            told = f"{life.workflow_id}: {step.name} was answered with {error.status.name}: {error}"
            life.faults.append(Discrepancy("wrong", told))

    async def _note_timeline(self, life: Life, part: Part) -> None:
        try:
            life.timelines.append((part, await self.sender.query(life, "timeline")))
        except (Impatient, RPCError) as error:
            told = f"{life.workflow_id}: no timeline after the part {part!r}: {error}"
            life.faults.append(Discrepancy("stuck", told))

    # --- the end --------------------------------------------------------------------------------------------

    async def come_to_rest(self) -> None:
        """Waits until nothing is under way any more."""

        async def rest(life: Life) -> None:
            try:
                await until_none(lambda: evidence.still_to_come(life, self.sender), self.options.patience)
            except Impatient as error:
                life.faults.append(Discrepancy("stuck", str(error)))
            except RPCError as error:
                life.faults.append(Discrepancy("stuck", f"{life.workflow_id}: {error}"))

        await each(self.lives, rest)

    async def account(self) -> tuple[list[Found], list[Discrepancy]]:
        """Everything that can be found, and what is wrong with it."""
        problems = await overall.of_builds(self.client, self.mark, self.lives, self.builds)
        # A closed candidacy stays on the build on which it was closed: who asks it needs a worker of that build.
        await self.builds[OLD].start()
        found = [one for one in await each(self.lives, self._gather) if one is not None]
        gathered = {one.life.workflow_id for one in found}
        problems += [fault for life in self.lives if life.workflow_id not in gathered for fault in life.faults]
        for one in found:
            problems += accounting.of_candidacy(one)
        problems += overall.of_notices(found, self.mail.taken)
        problems += await overall.of_search_attribute(self.client, self.mark, found)
        problems += overall.of_workers(end for one in self.builds.values() for end in one.worker.ends)
        return found, problems

    async def _gather(self, life: Life) -> Found | None:
        try:
            return await evidence.gather(life, self.sender)
        except Exception as error:  # noqa: BLE001 - the fault is recorded, and the other candidacies are still asked
            life.faults.append(Discrepancy("stuck", f"{life.workflow_id}: it cannot be asked: {error!r}"))
            return None
