"""Compares the record of a trial with the timelines: every event once, in order, and proved by its chain.

The read models must be what the events make of them, as `record check` says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Engine

from record import checking, store
from record.comparison import differences
from record.looking import open_for_reading
from trials.discrepancies import Discrepancy
from trials.patience import Impatient, until_none


class Shown(NamedTuple):
    """An event that a candidacy shows: its number and its type."""

    sequence: int
    type: str


Timelines = Mapping[str, Sequence[Shown]]
"""The events that each candidacy shows, by its workflow id."""


async def compare(url: str, timelines: Timelines, seconds: float) -> list[Discrepancy]:
    """The differences between the record at this address and these timelines, once it has had time to catch up."""
    engine = open_for_reading(url)
    late: list[Discrepancy] = []
    try:
        await until_none(lambda: asyncio.to_thread(_behind, engine, timelines), seconds)
    except Impatient as error:
        late = [Discrepancy("lost", f"the record: {error}")]
    try:
        return [*late, *_differences(engine, timelines)]
    finally:
        engine.dispose()


def _behind(engine: Engine, timelines: Timelines) -> str:
    """How many events the record lacks, in a sentence; empty if it lacks none."""
    recorded = _recorded(engine)
    missing = sum(max(len(shown) - len(recorded.get(where, ())), 0) for where, shown in timelines.items())
    return f"{missing} events are not recorded" if missing else ""


def _differences(engine: Engine, timelines: Timelines) -> Iterator[Discrepancy]:
    recorded = _recorded(engine)
    for where, shown in timelines.items():
        if recorded.get(where, []) != list(shown):
            yield Discrepancy(
                "wrong", f"{where}: the record has {_named(recorded.get(where, []))}, not {_named(shown)}"
            )
    for difference in differences(engine):
        yield Discrepancy("wrong", f"a read model of the record: {difference}")
    for finding in checking.findings(engine):
        yield Discrepancy("wrong", f"the record: {finding}")
    for positions in checking.positions_missing(engine):
        yield Discrepancy("lost", f"the record has no event at {positions}")


def _named(events: Sequence[Shown]) -> str:
    return ", ".join(f"{event.sequence} {event.type}" for event in events) or "nothing"


def _recorded(engine: Engine) -> dict[str, list[Shown]]:
    found: dict[str, list[Shown]] = {}
    for kept in store.since(engine, 0):
        found.setdefault(kept.candidacy.workflow_id, []).append(Shown(kept.event.sequence, kept.event.type))
    return found
