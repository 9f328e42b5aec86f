"""Candidacies that are years old, on a real server whose clock nobody can move.

A journal is lived through in the domain alone, and handed to the engine the way one run hands it to the next: a
workflow that does nothing but continue as new, as `CertificationWorkflow`, with that journal.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain import rulebook
from domain.commands import (
    Command,
    Contact,
    Experience,
    Message,
    Purchase,
    Register,
    RingAlarm,
)
from domain.inquiries import (
    Answer,
    AskLower,
    LoadProgramme,
    LowerAnswer,
    ProgrammeLoaded,
    ResponsesScored,
    ScoreResponses,
)
from domain.messages import parse_message
from runtime.connection import TASK_QUEUE
from tests.scheme import SCHEME
from tests.waiting import eventually
from tests.workflows.journeys import DOMAINS, WORKFLOW, Candidate
from workflows.journal import Journal

SEEDS = "seeds"


def take(journal: Journal, command: Command, at: datetime, *, unscored: str = "") -> list[str]:
    """Has a journal take a command in a world where every programme stays as it is, and nothing else answers."""
    inquiry = rulebook.inquiry(journal.state, command)
    answers: dict[type, Answer] = {
        LoadProgramme: ProgrammeLoaded(journal.state.programme),
        ScoreResponses: ResponsesScored(unscored=unscored),
        AskLower: LowerAnswer(superseded_at=None, reason="never"),
    }
    return journal.take(command, at, answers[type(inquiry)] if inquiry else None)


@workflow.defn(name="Seed")
class Seed:
    """Begins a candidacy in the middle of its life."""

    @workflow.run
    async def run(self, journal: dict[str, Any]) -> None:
        workflow.continue_as_new(journal, workflow=cast("Any", WORKFLOW), task_queue=TASK_QUEUE)


@asynccontextmanager
async def seed_worker(client: Client) -> AsyncIterator[None]:
    async with Worker(client, task_queue=SEEDS, workflows=[Seed], workflow_runner=UnsandboxedWorkflowRunner()):
        yield


async def plant(candidate: Candidate, carried: dict[str, Any]) -> None:
    """Lets the engine go on with this journal; the notices of years past are not sent again."""
    async with seed_worker(candidate.client):
        await sow(candidate, carried)


async def sow(candidate: Candidate, carried: dict[str, Any]) -> None:
    """As `plant`, where a seed worker runs already."""
    await candidate.client.start_workflow("Seed", carried, id=candidate.workflow_id, task_queue=SEEDS)

    async def planted() -> bool:
        return (await candidate.handle.describe()).workflow_type == WORKFLOW

    await eventually(planted, f"{candidate.workflow_id} is planted")


class Past:
    """A journal lived through by hand: each command at its own instant, after the alarms that were due by then."""

    def __init__(self, candidate: Candidate, at: datetime, *, since: date | None = None, paid: bool = True) -> None:
        self.now = at
        programme = SCHEME.programme(candidate.designation)
        command = Register(
            workflow_id=candidate.workflow_id,
            enrolment="00000000-0000-0000-0000-000000000000",
            candidate_id=candidate.candidate_id,
            designation=candidate.designation,
            programme=programme,
            purchase=Purchase(reference="INV-77", purchased_at=at) if paid else None,
            experience=Experience(role="Director", started_on=since or (at - timedelta(days=1000)).date()),
        )
        contact = Contact(name="Ana Ruiz", email="ana@example.org")
        self.journal = Journal.open(command, contact, at)
        self.journal.outbox.clear()

    def until(self, instant: datetime) -> Past:
        while alarm := rulebook.next_alarm(self.journal.state):
            if alarm.at > instant:
                break
            self.now = max(self.now, alarm.at)
            self._take(RingAlarm(kind=alarm.kind, due=alarm.at))
        self.now = instant
        return self

    def say(self, name: str, /, **fields: Any) -> Past:
        message: Message = parse_message(name, json.dumps(fields, default=str).encode())
        events = self._take(message)
        self.journal.remember(message.message_id, "0" * 20, events)
        return self

    def _take(self, command: Command) -> list[str]:
        events = take(self.journal, command, self.now)
        self.journal.outbox.clear()
        return events

    def passes(self, *, but: str | None = None) -> Past:
        for domain in DOMAINS:
            if domain != but:
                result = {"result_id": f"R-{domain}", "domain": domain, "taken_at": self.now, "percentage": "80"}
                self.say("record_assessment_result", **result)
        return self

    def certify(self, *, yet: bool = True) -> Past:
        """Passes everything; `yet` says whether that certifies already."""
        self.passes()
        if self.journal.state.programme.work_product:
            self.say("submit_work_product", submission_id="WP-1", uri="urn:example:wp", sha256="ab" * 32)
            self.say("review_work_product", submission_id="WP-1", reviewer="R. Viewer", verdict="passed")
        assert bool(self.journal.state.certificate) is yet
        return self


def recertifying(candidate: Candidate, *, submission: str | None = "E-1") -> dict[str, Any]:
    """What the run before carried over of a holder in the recertification window, with evidence under review."""
    now = datetime.now(tz=UTC)
    past = Past(candidate, now - timedelta(days=800)).certify().until(now - timedelta(hours=1))
    if submission:
        activity = {"title": "A course", "completed_on": (now - timedelta(days=60)).date()}
        past.say("submit_recertification", submission_id=submission, activities=[activity])
    past.journal.outbox.clear()
    return past.journal.carried()
