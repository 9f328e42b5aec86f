"""The evidence at the end of a drill: status, timeline, receipts, and every run of every candidacy with its build."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio.client import WorkflowExecutionStatus

from drill.lives import Life
from drill.sending import Sender
from runtime.connection import WORKFLOW
from trials.histories import Run, runs_of
from trials.patience import until_answered


@dataclass
class Found:
    """Everything that was found of one candidacy. `runs` has the oldest first, without the one that sowed it."""

    life: Life
    status: dict[str, Any]
    timeline: list[dict[str, Any]]
    receipts: dict[str, dict[str, Any]]
    first_run_id: str
    runs: list[Run]

    @property
    def closed(self) -> bool:
        return self.life.stage.ends_as.closed

    def run_of(self, event: dict[str, Any]) -> Run:
        """The run that decided an event: the last that had begun by then."""
        at = datetime.fromisoformat(event["at"]).timestamp()
        return next((run for run in reversed(self.runs) if run.began_at <= at), self.runs[0])

    def builds(self) -> list[str]:
        """The builds on which the candidacy was, one after another."""
        found: list[str] = []
        for run in self.runs:
            found += [build for build in run.builds if found[-1:] != [build]]
        return found


async def still_to_come(life: Life, sender: Sender) -> str:
    """What a candidacy still waits for, in a few words; empty when it has come to rest."""
    handle = sender.handle(life)
    described = await until_answered(f"describing {handle.id}", handle.describe, sender.patience)
    running = described.status is WorkflowExecutionStatus.RUNNING
    if pending := [one.activity_type.name for one in described.raw_description.pending_activities]:
        return f"{life.workflow_id}: pending {', '.join(pending)}"
    if described.raw_description.HasField("pending_workflow_task"):
        return f"{life.workflow_id}: a workflow task"
    if life.stage.ends_as.closed == running:
        return f"{life.workflow_id}: it is {described.status.name if described.status else 'unknown'}"
    if not running:
        return ""
    status = (await sender.query(life, "status"))["status"]
    if status != life.stage.ends_as:
        return f"{life.workflow_id}: it is {status}, not {life.stage.ends_as}"
    checks = [event["type"] for event in await sender.query(life, "timeline") if event["type"].startswith("Mentor")]
    return f"{life.workflow_id}: the question about its mentor" if checks[-1:] == ["MentorNamed"] else ""


async def gather(life: Life, sender: Sender) -> Found:
    """Asks a candidacy for everything."""
    status = await sender.query(life, "status")
    timeline = await sender.query(life, "timeline")
    keys = [sent.message_id for sent in life.sent if sent.message_id]
    receipts = await sender.query(life, "receipts", keys)
    runs = [run async for run, _ in runs_of(sender.client, life.workflow_id, sender.patience)]
    ours = [run for run in reversed(runs) if run.workflow_type == WORKFLOW]
    return Found(life, status, timeline, receipts, runs[-1].run_id, ours)
