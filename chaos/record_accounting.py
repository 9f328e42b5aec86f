"""What became of the record: whether whoever follows it has seen everything, and how it came through its faults."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from chaos.accounting import told_by
from chaos.evidence import Evidence
from chaos.faults import Faults, Killed, RecordOutage
from chaos.following import Follower, Key
from chaos.record import Record
from record.database import reading
from record.looking import open_for_reading
from record.tables import DELIVERIES
from trials.discrepancies import Discrepancy, Figure
from trials.mail import Mail
from trials.patience import Impatient, until_none


async def of_deliveries(url: str, mails: Sequence[Mail], seconds: float) -> list[Discrepancy]:
    """Every mail that was taken must stand in the record once, as soon as it had time to catch up."""
    taken = {mail.message_id for mail in mails}
    late: list[Discrepancy] = []

    async def missing() -> str:
        count = len(taken - (await asyncio.to_thread(_delivered, url)).keys())
        return f"{count} mails that were taken are not recorded" if count else ""

    try:
        await until_none(missing, seconds)
    except Impatient as error:
        late.append(Discrepancy("lost", f"the record: {error}"))
    delivered = await asyncio.to_thread(_delivered, url)
    twice = [Discrepancy("twice", f"the record has twice: {one}") for one, count in delivered.items() if count > 1]
    unknown = [Discrepancy("wrong", f"recorded and not taken: {one}") for one in delivered.keys() - taken]
    return [*late, *twice, *unknown]


def _delivered(url: str) -> Counter[str]:
    engine = open_for_reading(url)
    try:
        with reading(engine) as connection:
            return Counter(connection.execute(select(DELIVERIES.c.message_id)).scalars())
    finally:
        engine.dispose()


def of_follower(follower: Follower, found: Sequence[Evidence]) -> Iterator[Discrepancy]:
    """Whoever follows the record by its positions must have seen every event, in the order of its candidacy."""
    follower.look()
    for one in found:
        where = one.lived.workflow_id
        places = [follower.places.get((where, event["sequence"])) for event in one.timeline_after]
        known = [place for place in places if place is not None]
        if len(known) != len(places):
            yield Discrepancy(
                "lost", f"{where}: whoever follows the record has missed {len(places) - len(known)} events"
            )
        if known != sorted(known):
            yield Discrepancy("wrong", f"{where}: the positions of its events are in another order: {known}")


@dataclass(frozen=True)
class Outcome:
    """How the record came through one of its faults."""

    what: str
    seconds: float
    decided: int
    """So many events were decided meanwhile,"""
    mailed: int
    """so many mails were taken,"""
    recorded: int
    """and so many events were recorded."""
    caught_up: float
    """Seconds from the end of the fault until the last event that was decided meanwhile was recorded."""


@dataclass(frozen=True)
class OfTheRecord:
    """What the report says of the record. `database` is the kind of its database."""

    database: str
    outcomes: Sequence[Outcome] = ()
    killed_in_between: int = 0
    """So many workers were killed when the event of a notice was recorded, and its mail was not taken yet."""
    ended_by_itself: int = 0
    """So many times PostgreSQL has ended because its disk was full, and was started again."""

    def figures(self) -> dict[str, Figure]:
        """The figures by name, in the order of the table."""
        figures: dict[str, Figure] = {"record": self.database, "record outages": len(self.outcomes)}
        for number, outcome in enumerate(self.outcomes, 1):
            name = f"  {number}. {outcome.what}"
            figures |= {
                f"{name}, s": round(outcome.seconds, 1),
                f"{name}: events decided": outcome.decided,
                f"{name}: mails taken": outcome.mailed,
                f"{name}: events recorded": outcome.recorded,
                f"{name}: caught up after, s": round(outcome.caught_up, 1),
            }
        if self.ended_by_itself:
            figures["  PostgreSQL ended by itself"] = self.ended_by_itself
        return figures


def of_the_record(
    record: Record, faults: Faults, follower: Follower, found: Sequence[Evidence], mails: Sequence[Mail]
) -> OfTheRecord:
    """How the record came through the faults of a run."""
    return OfTheRecord(
        record.database,
        [outcome(outage, found, mails, follower.appeared) for outage in faults.record_outages],
        killed_in_between(faults.killed_before_a_mail, found, follower.places),
        record.ended_by_itself,
    )


def outcome(
    outage: RecordOutage, found: Sequence[Evidence], mails: Sequence[Mail], appeared: Mapping[Key, float]
) -> Outcome:
    """How the record came through one of its faults."""
    decided = [
        (one.lived.workflow_id, event["sequence"])
        for one in found
        for event in one.timeline_after
        if outage.since <= datetime.fromisoformat(event["at"]) <= outage.until
    ]
    seen = [appeared[key] for key in decided if key in appeared]
    first = {mail.message_id: mail.at for mail in reversed(mails)}
    return Outcome(
        outage.what,
        outage.ended_at - outage.begun_at,
        len(decided),
        sum(outage.begun_at <= at <= outage.ended_at for at in first.values()),
        sum(outage.begun_at <= at <= outage.ended_at for at in appeared.values()),
        max([0.0, *(at - outage.ended_at for at in seen)]),
    )


def killed_in_between(killed: Sequence[Killed], found: Sequence[Evidence], places: Mapping[Key, int]) -> int:
    """How many workers were killed when the event of a notice was recorded, and its mail was not taken yet."""
    place = {message_id: places[key] for one in found for message_id, (key, _) in told_by(one).items() if key in places}
    return sum(
        one.position is not None and one.message_id in place and place[one.message_id] <= one.position for one in killed
    )
