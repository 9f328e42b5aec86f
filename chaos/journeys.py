"""Plays the planned journeys, all at once, and waits until each has come to rest."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

from temporalio.client import WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError

from chaos.plans import Candidacy, Plan, Step
from chaos.sending import Handle, Sender, Sent, Unexpected
from trials.discrepancies import Discrepancy
from trials.patience import Impatient

_PAUSE_SECONDS = (0.0, 2.5)
"""Pause between two stages of a journey, so that a fault meets each journey at a different place."""


@dataclass
class Lived:
    """The messages that were sent to one candidacy. `faults` says what went wrong for the sender."""

    plan: Plan
    candidacy: Candidacy
    sent: list[Sent] = field(default_factory=list)
    faults: list[Discrepancy] = field(default_factory=list)

    @property
    def workflow_id(self) -> str:
        return self.plan.workflow_id(self.candidacy)


async def live(plan: Plan, sender: Sender, dice: random.Random) -> list[Lived]:
    """Plays one person's journey. A journey that cannot go on ends, and records why."""
    lived = [Lived(plan, candidacy) for candidacy in plan.candidacies]
    for one in lived:
        try:
            await _live_through(one, sender, dice)
        except Impatient as error:
            one.faults.append(Discrepancy("stuck", str(error)))
            break
        except Unexpected as error:
            one.faults.append(Discrepancy("wrong", str(error)))
            break
        except RPCError as error:
            told = f"{one.workflow_id}: the server answered with {error.status.name}: {error.message}"
            one.faults.append(Discrepancy("wrong", told))
            break
    return lived


async def _live_through(lived: Lived, sender: Sender, dice: random.Random) -> None:
    handle = sender.handle(lived.plan, lived.candidacy)
    if lived.candidacy.registration is None:
        await sender.until_opened(handle)
    else:
        await sender.start(lived.plan, lived.candidacy, dice)
    for stage in lived.candidacy.stages:
        await asyncio.sleep(dice.uniform(*_PAUSE_SECONDS))
        await _send_stage(lived, stage, handle, sender, dice)


async def _send_stage(
    lived: Lived, stage: tuple[Step, ...], handle: Handle, sender: Sender, dice: random.Random
) -> None:
    """Sends all messages of a stage at once, in a random order, and waits until all of them were taken."""
    first = len(lived.sent)
    begins = f"{lived.workflow_id.removeprefix('certification:')}:"
    numbered = [(step, f"{begins}{first + number}") for number, step in enumerate(stage)]
    dice.shuffle(numbered)
    # Each has dice of its own, so that a seed means the same whichever of them is answered first.
    sendings = [sender.send(handle, step, message_id, random.Random(dice.random())) for step, message_id in numbered]
    answers = await asyncio.gather(*sendings, return_exceptions=True)
    lived.sent += [answer for answer in answers if isinstance(answer, Sent)]
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    unanswered = {answer.message_id for answer in lived.sent[first:] if not (answer.receipt or answer.refused)}
    if unanswered:
        await sender.until_taken(handle, sorted(unanswered))


async def come_to_rest(lived: Lived, sender: Sender) -> None:
    """Waits until the candidacy has the planned status and nothing is under way; otherwise records what is missing."""
    handle = sender.handle(lived.plan, lived.candidacy)
    try:
        await sender.until_none(lambda: _still_to_come(lived, handle, sender))
    except (Impatient, RPCError) as error:
        lived.faults.append(Discrepancy("stuck", f"{lived.workflow_id}: {error}"))


async def _still_to_come(lived: Lived, handle: Handle, sender: Sender) -> str:
    """The thing that a candidacy still waits for, in a few words; empty when it has come to rest."""
    described: WorkflowExecutionDescription = await sender.until_answered(f"describing {handle.id}", handle.describe)
    running = described.status is WorkflowExecutionStatus.RUNNING
    pending = [one.activity_type.name for one in described.raw_description.pending_activities]
    if pending:
        return f"pending {', '.join(pending)}"
    if described.raw_description.HasField("pending_workflow_task"):
        return "a workflow task"
    if lived.candidacy.closed == running:
        return f"it is {described.status.name if described.status else 'unknown'}"
    status = (await sender.query(handle, "status"))["status"]
    return "" if status == lived.candidacy.status else f"it is {status}, not {lived.candidacy.status}"
