"""Many things at once: how many, in which order their results come, and how it ends."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing

import pytest

from client.pool import Stopping, finished, together


async def run(
    things: Iterable[int],
    work: Callable[[int], Awaitable[None]],
    at_once: int,
    stopping: Stopping | None = None,
    grace: float = 5.0,
) -> list[int]:
    """The things that were finished."""
    async with aclosing(finished(things, work, at_once, stopping=stopping, grace=grace)) as ends:
        return [thing async for thing, _ in ends]


async def test_no_more_than_so_many_are_under_way_and_all_are_done() -> None:
    under_way, most = 0, 0

    async def work(_number: int) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1

    assert sorted(await run(range(50), work, at_once=4)) == list(range(50))
    assert most == 4
    assert await run([], work, at_once=4) == []


async def test_results_come_as_they_are_finished_and_together_has_them_in_order() -> None:
    async def work(number: int) -> int:
        await asyncio.sleep(0.05 if number == 0 else 0)
        return number * 10

    found = [(thing, result) async for thing, result in finished(range(3), work, 3)]
    assert found[-1] == (0, 0)
    assert sorted(found) == [(0, 0), (1, 10), (2, 20)]
    assert await together(range(3), work, 2) == [0, 10, 20]


async def test_things_may_come_as_slowly_as_they_like() -> None:
    async def slowly() -> AsyncIterator[int]:
        for number in range(5):
            await asyncio.sleep(0)
            yield number

    async def work(number: int) -> int:
        return number

    assert sorted([thing async for thing, _ in finished(slowly(), work, 2)]) == [0, 1, 2, 3, 4]


async def test_the_first_of_many_failures_is_raised_and_none_is_left_untold() -> None:
    async def work(number: int) -> None:
        await asyncio.sleep(0.05 if number == 0 else 0)
        raise ValueError(f"gone {number}")

    with pytest.raises(ValueError, match="gone 1"):
        await run(range(1000), work, at_once=3)
    with pytest.raises(ValueError, match="gone 1"):
        await together(range(1000), work, 3)
    gc.collect()  # an exception that nobody has fetched would be complained about here, and so fail the test


async def test_a_failure_ends_it_when_what_is_under_way_is_done() -> None:
    done: list[int] = []
    gate = asyncio.Event()

    async def work(number: int) -> None:
        if number == 1:
            await asyncio.sleep(0)  # so that the third has begun
            gate.set()
            raise ValueError("gone")
        await gate.wait()
        await asyncio.sleep(0)
        done.append(number)

    with pytest.raises(ValueError, match="gone"):
        await run(range(1000), work, at_once=3)
    assert done == [0, 2]


async def test_without_grace_a_failure_lets_the_others_go() -> None:
    cancelled: list[int] = []

    async def work(number: int) -> None:
        if number == 1:
            raise ValueError("gone")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(number)
            raise

    with pytest.raises(ValueError, match="gone"):
        await together(range(3), work, 3)
    assert cancelled == [0, 2]


async def everybody_in_turn() -> None:
    """Lets all others that can go on do so, with no clock."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.mark.parametrize("times", [1, 2])
async def test_asked_to_stop_it_finishes_what_is_under_way_and_asked_twice_it_does_not_wait(times: int) -> None:
    done: list[int] = []
    go_on = asyncio.Event()
    stopping = Stopping()

    async def work(number: int) -> None:
        if number == 0:
            for _ in range(times):
                stopping.ask()
                await everybody_in_turn()
            go_on.set()
        elif times == 2:
            await asyncio.Event().wait()
        await go_on.wait()
        done.append(number)

    await run(range(1000), work, at_once=2, stopping=stopping)
    assert stopping.times == times
    assert done == ([0, 1] if times == 1 else [])


async def test_what_is_not_finished_in_time_is_let_go() -> None:
    stopping = Stopping()

    async def work(number: int) -> None:
        stopping.ask()
        await asyncio.Event().wait()

    assert await run(range(1), work, at_once=2, stopping=stopping, grace=0.05) == []


async def test_once_asked_to_stop_nothing_that_fails_is_raised() -> None:
    stopping = Stopping()

    async def work(number: int) -> None:
        stopping.ask()
        await everybody_in_turn()
        raise ValueError(f"gone {number}")

    assert await run(range(1000), work, at_once=1, stopping=stopping) == []


async def test_whoever_leaves_early_leaves_nothing_running() -> None:
    ended: list[int] = []

    async def work(number: int) -> int:
        try:
            if number:
                await asyncio.Event().wait()
        finally:
            ended.append(number)
        return number

    async with aclosing(finished(range(1000), work, 3)) as ends:
        async for thing, _ in ends:
            assert thing == 0
            break
    assert len(ended) >= 3
