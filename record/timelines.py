"""The whole timeline of an enrolment: every event, as the `timeline` query shows it, and the mails that went out."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from domain.formats import Unreadable
from domain.plurals import counted
from record import deliveries, persons, store
from record.events import Candidacy, Kept
from record.persons import Mail
from views.entries import TimelineEntry
from views.timeline import OLDER, entry_of

SENT = "NoticeSent"
"""The type of the entry of a mail. It is no event, so its sequence is 0."""
MISSING = OLDER
"""The type of the entry in place of events that are not recorded, as in the answer of a run that has dropped them."""


def timeline(connection: Connection, candidacy: Candidacy) -> list[TimelineEntry]:
    """Every event and every mail of this enrolment, the oldest first."""
    return _with_mails(connection, candidacy, _entries(store.events_of(connection, candidacy)))


def completed(connection: Connection, candidacy: Candidacy, answer: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """The answer of a workflow, with the events that it leaves out, and with every mail of this enrolment.

    None of that where the record does not have the first event of the answer: then it is behind, or the answer is that
    of another enrolment.
    """
    first = next((one for one in answer if one.sequence), None)
    recorded = store.events_of(connection, candidacy)
    if first is None or not any(_is(first, kept) for kept in recorded):
        return list(answer)
    left_out = [one for one in recorded if one.event.sequence < first.sequence]
    events = [*_entries(left_out), *(one for one in answer if one.sequence)] if left_out else answer
    return _with_mails(connection, candidacy, events)


def _is(entry: TimelineEntry, kept: Kept) -> bool:
    return (kept.event.sequence, datetime.fromisoformat(kept.event.at)) == (entry.sequence, entry.at)


def _with_mails(connection: Connection, candidacy: Candidacy, events: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    mails = [one for one in persons.mails_of(connection, [candidacy]) if one.outcome == deliveries.SENT]
    sent = map(_of_mail, reversed(mails))
    # Events come first where both are of one instant: no mail goes out before the event that it is about.
    return list(heapq.merge(events, sent, key=lambda one: one.at))


def _entries(found: list[Kept]) -> Iterator[TimelineEntry]:
    last = 0
    for kept in found:
        if kept.event.sequence > last + 1:
            yield _missing(kept, kept.event.sequence - last - 1)
        last = kept.event.sequence
        yield _entry(kept)


def _entry(kept: Kept) -> TimelineEntry:
    try:
        return entry_of(kept.event.event())
    except Unreadable:
        event = kept.event
        summary = f"{event.type}: a newer build has recorded this event, and this build cannot read it"
        return TimelineEntry.of(event.sequence, _written(event.at), event.type, summary)


def _missing(kept: Kept, count: int) -> TimelineEntry:
    summary = f"{counted(count, 'older event')} {'is' if count == 1 else 'are'} not in the record"
    return TimelineEntry.of(0, _written(kept.event.at), MISSING, summary, omitted=count)


def _of_mail(mail: Mail) -> TimelineEntry:
    return TimelineEntry.of(
        0,
        _written(mail.at.astimezone(UTC).isoformat()),
        SENT,
        f"Mail {mail.notice!r} about event {mail.about} sent",
        notice=mail.notice,
        about=mail.about,
        **({"message_id": mail.message_id} if mail.message_id else {}),
    )


def _written(instant: str) -> str:
    return instant.replace("+00:00", "Z")
