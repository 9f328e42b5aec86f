"""The candidacies of a drill: how each begins, and what it is sent in each part."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDReusePolicy

from domain.commands import Contact
from domain.scheme import Scheme
from drill.newer import ONLY_NEWER_COMMAND, ONLY_NEWER_FIELD
from drill.stages import STAGES, Stage
from drill.steps import NOW, Part, Step
from runtime.connection import TASK_QUEUE, WORKFLOW
from trials.discrepancies import Discrepancy
from trials.domains import DOMAINS
from trials.past import ENROLMENT, SEEDS, Past

PERSON = "Zsófia Quarterstaff"
_SECONDS_A_START = timedelta(seconds=10)


@dataclass
class Sent:
    """A message that was sent, once or several times, with what came back last. Times are seconds since 1970 (UTC)."""

    step: Step
    part: Part
    way: str
    message_id: str | None
    times: int = 0
    """How often it was handed to the server, as far as the sender knows."""
    begun_at: float = 0.0
    ended_at: float = 0.0
    receipt: dict[str, Any] | None = None
    refused: str | None = None
    """The type or the code of the refusal."""

    @property
    def payload(self) -> dict[str, Any]:
        key = {} if self.message_id is None else {"message_id": self.message_id}
        return {**self.step.payload, **key}


@dataclass
class Life:
    """One candidacy: what it is sent, and what the sender saw of it."""

    stage: Stage
    candidate_id: str
    carried: Mapping[str, Any] | None = None
    """The journal with which it begins, if it has a past."""
    sent: list[Sent] = field(default_factory=list)
    faults: list[Discrepancy] = field(default_factory=list)
    timelines: list[tuple[Part, list[dict[str, Any]]]] = field(default_factory=list)
    """What the query `timeline` has answered at the end of each part."""

    @classmethod
    def of(cls, stage: Stage, candidate_id: str, scheme: Scheme) -> Life:
        """A candidacy in this stage, with its past if the stage has one."""
        life = cls(stage, candidate_id)
        if stage.past is not None:
            programme = scheme.programme(stage.designation)
            contact = Contact(name=PERSON, email=life.email)
            begins = NOW - timedelta(days=stage.past_days)
            past = Past(life.workflow_id, candidate_id, programme, contact, begins)
            stage.past(past)
            life.carried = past.journal.carried()
        return life

    @property
    def workflow_id(self) -> str:
        return f"certification:{self.stage.designation}:{self.candidate_id}"

    @property
    def email(self) -> str:
        return f"{self.candidate_id}@example.org"

    @property
    def events_before(self) -> int:
        """How many events it has from its past, whose notices went out long ago."""
        return len(self.carried["events"]) if self.carried else 0

    def open_in(self, part: Part) -> bool:
        """Whether it may be sent messages in this part; those that close it come last."""
        parts = list(Part)
        opened = parts.index(self.stage.opened_in) + (0 if self.stage.by_message else 1)
        closed = parts.index(self.stage.closed_in) if self.stage.closed_in else len(parts)
        return opened <= parts.index(part) < closed

    def steps(self, part: Part, dice: random.Random, chatter: tuple[int, int]) -> list[Step]:
        """The messages of this part: first some that could come at any time, in any order, then those of its plot.

        `chatter`: at least and at most so many that could come at any time.

        A message that finds its answer key hanging is not among them: it is sent before the part begins.
        """
        others = [self._chatter(dice) for _ in range(dice.randint(*chatter))] if self.open_in(part) else []
        return [*others, *(step for step in self.stage.plot.get(part, ()) if not step.scored)]

    def with_own_form(self, step: Step, part: Part) -> Step:
        """The step with a form of its own, whose answer key hangs for this candidacy alone."""
        form = f"{self.candidate_id}-{list(Part).index(part)}"
        return replace(step, payload={**step.payload, "form": form})

    def _chatter(self, dice: random.Random) -> Step:
        number = next(_NUMBERS)
        kind = dice.choice(("contact", "mentor", "self-assessment", "platform"))
        if kind == "mentor":
            return Step(ONLY_NEWER_COMMAND, {"mentor": f"M. Entor {number}"}, ("MentorNamed",), newer=True)
        if kind == "contact" or not self.bought:
            return Step("update_contact", {"name": f"{PERSON} {number}"}, ("ContactUpdated",))
        # Just below the passing score: the two builds give different advice.
        percentage = "68" if self.stage.designation == "CCMA" else "73"
        payload = {
            "domain": dice.choice(DOMAINS),
            "percentage": percentage,
            "taken_at": (NOW - timedelta(minutes=number)).isoformat(),
        }
        if kind == "platform":
            payload[ONLY_NEWER_FIELD] = f"Platform {number}"
        return Step("record_self_assessment", payload, ("SelfAssessmentRecorded",), newer=kind == "platform")

    @property
    def bought(self) -> bool:
        """Whether a self-assessment is taken."""
        return self.stage.bought

    async def begin(self, client: Client) -> None:
        """Registers the candidate, or sows the journal."""
        if self.carried is not None:
            await client.start_workflow("Seed", self.carried, id=self.workflow_id, task_queue=SEEDS)
            return
        registration = {
            "candidate_id": self.candidate_id,
            "name": PERSON,
            "email": self.email,
            "designation": self.stage.designation,
            **(self.stage.registration or {}),
        }
        await client.start_workflow(
            WORKFLOW,
            registration,
            id=self.workflow_id,
            task_queue=TASK_QUEUE,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            rpc_timeout=_SECONDS_A_START,
        )

    def enrolment(self, first_run_id: str) -> str:
        """The enrolment that the keys of its notices have."""
        return ENROLMENT if self.carried is not None else first_run_id


def _numbers() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


_NUMBERS = _numbers()
"""Each message that could come at any time has a content of its own."""


def lives(count: int, scheme: Scheme, mark: str) -> list[Life]:
    """So many candidacies, of all stages in turn, and those that the engine opens for them.

    `mark` makes the candidate ids unique on a server that is reused.
    """
    made = []
    for number in range(count):
        stage = STAGES[number % len(STAGES)]
        life = Life.of(stage, f"{mark}-{number:04}", scheme)
        made.append(life)
        if stage.higher:
            made.append(Life(stage.higher, life.candidate_id))
    return made
