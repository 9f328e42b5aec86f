"""The evidence at the end of a run: timelines, receipts, and every event of every history."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from temporalio.client import Client, WorkflowHistory

from chaos.journeys import Lived
from chaos.sending import Sender, Sent, Unexpected
from runtime.attribute_names import Attribute
from trials.discrepancies import Discrepancy
from trials.histories import Run, runs_of
from worker import build_replayer


@dataclass
class Evidence:
    """Everything that was found of one candidacy."""

    lived: Lived
    first_run_id: str
    status: dict[str, Any]
    timeline: list[dict[str, Any]]
    receipts: dict[str, dict[str, Any]]
    again: list[Sent]
    """The answers to the messages that were sent again. Refused messages are not sent again, because by now another
    rule may refuse them; and a closed candidacy takes no messages."""
    timeline_after: list[dict[str, Any]]
    runs: list[Run]
    faults: list[Discrepancy] = field(default_factory=list)


async def gather(lived: Lived, sender: Sender) -> Evidence:
    """Asks a candidacy for everything, and sends it every message again."""
    handle = sender.handle(lived.plan, lived.candidacy)
    status = await sender.query(handle, "status")
    timeline = await sender.query(handle, "timeline")
    receipts = await sender.query(handle, "receipts", [sent.message_id for sent in lived.sent])
    again: list[Sent] = []
    faults: list[Discrepancy] = []
    taken = [sent for sent in lived.sent if not sent.step.refused]
    for sent in [] if lived.candidacy.closed else taken:
        try:
            again.append(await sender.update(handle, sent))
        except Unexpected as error:
            faults.append(Discrepancy("wrong", f"sent again, {error}"))
    after = await sender.query(handle, "timeline")
    runs: list[Run] = []
    async for run, history in runs_of(sender.client, handle.id, sender.patience):
        run.not_replayed = await _not_replayed(sender.client, history)
        runs.append(run)
    return Evidence(lived, runs[-1].run_id, status, timeline, receipts, again, after, runs, faults)


async def _not_replayed(client: Client, history: WorkflowHistory) -> str:
    """Why a worker that does not have the candidacy in memory could not go on with it; empty if it could."""
    result = await build_replayer(client.data_converter).replay_workflow(history, raise_on_replay_failure=False)
    return str(result.replay_failure or "")


async def executions(client: Client, mark: str) -> list[tuple[str, str]]:
    """Workflow id and run id of every execution for the candidates with this mark, from the visibility store."""
    query = f"{Attribute.CANDIDATE_ID} STARTS_WITH '{mark}-'"
    return [(found.id, found.run_id) async for found in client.list_workflows(query)]
