"""Candidacies as people live them: on a server whose clock is ours to move, or on a real one."""

from __future__ import annotations

import email
import email.policy
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHandle, WorkflowHistory, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment

from runtime.connection import TASK_QUEUE
from runtime.settings import Settings
from tests.waiting import eventually
from trials.histories import effects_done
from worker import build_worker

WORKFLOW = "CertificationWorkflow"
CHICAGO = ZoneInfo("America/Chicago")
PEOPLE, OPERATIONS, CUSTOMERS, LEADERSHIP = DOMAINS = (
    "people-management",
    "operations-management",
    "customer-relationships",
    "leadership-and-business",
)
SHA = "ab" * 32
# The time-skipping server begins today and only runs forward: every story begins at the same later day.
START = datetime(2040, 1, 10, 15, tzinfo=UTC)


def local(day: str | date, time: str = "12:00:00") -> datetime:
    """That time of a day in the body's zone; noon unless told."""
    return datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=CHICAGO).astimezone(UTC)


def border(day: str | date) -> datetime:
    """The exclusive end of a last day: 00:00 of the next one in the body's zone."""
    return local(date.fromisoformat(str(day)) + timedelta(days=1), "00:00:00")


def wire(instant: datetime) -> str:
    """An instant as it is written in a payload."""
    return instant.isoformat()


@dataclass
class Candidate:
    """One candidacy, spoken to as every client would: by plain JSON."""

    client: Client
    designation: str = "CCSL"
    candidate_id: str = "C-1001"
    _count: int = field(default=0, repr=False)

    @property
    def workflow_id(self) -> str:
        return f"certification:{self.designation}:{self.candidate_id}"

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        """The newest run."""
        return self.client.get_workflow_handle(self.workflow_id)

    def registration(self, **fields: Any) -> dict[str, Any]:
        given = {
            "candidate_id": self.candidate_id,
            "name": "Ana Ruiz",
            "email": "ana@example.org",
            "designation": self.designation,
        }
        return given | fields

    async def start(self, **fields: Any) -> None:
        await self.start_raw(self.registration(**fields))

    async def start_raw(self, *payloads: Any) -> None:
        await self.client.start_workflow(WORKFLOW, args=payloads, id=self.workflow_id, task_queue=TASK_QUEUE)

    # --- messages -------------------------------------------------------------------------------------------

    async def send(self, name: str, /, **payload: Any) -> dict[str, Any]:
        """Sends a message as an update and answers its receipt."""
        receipt: dict[str, Any] = await self.handle.execute_update(name, payload)
        return receipt

    async def signal(self, name: str, /, **payload: Any) -> None:
        await self.handle.signal(name, payload)

    async def refused(self, name: str, /, **payload: Any) -> str:
        """Sends a message that is refused, and answers the code."""
        with pytest.raises(WorkflowUpdateFailedError) as failed:
            await self.send(name, **payload)
        cause = failed.value.cause
        assert isinstance(cause, ApplicationError)
        assert cause.type == "Refused", cause
        code: str = cause.details[0]["code"]
        return code

    async def result(
        self, domain: str, percentage: str = "80", *, taken_at: datetime, result_id: str | None = None, **fields: Any
    ) -> dict[str, Any]:
        self._count += 1
        score = {} if {"form", "points", "outcome"} & fields.keys() else {"percentage": percentage}
        return await self.send(
            "record_assessment_result",
            result_id=result_id or f"R-{self._count}",
            domain=domain,
            taken_at=wire(taken_at),
            **score,
            **fields,
        )

    async def pass_all(self, taken_at: datetime, *, but: str | None = None) -> None:
        for domain in DOMAINS:
            if domain != but:
                await self.result(domain, taken_at=taken_at)

    async def submit(self, submission_id: str = "WP-1", **fields: Any) -> dict[str, Any]:
        return await self.send(
            "submit_work_product", submission_id=submission_id, uri="urn:example:wp", sha256=SHA, **fields
        )

    async def review(self, verdict: str = "passed", submission_id: str = "WP-1", **fields: Any) -> dict[str, Any]:
        return await self.send(
            "review_work_product", submission_id=submission_id, reviewer="R. Viewer", verdict=verdict, **fields
        )

    async def evidence(self, submission_id: str, completed_on: str | date, **fields: Any) -> dict[str, Any]:
        activity = {"title": "A conference on customer care", "completed_on": str(completed_on)}
        return await self.send("submit_recertification", submission_id=submission_id, activities=[activity], **fields)

    async def approve(self, submission_id: str, verdict: str = "approved") -> dict[str, Any]:
        """Gives the verdict; waits for the new run that an approval brings, for a message racing it is another test."""
        before = await self.run_id()
        receipt = await self.send(
            "review_recertification", submission_id=submission_id, reviewer="R. Viewer", verdict=verdict
        )
        if verdict == "approved":
            await self.continued(before)
        return receipt

    # --- what there is --------------------------------------------------------------------------------------

    async def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = await self.handle.query("status")
        return answer

    async def timeline(self) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = await self.handle.query("timeline")
        return answer

    async def types(self) -> list[str]:
        return [entry["type"] for entry in await self.timeline()]

    async def details(self) -> str:
        """What the Temporal UI shows as current details."""
        answer = await self.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        details: str = answer.current_details
        return details

    async def last(self, kind: str) -> dict[str, Any]:
        """The newest event of this type."""
        return next(entry for entry in reversed(await self.timeline()) if entry["type"] == kind)

    async def attention(self) -> list[str]:
        return list((await self.status())["attention"])

    async def has(self, kind: str, count: int = 1) -> None:
        """Waits until so many events of this type are on the timeline."""

        async def there() -> bool:
            return (await self.types()).count(kind) >= count

        await eventually(there, f"{count} {kind} at {self.workflow_id}")

    async def at_rest(self) -> None:
        """Waits until no workflow task and no activity of the candidacy waits or is being worked on."""

        async def nothing_waits() -> bool:
            found = (await self.handle.describe()).raw_description
            return not (found.HasField("pending_workflow_task") or found.pending_activities)

        await eventually(nothing_waits, f"{self.workflow_id} is at rest")

    async def stands(self, status: str) -> None:
        """Waits for a status."""

        async def reached() -> bool:
            return bool((await self.status())["status"] == status)

        await eventually(reached, f"{self.workflow_id} is {status}")

    async def run_id(self) -> str:
        """The newest run. Asked below the client, which cannot read the null that the time-skipping server keeps of
        an instant that was unset."""
        request = DescribeWorkflowExecutionRequest(namespace=self.client.namespace)
        request.execution.workflow_id = self.workflow_id
        # The server ends each connection after five minutes, and with it a call that is under way. The client's own
        # calls are made again then, and so is this one.
        described = await self.client.workflow_service.describe_workflow_execution(request, retry=True)
        return described.workflow_execution_info.execution.run_id

    async def exists(self) -> bool:
        try:
            return bool(await self.run_id())
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return False
            raise

    async def continued(self, run_id: str) -> str:
        """Waits until a new run has begun, and answers its id."""

        async def new() -> bool:
            return await self.run_id() != run_id

        await eventually(new, f"a new run of {self.workflow_id}")
        # Its first task must be done, or a message could race the start of the run on the server that skips time.
        await self.status()
        return await self.run_id()

    async def history(self, run_id: str | None = None) -> WorkflowHistory:
        return await self.client.get_workflow_handle(self.workflow_id, run_id=run_id).fetch_history()

    async def timer(self) -> str:
        """The summary of the newest timer of the run that is open."""
        summaries = [
            json.loads(event.user_metadata.summary.data)
            for event in (await self.history()).events
            if event.HasField("timer_started_event_attributes")
        ]
        return str(summaries[-1])

    async def counts(self, run_id: str | None = None) -> Counter[str]:
        """How many events of each type the history of a run has."""
        events = (await self.history(run_id)).events
        return Counter(EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in events)

    async def effects(self) -> int:
        """How many effects are carried out and answered in the run: schemes loaded, notices sent, and so on."""
        return sum(effects_done(event) for event in (await self.history()).events)

    async def ended(self) -> str:
        """Waits for the end of the workflow, without letting time jump as `result()` would, and answers its result."""

        async def over() -> bool:
            return "WORKFLOW_EXECUTION_COMPLETED" in await self.counts()

        await eventually(over, f"the end of {self.workflow_id}")
        last = (await self.history()).events[-1]
        payload = last.workflow_execution_completed_event_attributes.result.payloads[0]
        return payload.data.decode().strip('"')

    def notices(self, folder: Path) -> list[str]:
        """The names of this candidate's notices in an outbox, in the order of their events."""
        prefix = f"{self.designation}-{self.candidate_id}-"
        names = sorted(path.stem.removeprefix(prefix) for path in folder.glob(f"{prefix}*.eml"))
        return [name.split("-", 1)[1].rsplit("-", 1)[0] for name in names]

    async def outbox_sent(self, folder: Path, count: int) -> None:
        """Waits until so many notices are out."""

        async def there() -> bool:
            return len(self.notices(folder)) >= count

        await eventually(there, f"{count} notices")


def mails(folder: Path) -> list[EmailMessage]:
    """The mails in the outbox of a world with one candidate, in the order of their events."""
    found = []
    for path in sorted(folder.glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        found.append(message)
    return found


@dataclass
class World:
    """The time-skipping server, its clock, and Certpath's worker on it."""

    environment: WorkflowEnvironment
    settings: Settings

    @property
    def client(self) -> Client:
        return self.environment.client

    @property
    def outbox(self) -> Path:
        return self.settings.outbox

    async def now(self) -> datetime:
        return (await self.environment.get_current_time()).astimezone(UTC)

    async def until(self, instant: datetime) -> None:
        """Lets time pass until an instant."""
        left = instant - await self.now()
        assert left > timedelta(), f"{instant} lies in the past: it is {await self.now()}"
        await self.environment.sleep(left)

    async def days(self, count: float) -> None:
        await self.environment.sleep(timedelta(days=count))

    @asynccontextmanager
    async def worker(self, **changed: Any) -> AsyncIterator[None]:
        """Certpath's worker, for the length of the block."""
        async with build_worker(self.client, replace(self.settings, **changed)):
            yield

    def candidate(self, designation: str = "CCSL", candidate_id: str = "C-1001") -> Candidate:
        return Candidate(self.client, designation, candidate_id)

    async def registered(self, designation: str = "CCSL", *, since: str | None = "2030-01-01") -> Candidate:
        """Somebody who has bought testing today; with the experience, unless told."""
        candidate = self.candidate(designation)
        fields: dict[str, Any] = {"purchase": {"reference": "INV-77"}}
        if since:
            fields["experience"] = {"role": "Director, Customer Care", "started_on": since}
        await candidate.start(**fields)
        await candidate.has("PurchaseConfirmed")
        return candidate

    async def holder(self, designation: str = "CCMA") -> Candidate:
        """Somebody who was certified today."""
        candidate = await self.registered(designation)
        await candidate.pass_all(await self.now())
        if designation in ("CCSL", "CCOM"):
            await candidate.submit()
            await candidate.review()
        await candidate.stands("certified")
        return candidate
