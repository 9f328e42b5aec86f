"""Compares the evidence with the plan of the journeys. Every difference is named."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import pairwise
from typing import Any

from chaos.evidence import Evidence
from chaos.faults import Outage
from chaos.sending import Sent
from trials.discrepancies import Discrepancy
from trials.mail import Mail, id_of_notice
from trials.workers import UNREACHABLE, End

_SOON_SECONDS = 25.0
"""A worker reports a mail after it has recorded it, or has waited in vain for the record. Only a fault within this time
explains a repeat."""
_GIVES_UP_SECONDS = 30.0
"""A worker looks for the server for ten seconds before it ends with `UNREACHABLE`. The rest is for a slow machine."""


# --- one candidacy ------------------------------------------------------------------------------------------


def of_candidacy(found: Evidence) -> Iterator[Discrepancy]:
    """All differences that one candidacy shows by itself."""
    where = found.lived.workflow_id
    yield from (*found.lived.faults, *found.faults)
    yield from _timeline(where, found)
    for sent in found.lived.sent:
        yield from _message(where, found, sent)
    yield from _runs(where, found)
    if found.status["status"] != found.lived.candidacy.status:
        yield Discrepancy("wrong", f"{where}: it is {found.status['status']}, not {found.lived.candidacy.status}")
    if attention := found.status["attention"]:
        yield Discrepancy("wrong", f"{where}: it asks for attention: {', '.join(attention)}")


def _timeline(where: str, found: Evidence) -> Iterator[Discrepancy]:
    events, planned = found.timeline, found.lived.candidacy
    kinds = [event["type"] for event in events]
    if [event["sequence"] for event in events] != list(range(1, len(events) + 1)):
        yield Discrepancy("wrong", f"{where}: the events are not numbered from 1 without a gap")
    for kind, count in (Counter(planned.events) - Counter(kinds)).items():
        yield Discrepancy("lost", f"{where}: {count} x {kind} missing on the timeline")
    for kind, count in (Counter(kinds) - Counter(planned.events)).items():
        yield Discrepancy("twice", f"{where}: {count} x {kind} too many on the timeline")
    if planned.in_order and tuple(kinds) != planned.events and Counter(kinds) == Counter(planned.events):
        yield Discrepancy("wrong", f"{where}: the events are in another order: {', '.join(kinds)}")
    if found.timeline_after != events:
        yield Discrepancy("twice", f"{where}: sending every message again has changed the timeline")


def _message(where: str, found: Evidence, sent: Sent) -> Iterator[Discrepancy]:
    """A message must be taken once with the planned events, and be a duplicate when sent again; or be refused."""
    told = f"{where}: {sent.step.name} {sent.message_id} ({sent.way})"
    known = found.receipts.get(sent.message_id)
    again = next((one for one in found.again if one.message_id == sent.message_id), None)
    if sent.step.refused:
        if known or sent.refused != sent.step.refused:
            yield Discrepancy("wrong", f"{told}: not refused with {sent.step.refused}")
        return
    if known is None:
        yield Discrepancy("lost", f"{told}: the candidacy does not know it")
        return
    planned = list(sent.step.events)
    if known["events"][: len(planned)] != planned or (not planned and known["events"]):
        yield Discrepancy("wrong", f"{told}: its effect is {known['events']}, not {planned}")
    for receipt in (sent.receipt, again.receipt if again else None):
        if receipt is not None and receipt["events"] != known["events"]:
            yield Discrepancy("wrong", f"{told}: a receipt says {receipt['events']}, another {known['events']}")
    if not found.lived.candidacy.closed and not (again and again.receipt and again.receipt["duplicate"]):
        yield Discrepancy("twice", f"{told}: sent again, it is not known as a duplicate")


def _runs(where: str, found: Evidence) -> Iterator[Discrepancy]:
    candidacy = found.lived.candidacy
    if len(found.runs) != 1:
        yield Discrepancy("twice", f"{where}: {len(found.runs)} runs instead of 1")
    ended = "completed" if candidacy.closed else "running"
    for run in found.runs:
        for failed in run.failed_tasks:
            yield Discrepancy("failed", f"{where}: a workflow task failed: {failed}")
        if run.not_replayed:
            yield Discrepancy("failed", f"{where}: its history cannot be replayed: {run.not_replayed}")
        for event in run.without_command:
            yield Discrepancy("failed", f"{where}: the workflow task of event {event} left no trace")
        if run.status != ended:
            yield Discrepancy("failed", f"{where}: the workflow has {run.status}, not {ended}")
        for activity in run.activities:
            if activity.outcome != "completed":
                yield Discrepancy("failed", f"{where}: {activity.name} {activity.outcome}: {activity.last_failure}")
    done = Counter[str]()
    for run in found.runs:
        for activity in run.activities:
            done[activity.name] += activity.effects
    planned = {"load_programme": 1, "send_notice": candidacy.notices}
    for name, count in planned.items():
        if done[name] != count:
            yield Discrepancy("wrong", f"{where}: {name} has {done[name]} effects instead of {count}")


# --- certificates and advancements --------------------------------------------------------------------------


def of_certificates(found: Sequence[Evidence]) -> Iterator[Discrepancy]:
    """Every certificate is granted once, with its own number, and a lower one gives way at the same instant."""
    numbers: Counter[str] = Counter()
    for one in found:
        numbers.update(event["number"] for event in one.timeline if event["type"] == "Certified")
        certificate = one.status["certificate"]
        granted = _event(one, "Certified")
        if granted and (certificate is None or certificate["number"] != granted["number"]):
            yield Discrepancy("wrong", f"{one.lived.workflow_id}: the status has another certificate than the timeline")
    for number, count in numbers.items():
        if count > 1:
            yield Discrepancy("twice", f"the certificate {number} was granted {count} times")
    by_person: dict[str, list[Evidence]] = defaultdict(list)
    for one in found:
        by_person[one.lived.plan.candidate_id].append(one)
    for candidate_id, candidacies in by_person.items():
        yield from _in_force(candidate_id, candidacies)
    for lower, higher in (pair for pair in by_person.values() if len(pair) == 2):
        yield from _gave_way(lower, higher)


def _in_force(candidate_id: str, candidacies: Sequence[Evidence]) -> Iterator[Discrepancy]:
    """A person who has met everything has exactly one certificate in force, also after an advancement."""
    planned = int(any(one.lived.candidacy.certified for one in candidacies))
    count = sum(bool((one.status["certificate"] or {}).get("in_force")) for one in candidacies)
    if count != planned:
        told = f"{candidate_id}: {count} certificates in force instead of {planned}"
        yield Discrepancy("twice" if count > planned else "lost", told)


def _gave_way(lower: Evidence, higher: Evidence) -> Iterator[Discrepancy]:
    superseded, certified = _event(lower, "Superseded"), _event(higher, "Certified")
    where = higher.lived.workflow_id
    if superseded is None or certified is None:
        return  # it was named as lost already
    if superseded["at"] != certified["effective_at"]:
        told = f"effective at {certified['effective_at']}, but the lower gave way at {superseded['at']}"
        yield Discrepancy("wrong", f"{where}: {told}")
    if superseded["by_number"] != certified["number"]:
        yield Discrepancy("wrong", f"{where}: the lower certificate gave way to {superseded['by_number']}")


def _event(found: Evidence, kind: str) -> Mapping[str, Any] | None:
    return next((event for event in found.timeline if event["type"] == kind), None)


def of_executions(planned: Set[str], known: Iterable[tuple[str, str]]) -> Iterator[Discrepancy]:
    """Every planned candidacy must have been opened once, and no other one. All are named by their workflow ids."""
    there = Counter(workflow_id for workflow_id, _ in known)
    for workflow_id in sorted(planned - there.keys()):
        yield Discrepancy("lost", f"{workflow_id}: not in the list of executions")
    for workflow_id, count in there.items():
        if workflow_id not in planned or count > 1:
            yield Discrepancy("twice", f"{workflow_id}: {count} executions, {int(workflow_id in planned)} planned")


def of_workers(ends: Iterable[End], server_outages: Sequence[Outage]) -> Iterator[Discrepancy]:
    """No worker may have ended by itself, except one that was started while the server was away."""
    for end in ends:
        if end.by_itself and not (end.code == UNREACHABLE and _was_away(end, server_outages)):
            yield Discrepancy("failed", f"{end.name} was ended by {end.how}")
        if end.how == "SIGTERM" and end.code != 0:
            yield Discrepancy("failed", f"{end.name} has drained with the exit code {end.code}")
        if end.how.startswith("SIGTERM,"):
            yield Discrepancy("stuck", f"{end.name} did not end: {end.how}")


def _was_away(end: End, outages: Sequence[Outage]) -> bool:
    return any(one.begun_at <= end.at <= one.ended_at + _GIVES_UP_SECONDS for one in outages)


# --- notices ------------------------------------------------------------------------------------------------


def told_by(found: Evidence) -> dict[str, tuple[tuple[str, int], str]]:
    """Every notice that must go out, by its Message-ID: the key of its event, and what that is, for people."""
    registered_at = found.timeline[0]["at"] if found.timeline else ""
    told = [event for event in found.timeline if found.lived.candidacy.told(event, registered_at)]
    where = found.lived.workflow_id
    return {
        id_of_notice(where, found.first_run_id, event["sequence"]): (
            (where, event["sequence"]),
            f"{where}: {event['type']}, event {event['sequence']}",
        )
        for event in told
    }


def message_ids(found: Evidence) -> dict[str, str]:
    """The Message-ID of every notice that must go out, with the event of the notice."""
    return {key: told for key, (_, told) in told_by(found).items()}


def of_notices(found: Sequence[Evidence], taken: Sequence[Mail]) -> Iterator[Discrepancy]:
    """Exactly the planned notices must have gone out, by their Message-IDs, each to the right person."""
    wanted: dict[str, str] = {}
    recipients: dict[str, str] = {}
    for one in found:
        ids = message_ids(one)
        if len(ids) != one.lived.candidacy.notices:
            told = f"{len(ids)} events with a notice instead of {one.lived.candidacy.notices}"
            yield Discrepancy("wrong", f"{one.lived.workflow_id}: {told}")
        wanted |= ids
        recipients |= dict.fromkeys(ids, one.lived.plan.person["email"])
    there = {mail.message_id: mail for mail in taken}
    for message_id, event in wanted.items():
        if message_id not in there:
            yield Discrepancy("lost", f"{event}: its notice was never taken")
        elif there[message_id].to != recipients[message_id]:
            yield Discrepancy("wrong", f"{event}: its notice went to somebody else")
    for message_id, mail in there.items():
        if message_id not in wanted:
            yield Discrepancy("twice", f"a notice that belongs to no event: {mail.subject!r} to {mail.to}")


def repeated(taken: Sequence[Mail]) -> list[tuple[Mail, Mail]]:
    """Every mail that was taken again with the same Message-ID, each as a pair with the mail before."""
    by_id: dict[str, list[Mail]] = defaultdict(list)
    for mail in taken:
        by_id[mail.message_id].append(mail)
    return [pair for mails in by_id.values() for pair in pairwise(mails)]


def of_repeats(taken: Sequence[Mail], ends: Sequence[End], outages: Sequence[Outage]) -> Iterator[Discrepancy]:
    """A mail may be taken again only if a fault kept the worker from reporting the first one."""
    for first, second in repeated(taken):
        if first.answered and not _explained(first, second, ends, outages):
            told = f"{first.subject!r} to {first.to}, from {first.sender}, then {second.sender}"
            yield Discrepancy("twice", f"taken again {second.at - first.at:.1f} s later without a fault: {told}")


def _explained(first: Mail, second: Mail, ends: Sequence[End], outages: Sequence[Outage]) -> bool:
    until = min(second.at, first.at + _SOON_SECONDS)
    if any(end.name == first.sender and end.how != "SIGTERM" and first.at <= end.at <= until for end in ends):
        return True
    # `begun_at` is when the server was killed. A mail that was on its way then is explained too.
    return any(one.begun_at - 1 <= first.at <= one.ended_at or first.at <= one.begun_at <= until for one in outages)
