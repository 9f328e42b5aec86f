"""The contest: journeys of Certpath with its record and without it, and of the bare workflow, in turn.

It is held once for each number of workers.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import journey
from bench.place import Place
from bench.report import Contest, Measured
from bench.workers import Crew, crew

SIDES = ("certpath", "unrecorded", "bare")

# These journeys are not measured, because each worker loads its code during its first journeys. A worker plays so many,
# but all together not more than a round has.
_WARM_UP = 4


@dataclass(frozen=True)
class Sides:
    """The sides that are compared, and how many effects a journey has."""

    certpath: journey.Side
    unrecorded: journey.Side
    bare: journey.Side
    effects: int
    events: dict[str, int]  # history events of a journey played message by message, by side

    @property
    def all(self) -> list[journey.Side]:
        """Every side, in the order in which the first round plays them."""
        return [self.certpath, self.unrecorded, self.bare]


async def contests(
    where: Place, given: argparse.Namespace, outbox: Path, say: Callable[[str], None]
) -> tuple[Sides, list[Contest]]:
    """One contest for each number of workers. The first workers also play the journeys that are recorded."""
    sides: Sides | None = None
    held: list[Contest] = []
    for workers in given.workers:
        async with AsyncExitStack() as stack:
            crews = {side: await stack.enter_async_context(crew(side, workers, where, outbox)) for side in SIDES}
            if sides is None:
                say("recording one journey of each side, message by message")
                sides = await _prepare(where)
            held.append(await _contest(where, sides, workers, given, crews, say))
    if sides is None:
        raise ValueError("there must be at least one contest")
    return sides, held


async def _prepare(where: Place) -> Sides:
    """Records one journey of Certpath message by message, and checks that the bare workflow does as much."""
    certpath = journey.certpath(where.queue("certpath"))
    shape, history = await journey.recorded(where.client, certpath, where.candidate("reference"))
    bare = journey.bare_like(shape, where.queue("bare"))
    bare_shape, bare_history = await journey.recorded(where.client, bare, where.candidate("reference"))
    if bare_shape != shape:
        raise RuntimeError(f"the bare workflow does not do as much as Certpath: {bare_shape} instead of {shape}")
    unrecorded = journey.certpath(where.queue("unrecorded"), "unrecorded")
    return Sides(certpath, unrecorded, bare, shape.effects, {"certpath": len(history), "bare": len(bare_history)})


async def _contest(
    where: Place,
    sides: Sides,
    workers: int,
    given: argparse.Namespace,
    crews: Mapping[str, Crew],
    say: Callable[[str], None],
) -> Contest:
    """All rounds with this number of workers for each side. The sides take turns in beginning a round."""
    rounds: list[dict[str, Measured]] = []
    for side in sides.all:
        warm_up = min(_WARM_UP * workers, given.journeys)
        await _play(where, side, sides, f"{workers}-warm", warm_up, given.at_once)
    for number in range(given.rounds):
        rounds.append({})
        for side in sides.all if number % 2 == 0 else sides.all[::-1]:
            say(f"{workers} at work, round {number + 1} of {given.rounds}: {given.journeys} journeys of {side.name}")
            prefix = f"{workers}-{number}"
            rounds[-1][side.name] = await _measured(where, side, sides, prefix, given, crews[side.name])
    return Contest(workers, rounds)


async def _measured(
    where: Place, side: journey.Side, sides: Sides, prefix: str, given: argparse.Namespace, its: Crew
) -> Measured:
    before = await its.cpu()
    played = await _play(where, side, sides, prefix, given.journeys, given.at_once)
    cpu_ms = (await its.cpu() - before) / given.journeys * 1000
    return Measured(played.per_second, played.events, played.bytes, cpu_ms)


async def _play(
    where: Place, side: journey.Side, sides: Sides, prefix: str, journeys: int, at_once: int
) -> journey.Round:
    return await journey.play_many(
        where.client,
        side,
        where.candidate(f"{side.name}-{prefix}"),
        journeys=journeys,
        at_once=at_once,
        effects=sides.effects,
    )
