"""Compares the evidence with what was sent. Every difference is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from drill.evidence import Found
from drill.lives import Life, Sent
from drill.newer import ONLY_NEWER_EVENTS
from drill.steps import CURRENT, MOVES, NEW, OLD, SUMMER_DAY, Part
from trials.discrepancies import Discrepancy

_MAY_ASK = ("mentor-unconfirmed", "refused-message")
"""The attention values that a candidacy may have at the end of the drill."""
_CLOCK_SECONDS = 1.0


def of_candidacy(found: Found) -> Iterator[Discrepancy]:
    """All differences that one candidacy shows by itself."""
    where = found.life.workflow_id
    yield from found.life.faults
    yield from _timelines(where, found)
    yield from _messages(where, found)
    yield from _events(where, found)
    yield from _rules(where, found)
    yield from _mentors(where, found)
    yield from _runs(where, found)
    if found.status["status"] != found.life.stage.ends_as:
        yield Discrepancy("wrong", f"{where}: it is {found.status['status']}, not {found.life.stage.ends_as}")
    for attention in found.status["attention"]:
        if attention not in _MAY_ASK:
            yield Discrepancy("wrong", f"{where}: it asks for attention: {attention}")


# --- the timeline -------------------------------------------------------------------------------------------


def _timelines(where: str, found: Found) -> Iterator[Discrepancy]:
    """Numbered without a gap; and what it was before and after each move is where it is now, word by word."""
    if [event["sequence"] for event in found.timeline] != list(range(1, len(found.timeline) + 1)):
        yield Discrepancy("lost", f"{where}: the events are not numbered from 1 without a gap")
    for part, earlier in found.life.timelines:
        if len(earlier) > len(found.timeline):
            yield Discrepancy("lost", f"{where}: {len(earlier)} events after the part {part}, fewer at the end")
        for before, after in zip(earlier, found.timeline, strict=False):
            if _compared(before) != _compared(after):
                yield Discrepancy("wrong", f"{where}: after the part {part} an event was {before}, now it is {after}")


def _compared(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event without its sentence, where the build that showed it may not know what kind of event it is."""
    left_out = {"summary"} if event["type"] in ONLY_NEWER_EVENTS else set()
    return {name: value for name, value in event.items() if name not in left_out}


def _events(where: str, found: Found) -> Iterator[Discrepancy]:
    """Every event has one cause: the past, the receipt of one message, a refusal, or the engine itself."""
    left = Counter(event["type"] for event in found.timeline[found.life.events_before :])
    for sent in found.life.sent:
        receipt = _receipt(found, sent)
        if receipt is None:
            continue
        types = receipt["events"]
        stand = _taken_last(found.timeline[: receipt["sequence"]], len(types))
        if types != stand:
            yield Discrepancy("wrong", f"{where}: {sent.step.name} has the receipt {types}, on the timeline is {stand}")
        left.subtract(types)
    left.subtract(found.life.stage.by_itself)
    if found.life.stage.registration is not None:
        left.subtract(("Registered", "ExperienceRecorded", "ExperienceMet"))
        if found.life.stage.bought:
            left.subtract(("PurchaseConfirmed",))
    for kind in ("MessageRefused", "MentorCheckDue", "NoticeSuperseded"):
        del left[kind]  # each has an account of its own
    for kind, count in left.items():
        if count > 0:
            yield Discrepancy("twice", f"{where}: {count} x {kind} on the timeline without a cause")
        if count < 0:
            yield Discrepancy("lost", f"{where}: {-count} x {kind} missing on the timeline")


def _taken_last(timeline: Sequence[dict[str, Any]], count: int) -> list[str]:
    """The types of so many newest events of a message. What its notice has made superfluous comes behind them."""
    of_messages = [event["type"] for event in timeline if event["type"] != "NoticeSuperseded"]
    return of_messages[len(of_messages) - count :]


def _rules(where: str, found: Found) -> Iterator[Discrepancy]:
    """Each event was decided by the rules, and under the time zone rules, of the build that had the candidacy then."""
    for event in found.timeline[found.life.events_before :]:
        newer = found.run_of(event).builds == [_id(found, NEW)]
        told = (
            f"{where}: event {event['sequence']}, {event['type']}, decided by the {'newer' if newer else 'older'} build"
        )
        if event["type"] == "SelfAssessmentRecorded":
            wanted = "strength" if newer else "needs development"
            if event["guidance"] != wanted:
                yield Discrepancy("wrong", f"{told}: it says {event['guidance']!r} and not {wanted!r}")
        if event["type"] == "PurchaseConfirmed" and not found.life.stage.bought:
            wanted = f"{SUMMER_DAY}T{'06' if newer else '05'}:00:00Z"
            if event["purchased_at"] != wanted:
                yield Discrepancy("wrong", f"{told}: it says {event['purchased_at']} and not {wanted}")
        if event["type"] in ONLY_NEWER_EVENTS and not newer:
            yield Discrepancy("wrong", f"{told}: that build does not know such events")


def _mentors(where: str, found: Found) -> Iterator[Discrepancy]:
    """The alarm of the newer build rang once for each mentor, unless another one was named before it was due."""
    waiting: str | None = None
    for event in found.timeline:
        if event["type"] == "MentorNamed":
            waiting = event["check_at"]
        if event["type"] == "MentorCheckDue":
            if event["due"] != waiting:
                yield Discrepancy("twice", f"{where}: the alarm of {event['due']} has rung, not that of {waiting}")
            waiting = None
    if waiting and not found.closed:
        yield Discrepancy("lost", f"{where}: the alarm of {waiting} has never rung")


# --- messages -----------------------------------------------------------------------------------------------


def _receipt(found: Found, sent: Sent) -> Mapping[str, Any] | None:
    """The receipt of a message; None if it was not taken. A message without an id is known by what it left."""
    if sent.message_id:
        return found.receipts.get(sent.message_id)
    taken_at = datetime.fromisoformat(sent.payload["taken_at"])
    left = [event for event in found.timeline if _taken_at(event) == taken_at]
    return {"events": [event["type"] for event in left], "sequence": left[-1]["sequence"]} if left else None


def _taken_at(event: Mapping[str, Any]) -> datetime | None:
    at = event.get("taken_at")
    return datetime.fromisoformat(at) if at else None


def _messages(where: str, found: Found) -> Iterator[Discrepancy]:
    for sent in found.life.sent:
        told = f"{where}: {sent.step.name} {sent.message_id or sent.payload} ({sent.way}, in the part {sent.part})"
        receipt = _receipt(found, sent)
        recorded = _recorded_refusals(found, sent)
        if sent.step.newer:
            yield from _only_newer(told, found, sent, receipt, recorded)
            continue
        if receipt is None:
            yield Discrepancy("lost", f"{told}: the candidacy does not know it")
        elif tuple(receipt["events"]) != sent.step.events:
            yield Discrepancy("wrong", f"{told}: its effect is {receipt['events']}, not {list(sent.step.events)}")
        elif sent.receipt and sent.receipt["events"] and sent.receipt["events"] != receipt["events"]:
            yield Discrepancy("wrong", f"{told}: one receipt says {sent.receipt['events']}, one {receipt['events']}")
        if sent.refused or recorded:
            yield Discrepancy("wrong", f"{told}: it was refused ({sent.refused or recorded[0]['code']})")
    known = {sent.message_id for sent in found.life.sent}
    for event in _refusals(found):
        if event.get("message_id") not in known:
            yield Discrepancy("wrong", f"{where}: a message that nobody sent was refused: {event['summary']}")


def was_refused(found: Found, sent: Sent) -> bool:
    """Whether the sender of a message was told that it is refused, or the timeline says so, or both."""
    return bool(sent.refused or _recorded_refusals(found, sent))


def _recorded_refusals(found: Found, sent: Sent) -> list[dict[str, Any]]:
    return [event for event in _refusals(found) if sent.message_id and event.get("message_id") == sent.message_id]


def _refusals(found: Found) -> list[dict[str, Any]]:
    return [event for event in found.timeline if event["type"] == "MessageRefused"]


def _only_newer(
    told: str, found: Found, sent: Sent, receipt: Mapping[str, Any] | None, recorded: Sequence[dict[str, Any]]
) -> Iterator[Discrepancy]:
    """A message that only the newer build understands: taken once there, or refused where the older one had it."""
    current = CURRENT.get(sent.part)
    if receipt is not None:
        if tuple(receipt["events"]) != sent.step.events:
            yield Discrepancy("wrong", f"{told}: its effect is {receipt['events']}, not {list(sent.step.events)}")
        event = found.timeline[receipt["sequence"] - 1]
        if current == OLD or found.run_of(event).builds != [_id(found, NEW)]:
            yield Discrepancy("wrong", f"{told}: taken, and the build that had the candidacy does not know it")
    elif not (sent.refused or recorded):
        yield Discrepancy("lost", f"{told}: neither taken nor refused")
    if receipt is not None and (sent.refused or recorded) and (current or sent.times == 1):
        yield Discrepancy("twice", f"{told}: taken and refused")
    if sent.refused or recorded:
        if current == NEW:
            yield Discrepancy("wrong", f"{told}: refused ({sent.refused}), and the newer build had the candidacy")
        if sent.refused not in (None, "InvalidMessage"):
            yield Discrepancy("wrong", f"{told}: refused with {sent.refused}")
        if not any(_was_on(found, OLD, sent)):
            yield Discrepancy("wrong", f"{told}: refused, and the older build did not have the candidacy then")
    for event in recorded:
        if event["code"] != "invalid-message" or found.run_of(event).builds != [_id(found, OLD)]:
            yield Discrepancy("wrong", f"{told}: refused by the wrong build or for a wrong reason: {event['summary']}")
    if len(recorded) > 1:
        yield Discrepancy("twice", f"{told}: its refusal was recorded {len(recorded)} times")


def _was_on(found: Found, name: str, sent: Sent) -> Iterator[bool]:
    """For each run, whether it was on this build while the message was under way."""
    for run in found.runs:
        begins, ends = run.began_at - _CLOCK_SECONDS, (run.ended_at or float("inf")) + _CLOCK_SECONDS
        yield run.builds == [_id(found, name)] and begins <= sent.ended_at and ends >= sent.begun_at


# --- runs ---------------------------------------------------------------------------------------------------


def _id(found: Found, name: str) -> str:
    """The id of a build, which has a suffix on a server that is reused."""
    return next((build for run in found.runs for build in run.builds if build.partition("-")[0] == name), name)


def _runs(where: str, found: Found) -> Iterator[Discrepancy]:
    for run in found.runs:
        if len(run.builds) != 1:
            yield Discrepancy("failed", f"{where}: the run {run.run_id} was on the builds {run.builds}")
        for failed in run.failed_tasks:
            yield Discrepancy("failed", f"{where}: a workflow task failed: {failed}")
        for event in run.without_command:
            yield Discrepancy("failed", f"{where}: the workflow task of event {event} left no trace")
        last = run is found.runs[-1]
        ended = ("completed" if found.closed else "running") if last else "continued as new"
        if run.status != ended:
            yield Discrepancy("failed", f"{where}: the run {run.run_id} has {run.status}, not {ended}")
    builds = [build.partition("-")[0] for build in found.builds()]
    if builds not in _possible(found.life):
        yield Discrepancy(
            "wrong", f"{where}: it was on the builds {builds}, and not {' or '.join(map(str, _possible(found.life)))}"
        )


def _possible(life: Life) -> list[list[str]]:
    """On which builds a candidacy may have been, one after another. One that closes or opens in a move has a choice.

    One that closes moves once more where its last notices still wait when the next move begins.
    """
    all_of_them = [OLD, NEW, OLD, NEW]
    firsts = _moves_until(life.stage.opened_in, by_message=life.stage.by_message)
    lasts = [len(MOVES)]
    if life.stage.closed_in:
        until = _moves_until(life.stage.closed_in)
        lasts = [last for last in (*until, until[-1] + 1) if last <= len(MOVES)]
    return [all_of_them[first : last + 1] for first in firsts for last in lasts if first <= last]


def _moves_until(part: Part, *, by_message: bool = False) -> list[int]:
    """How many moves are over in this part: of a move itself, it may be over or not."""
    over = list(MOVES)
    before = [move for move in over if list(Part).index(move) < list(Part).index(part)]
    return [len(before), len(before) + 1] if part in MOVES and not by_message else [len(before)]
