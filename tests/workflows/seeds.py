"""Candidacies that are years old, as the tests plant them (trials/past.py says how)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from domain.commands import Contact
from tests.scheme import SCHEME
from tests.waiting import eventually
from tests.workflows.journeys import WORKFLOW, Candidate
from trials import past
from trials.past import SEEDS, seed_worker, take

__all__ = ["Past", "plant", "recertifying", "seed_worker", "sow", "take"]


async def plant(candidate: Candidate, carried: dict[str, Any]) -> None:
    """Lets the engine go on with this journal; the notices of years past are not sent again."""
    async with seed_worker(candidate.client):
        await sow(candidate, carried)


async def sow(candidate: Candidate, carried: dict[str, Any]) -> None:
    """As `plant`, where a seed worker runs already."""
    if "state" in carried:
        # In the record, candidacies that share an id would spoil each other's events.
        assert carried["state"]["workflow_id"] == candidate.workflow_id, "it is the journal of another candidacy"
    await candidate.client.start_workflow("Seed", carried, id=candidate.workflow_id, task_queue=SEEDS)

    async def planted() -> bool:
        return (await candidate.handle.describe()).workflow_type == WORKFLOW

    await eventually(planted, f"{candidate.workflow_id} is planted")


class Past(past.Past):
    """The past of a test's candidate, under the tests' scheme."""

    def __init__(self, candidate: Candidate, at: datetime, *, since: date | None = None, paid: bool = True) -> None:
        programme = SCHEME.programme(candidate.designation)
        contact = Contact(name="Ana Ruiz", email="ana@example.org")
        super().__init__(candidate.workflow_id, candidate.candidate_id, programme, contact, at, since=since, paid=paid)


def recertifying(candidate: Candidate, *, submission: str | None = "E-1") -> dict[str, Any]:
    """What the run before carried over of a holder in the recertification window, with evidence under review."""
    now = datetime.now(tz=UTC)
    past = Past(candidate, now - timedelta(days=800)).certify().until(now - timedelta(hours=1))
    if submission:
        activity = {"title": "A course", "completed_on": (now - timedelta(days=60)).date()}
        past.say("submit_recertification", submission_id=submission, activities=[activity])
    past.journal.outbox.clear()
    return past.journal.carried()
