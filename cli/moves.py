"""Moving candidacies between builds as people see it: progress, a polite end on Ctrl-C, a report, and an exit code."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any, NamedTuple

from cli import builds, exits, output
from cli.builds import how_many
from cli.bulk.carrying import ask_to_stop
from cli.progress import Progress
from client import current_build, deployments, finding, moving
from client.connection import Client
from client.deployments import Everywhere
from client.errors import ClientError
from client.finding import Entry
from client.list_language import Filter, Run
from client.moving import Ended, Move, Waking
from client.pool import Stopping
from runtime import interrupts
from runtime.builds import Build

_NAMED = 3
_AGAIN = "Give the same command again: it goes on with whoever is left."


class Manner(NamedTuple):
    """How to move: how many candidacies are woken at a time, and whether one JSON document is printed.

    `hold_back`: if the build takes up nobody, or nobody any more, the others are not woken.
    """

    at_once: int
    hold_back: bool
    as_json: bool


# --- everyone


async def everyone(client: Client, build: Build, manner: Manner, *, is_current: bool) -> int:
    """Make this build current unless it is, and move everyone to it; answers the exit code.

    Raises `exits.Stop` with what was done so far.
    """
    stopping = Stopping()
    waking = Waking(client, manner.at_once, stopping)
    move = Move(client, str(build), waking, stopping)
    # Count first: a candidacy that is busy moves by itself as soon as the build is current.
    total = await move.begin()
    if not is_current:
        await current_build.make_current(client, build)
        output.say(f"Build {build.build_id} of {build.deployment} is current now.")
    try:
        with (
            Progress(f"Moving to {build.build_id}", total) as progress,
            interrupts.Calling(asyncio.get_running_loop(), lambda: ask_to_stop(stopping)),
        ):
            ended = await move.carry_out(progress.reach, hold_back=manner.hold_back)
    except ClientError as error:
        raise exits.of(error, [_count(move, build), _AGAIN], moved=move.moved, left=move.left) from error
    return await _report(client, build, move, ended, waking, manner)


async def _report(client: Client, build: Build, move: Move, ended: Ended, waking: Waking, manner: Manner) -> int:
    everywhere = await deployments.everywhere(client)
    left = [group async for group in _left(client, everywhere, build)] if ended is not Ended.NOBODY_LEFT else []
    output.say(_count(move, build))
    if ended is Ended.NOBODY_LEFT:
        for sentence in _over(everywhere, build):
            output.say(sentence)
    elif ended is not Ended.INTERRUPTED:
        for line in _lines(left, waking):
            output.say(f"  {line}")
    if ended is Ended.HELD_BACK:
        output.say(_held_back(build))
    if manner.as_json:
        output.document(_document(build, move, ended, left, waking))
    if ended is Ended.INTERRUPTED:
        output.say(f"Interrupted. {_AGAIN}")
        return exits.INTERRUPTED
    return exits.DONE if ended is Ended.NOBODY_LEFT else exits.REFUSED


def _count(move: Move, build: Build) -> str:
    if not move.total:
        return f"Every open candidacy runs on build {build.build_id} already."
    if not move.left:
        return f"{how_many(move.total)} moved to build {build.build_id}: nobody is left elsewhere."
    counted = f"{move.moved:,} of {how_many(move.total)} moved to build {build.build_id}, {move.left:,} left"
    return f"{counted}; others have come since." if move.moved + move.left > move.total else f"{counted}."


def _over(everywhere: Everywhere, build: Build) -> Iterator[str]:
    """What may be stopped now."""
    others = [one.build for one in everywhere.builds if one.polls and one.name != str(build)]
    if others:
        *first, last = others
        yield f"The workers of {', '.join(first)}{' and ' if first else ''}{last} may be stopped."
    if everywhere.no_build.polls:
        yield "Workers without a build get no more work, and may be stopped."
    if others:
        yield (
            "Candidacies that have ended stay on the build on which they ended: `contact show` of one, and a program "
            "that queries it, need a worker of that build."
        )


def _held_back(build: Build) -> str:
    return (
        f"Build {build.build_id} takes up no more candidacies, so nobody else was woken: look at the log of its "
        "workers. `./starter.py upgrade` with the build before goes back. --force wakes the others all the same."
    )


# --- who is left


class Group(NamedTuple):
    """Candidacies that have not moved: on which build (None: on none, or between two), how many, and some of them.

    `why` says why they have not, and what to do. `handed_over`: they are between two builds.
    """

    build: str | None
    number: int
    why: str
    some: tuple[Entry, ...]
    handed_over: bool = False


async def _left(client: Client, everywhere: Everywhere, build: Build) -> AsyncIterator[Group]:
    for one in everywhere.builds:
        if one.candidacies and one.name != str(build):
            why = _busy(one.build) if one.polls else f"on build {one.build}: {_silent('it')}"
            yield await _group(client, one.build, one.candidacies, why, Filter(on_build=one.name))
    works = any(one.polls for one in everywhere.builds if one.name == str(build))
    why = _not_taken_up(build.build_id) if works else _silent(f"build {build.build_id}")
    if everywhere.between:
        why_between = f"handed over, and not taken up by any build yet: {why}"
        group = await _group(client, None, everywhere.between, why_between, Filter(between_builds=True))
        yield group._replace(handed_over=True)
    if number := everywhere.no_build.candidacies:
        why_none = f"on no build, and not taken up yet: {why}"
        yield await _group(client, None, number, why_none, Filter(on_no_build=True))


def _busy(build: str) -> str:
    return (
        f"on build {build}, whose workers poll: they are busy, and move by themselves when what is under way has "
        f"finished. Keep a worker of {build}, and give this command again later. If they stay, look at its log"
    )


def _silent(build: str) -> str:
    return f"no worker of {build} asks for work: start one again, and give this command again; nothing is lost"


def _not_taken_up(build: str) -> str:
    return (
        "the server offers a task that failed again within ten minutes. If they do not become fewer, look at the log "
        f"of the workers of build {build}. To go back is safe: give the build before to this command"
    )


async def _group(client: Client, build: str | None, number: int, why: str, wanted: Filter) -> Group:
    some = [entry async for entry in finding.candidacies(client, wanted, limit=_NAMED)]
    return Group(build, number, why, tuple(some))


def _lines(left: list[Group], waking: Waking) -> Iterator[str]:
    for group in left:
        yield f"{group.number:,} {group.why} ({_named(group)})."
    for who, why in list(waking.not_woken.items())[:_NAMED]:
        yield f"{who} does not take the signal: {why}"


def _named(group: Group) -> str:
    names = ", ".join(map(str, group.some))
    return f"{names}, …" if group.number > len(group.some) else names


def _document(build: Build, move: Move, ended: Ended, left: list[Group], waking: Waking) -> dict[str, Any]:
    return {
        "deployment": build.deployment,
        "build": build.build_id,
        "moved": move.moved,
        "left": move.left,
        "ended": ended,
        "left_where": [
            {
                "build": group.build,
                "candidacies": group.number,
                "why": group.why,
                "some": [{"candidate_id": one.candidate_id, "designation": one.designation} for one in group.some],
            }
            for group in left
        ],
        "not_woken": len(waking.not_woken),
    }


# --- a part


async def a_part(client: Client, build: Build, percentage: int, manner: Manner, *, also_on_it: bool) -> int:
    """Wake each candidacy once, so that this part of all moves to the build, and show who runs where.

    Answers the exit code: 1 where the build does not take up all that were handed over to it. `also_on_it`: those on
    the build are woken too, because some may go back. Raises `exits.Stop`.
    """
    stopping = Stopping()
    waking = Waking(client, manner.at_once, stopping)
    wanted = Filter(run=Run.OPEN) if also_on_it else Filter(not_on=(str(build),))
    woken = 0
    between_at_first = await finding.count(client, Filter(between_builds=True))
    try:
        with (
            Progress("Waking", await finding.count(client, wanted)) as progress,
            interrupts.Calling(asyncio.get_running_loop(), lambda: ask_to_stop(stopping)),
        ):
            async with aclosing(waking.everyone(wanted)) as ends:
                async for _ in ends:
                    woken += 1
                    progress.advance()
            await moving.settled(client, str(build), between_at_first, stopping)
    except ClientError as error:
        raise exits.of(error, [f"{woken:,} were woken.", "Give the same command again."], woken=woken) from error
    everywhere = await deployments.everywhere(client)
    if manner.as_json:
        there = builds.document(everywhere)
        asked = {"deployment": build.deployment, "build": build.build_id, "percentage": percentage}
        output.document({**asked, "woken": woken, "finished": not stopping.times, **there})
    else:
        builds.show(everywhere)
    if stopping.times:
        output.say("Interrupted. Give the same command again: it wakes whoever is not on the build.")
        return exits.INTERRUPTED
    if everywhere.between > between_at_first:
        between = [group async for group in _left(client, everywhere, build) if group.handed_over]
        for line in _lines(between, waking):
            output.say(line)
        return exits.REFUSED
    return exits.DONE
