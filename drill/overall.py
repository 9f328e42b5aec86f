"""What concerns all candidacies together: who is on which build, who is in the list, and which notices went out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from temporalio.client import Client

from drill.builds import Build
from drill.evidence import Found
from drill.lives import Life
from drill.steps import NEW, OLD
from runtime.attribute_names import Attribute
from trials.discrepancies import Discrepancy
from trials.mail import Mail, id_of_notice
from trials.workers import End

SILENT = frozenset(
    {
        "ExperienceRecorded",
        "ResultRecorded",
        "Withdrawn",
        "ContactUpdated",
        "MessageRefused",
        "AttentionRaised",
        "NoticeUndeliverable",
        "NoticeSuperseded",
        "LowerGaveWay",
        "MentorCheckDue",
    }
)
"""The events without a notice. Two more have one only sometimes, see `_has_notice`."""


# --- builds and workers ---


async def of_builds(client: Client, mark: str, lives: Sequence[Life], builds: Mapping[str, Build]) -> list[Discrepancy]:
    """Every open candidacy is on the newer build, by the list of the server, and none on the older one."""
    open_lives = sum(not life.stage.ends_as.closed for life in lives)
    problems = []
    for name, wanted in ((NEW, open_lives), (OLD, 0)):
        version = f"{builds[name].deployment}:{builds[name].build_id}"
        query = f"TemporalWorkerDeploymentVersion = '{version}' AND ExecutionStatus = 'Running'"
        found = await client.count_workflows(f"{query} AND {Attribute.CANDIDATE_ID} STARTS_WITH '{mark}-'")
        if found.count != wanted:
            problems.append(Discrepancy("wrong", f"{found.count} candidacies are on the build {name}, not {wanted}"))
    return problems


async def of_search_attribute(client: Client, mark: str, found: Sequence[Found]) -> list[Discrepancy]:
    """The newer build's search attribute says who has a mentor; going back to the older build has not lost it."""
    wanted = {
        one.life.workflow_id
        for one in found
        if not one.closed and any(event["type"] == "MentorNamed" for event in one.timeline)
    }
    query = f"Mentored = true AND ExecutionStatus = 'Running' AND {Attribute.CANDIDATE_ID} STARTS_WITH '{mark}-'"
    there = {one.id async for one in client.list_workflows(query)}
    return [Discrepancy("lost", f"{one}: the list does not say that it has a mentor") for one in wanted - there] + [
        Discrepancy("wrong", f"{one}: the list says that it has a mentor") for one in there - wanted
    ]


def of_workers(ends: Iterable[End]) -> Iterator[Discrepancy]:
    """A worker that is asked to stop ends with 0, in time, and none ends by itself."""
    for end in ends:
        if end.by_itself or end.how != "SIGTERM" or end.code != 0:
            yield Discrepancy("failed", f"{end.name}: {end.how}, exit code {end.code}")


# --- notices ------------------------------------------------------------------------------------------------


def _has_notice(event: Mapping[str, Any], registered_at: str, ends_as: str) -> bool:
    """Whether the candidate gets a notice about this event.

    Experience that was met on registration, and the closing after a revocation or an advancement, are in the notice of
    another event.
    """
    if event["type"] == "ExperienceMet":
        return bool(event["at"] != registered_at)
    if event["type"] == "CandidacyClosed":
        return ends_as not in ("revoked", "superseded")
    return event["type"] not in SILENT


def message_ids(found: Found) -> dict[str, str]:
    """The Message-ID of every notice that must have gone out, with the event that it is about."""
    enrolment = found.life.enrolment(found.first_run_id)
    registered_at = found.timeline[0]["at"]
    gave_way = {event["about"] for event in found.timeline if event["type"] == "NoticeSuperseded"}
    ids = {}
    for event in found.timeline[found.life.events_before :]:
        if event["sequence"] in gave_way or not _has_notice(event, registered_at, found.life.stage.ends_as):
            continue
        of_event = id_of_notice(found.life.workflow_id, enrolment, event["sequence"])
        ids[of_event] = f"{found.life.workflow_id}: {event['type']}, event {event['sequence']}"
    return ids


def of_notices(found: Sequence[Found], taken: Sequence[Mail]) -> Iterator[Discrepancy]:
    """Every notice has gone out once, to the right person, and no other one."""
    there = Counter(mail.message_id for mail in taken)
    to = {mail.message_id: mail.to for mail in taken}
    wanted: dict[str, str] = {}
    for one in found:
        ids = message_ids(one)
        wanted |= ids
        for message_id, event in ids.items():
            if not there[message_id]:
                yield Discrepancy("lost", f"{event}: its notice was never sent")
            elif there[message_id] > 1:
                yield Discrepancy("twice", f"{event}: its notice was sent {there[message_id]} times")
            if there[message_id] and to[message_id] != one.life.email:
                yield Discrepancy("wrong", f"{event}: its notice went to somebody else")
    subjects = {mail.message_id: f"{mail.subject!r} to {mail.to}" for mail in taken}
    for message_id in there.keys() - wanted.keys():
        yield Discrepancy("twice", f"a notice that belongs to no event: {subjects[message_id]}")
