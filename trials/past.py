"""Candidacies with a past of years, on a real server whose clock nobody can move.

A journal is lived through in the domain alone, and handed to the engine the way one run hands it to the next: a
workflow that does nothing but continue as new, as `CertificationWorkflow`, with that journal.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any, Self, cast

from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain import rulebook
from domain.commands import Command, Contact, Experience, Message, Purchase, Register, RingAlarm
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
from domain.scheme import Programme
from runtime.connection import TASK_QUEUE, WORKFLOW
from workflows.journal import Journal

SEEDS = "seeds"
"""The task queue of the workflows that begin candidacies in the middle of their lives."""
ENROLMENT = "00000000-0000-0000-0000-000000000000"


def take(journal: Journal, command: Command, at: datetime, *, unscored: str = "") -> list[str]:
    """Has a journal take a command in a world where every programme stays as it is, and nothing else answers."""
    inquiry = rulebook.inquiry(journal.state, command)
    answers: dict[type, Answer] = {
        LoadProgramme: ProgrammeLoaded(journal.state.programme),
        ScoreResponses: ResponsesScored(unscored=unscored),
        AskLower: LowerAnswer(superseded_at=None, reason="never"),
    }
    return journal.take(command, at, answers[type(inquiry)] if inquiry else None)


class Past:
    """A journal lived through by hand: each command at its own instant, after the alarms that were due by then."""

    def __init__(
        self,
        workflow_id: str,
        candidate_id: str,
        programme: Programme,
        contact: Contact,
        at: datetime,
        *,
        since: date | None = None,
        paid: bool = True,
    ) -> None:
        self.now = at
        command = Register(
            workflow_id=workflow_id,
            enrolment=ENROLMENT,
            candidate_id=candidate_id,
            designation=programme.designation,
            programme=programme,
            purchase=Purchase(reference="INV-77", purchased_at=at) if paid else None,
            experience=Experience(role="Director", started_on=since or (at - timedelta(days=1000)).date()),
        )
        self.journal = Journal.open(command, contact, at)
        self.journal.outbox.clear()

    def until(self, instant: datetime) -> Self:
        """Lives on until this instant (UTC): every alarm rings when it is due."""
        while alarm := rulebook.next_alarm(self.journal.state):
            if alarm.at > instant:
                break
            self.now = max(self.now, alarm.at)
            self._take(RingAlarm(kind=alarm.kind, due=alarm.at, subject=alarm.subject))
        self.now = instant
        return self

    def say(self, name: str, /, **fields: Any) -> Self:
        """Takes a message now."""
        message: Message = parse_message(name, json.dumps(fields, default=str).encode())
        events = self._take(message)
        self.journal.remember(message.message_id, "0" * 20, events)
        return self

    def _take(self, command: Command) -> list[str]:
        events = take(self.journal, command, self.now)
        self.journal.outbox.clear()
        return events

    def passes(self, *, but: str | None = None) -> Self:
        """Passes every assessment, but this one."""
        for domain in self.journal.state.programme.domains:
            if domain != but:
                result = {"result_id": f"R-{domain}", "domain": domain, "taken_at": self.now, "percentage": "80"}
                self.say("record_assessment_result", **result)
        return self

    def certify(self, *, yet: bool = True) -> Self:
        """Passes everything; `yet` says whether that certifies already."""
        self.passes()
        if self.journal.state.programme.work_product:
            self.say("submit_work_product", submission_id="WP-1", uri="urn:example:wp", sha256="ab" * 32)
            self.say("review_work_product", submission_id="WP-1", reviewer="R. Viewer", verdict="passed")
        assert bool(self.journal.state.certificate) is yet
        return self


@workflow.defn(name="Seed")
class Seed:
    """Begins a candidacy in the middle of its life."""

    @workflow.run
    async def run(self, journal: dict[str, Any]) -> None:
        workflow.continue_as_new(journal, workflow=cast("Any", WORKFLOW), task_queue=TASK_QUEUE)


@asynccontextmanager
async def seed_worker(client: Client) -> AsyncIterator[None]:
    """Runs a worker for seeds. It belongs to no build: the build that is current takes what was sown."""
    async with Worker(client, task_queue=SEEDS, workflows=[Seed], workflow_runner=UnsandboxedWorkflowRunner()):
        yield
