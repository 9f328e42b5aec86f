"""Moving candidacies: who is woken how often, how long anybody waits, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from client import deployments, finding, moving
from client.deployments import BuildStatus, BuildView, DeploymentView, Everywhere, NoBuild
from client.errors import Unreachable
from client.finding import Entry
from client.list_language import Filter
from client.moving import Ended, Move, Waking
from client.pool import Stopping
from tests.unit.entries import entry

OLD, NEW, LOST = "certpath:old", "certpath:new", "certpath:lost"


class World:
    """Candidacies on builds, and a server that counts, lists and signals them.

    `where` has the build of each; None: on none. Those that are `busy` hear this many signals in vain; a build that
    `fails` takes up nobody. The builds in `polling` have workers. The update `wake` of those that are `silent` fails.
    """

    def __init__(self, **where: str | None) -> None:
        self.where: dict[str, str | None] = dict(where)
        self.busy: dict[str, int] = {}
        self.fails = False
        self.polling = {OLD, NEW}
        self.between: set[str] = set()
        self.woken: list[str] = []
        self.asked: list[str] = []
        self.signalled: list[str] = []
        self.silent: dict[str, Exception] = {}
        self.errors: dict[str, RPCError] = {}
        self.on_wake: Any = lambda _name: None

    def elsewhere(self, wanted: Filter) -> list[str]:
        there = [name for name, build in self.where.items() if build not in wanted.not_on]
        return [name for name in there if name not in self.between]

    async def count(self, _client: object, wanted: Filter) -> int:
        if wanted.between_builds:
            return len(self.between)
        return len(self.elsewhere(wanted) if wanted.not_on else [1 for one in self.where.values() if one == NEW])

    async def candidacies(self, _client: object, wanted: Filter) -> AsyncIterator[Entry]:
        for name in self.elsewhere(wanted):
            yield entry(name)

    async def everywhere(self, _client: object) -> Everywhere:
        builds = [
            BuildView(
                name.partition(":")[2],
                "certpath",
                BuildStatus.INACTIVE,
                1,
                "x",
                polls=name in self.polling,
                candidacies=list(self.where.values()).count(name),
            )
            for name in (NEW, OLD, LOST)
        ]
        return Everywhere((DeploymentView("certpath", "new", None, 0, tuple(builds)),), NoBuild(0, polls=False), 0)

    def get_workflow_handle(self, workflow_id: str) -> "Handle":
        return Handle(self, workflow_id.rpartition(":")[2])

    def hear(self, name: str) -> None:
        self.woken.append(name)
        self.on_wake(name)
        if name in self.errors:
            raise self.errors[name]
        self.busy[name] = self.busy.get(name, 0) - 1
        if self.busy[name] >= 0 or self.where[name] == LOST:
            return
        if self.fails:
            self.between.add(name)
        else:
            self.where[name] = NEW


class Handle:
    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self._name = name

    @property
    def id(self) -> str:
        return self._name

    async def execute_update(self, name: str, *, rpc_timeout: timedelta) -> None:
        assert (name, rpc_timeout < timedelta(minutes=1)) == ("wake", True)
        self._world.asked.append(self._name)
        if self._name in self._world.silent:
            raise self._world.silent[self._name]
        self._world.hear(self._name)

    async def signal(self, name: str) -> None:
        assert name == "wake"
        self._world.signalled.append(self._name)
        self._world.hear(self._name)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time passes only while somebody waits, and nobody waits for long."""
    now = 0.0

    async def wait(_self: object, seconds: float) -> None:
        nonlocal now
        now += seconds
        await asyncio.sleep(0)

    monkeypatch.setattr(moving, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(moving._Pauses, "wait", wait)


class Moving:
    """A move in this world: how far it has come, and its end."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(finding, "count", world.count)
        monkeypatch.setattr(finding, "candidacies", world.candidacies)
        monkeypatch.setattr(deployments, "everywhere", world.everywhere)
        client = cast(Client, world)
        self.stopping = Stopping()
        self.waking = Waking(client, 4, self.stopping)
        self.move = Move(client, NEW, self.waking, self.stopping)
        self.told: list[int] = []

    async def end(self, *, hold_back: bool = True) -> Ended:
        await self.move.begin()
        ended = await self.move.carry_out(lambda moved, _total: self.told.append(moved), hold_back=hold_back)
        assert self.told == sorted(self.told), "what people watch never goes back"
        assert not self.told or self.told[-1] <= self.move.moved <= self.move.total
        return ended


async def test_everyone_who_is_elsewhere_is_woken_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=OLD, b=None, c=NEW, d=OLD)
    moving_them = Moving(world, monkeypatch)
    assert await moving_them.end() is Ended.NOBODY_LEFT
    assert sorted(world.woken) == ["a", "b", "d"]
    assert (moving_them.move.total, moving_them.move.left, moving_them.move.moved) == (3, 0, 3)
    assert moving_them.told[-1] == 3


async def test_where_nobody_is_elsewhere_nobody_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=NEW)
    assert await Moving(world, monkeypatch).end() is Ended.NOBODY_LEFT
    assert world.woken == []


async def test_who_did_not_move_is_woken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=OLD, b=OLD)
    world.busy = {"a": 2}
    assert await Moving(world, monkeypatch).end() is Ended.NOBODY_LEFT
    assert world.woken.count("a") == 3
    assert world.woken.count("b") == 1


async def test_who_does_not_answer_is_woken_by_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=OLD, b=OLD, c=OLD, d=OLD)
    world.silent = {
        "a": WorkflowUpdateRPCTimeoutOrCancelledError(),
        "b": WorkflowUpdateFailedError(ApplicationError("an older build knows no such update")),
        "c": RPCError("too many updates", RPCStatusCode.RESOURCE_EXHAUSTED, b""),
    }
    assert await Moving(world, monkeypatch).end() is Ended.NOBODY_LEFT
    assert sorted(world.signalled) == ["a", "b", "c"]
    assert sorted(world.asked) == ["a", "b", "c", "d"]


async def test_who_did_not_move_is_asked_once_and_then_gets_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=OLD)
    world.busy = {"a": 2}
    assert await Moving(world, monkeypatch).end() is Ended.NOBODY_LEFT
    assert (world.asked, world.signalled) == (["a"], ["a", "a"])


async def test_where_many_do_not_answer_the_others_get_signals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_UNANSWERED", 5)
    world = World(**dict.fromkeys(map(str, range(40)), OLD))
    world.silent = {name: WorkflowUpdateRPCTimeoutOrCancelledError() for name in world.where}
    assert await Moving(world, monkeypatch).end() is Ended.NOBODY_LEFT
    assert 5 <= len(world.asked) < 10
    assert len(world.signalled) == 40


async def test_a_cancelled_waking_wakes_nobody_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=OLD)
    hidden = WorkflowUpdateRPCTimeoutOrCancelledError()
    hidden.__cause__ = asyncio.CancelledError()
    world.silent = {"a": hidden}
    with pytest.raises(asyncio.CancelledError):
        await Moving(world, monkeypatch).waking._wake(entry("a"))
    assert world.signalled == []


async def test_nobody_waits_for_ever_for_who_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=OLD, b=OLD)
    world.busy = {"a": 1000}
    moving_them = Moving(world, monkeypatch)
    assert await moving_them.end() is Ended.SOME_LEFT
    assert (moving_them.move.left, moving_them.move.moved) == (1, 1)


async def test_on_a_build_without_workers_nobody_is_woken_or_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=LOST, b=OLD, c=LOST)
    monkeypatch.setattr(moving, "_PATIENCE_SECONDS", 3600)
    moving_them = Moving(world, monkeypatch)
    assert await moving_them.end() is Ended.SOME_LEFT
    assert world.woken == ["b"]
    assert moving_them.move.left == 2


async def test_who_is_enrolled_elsewhere_at_the_last_moment_moves_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=OLD)
    world.on_wake = lambda name: world.where.update(late=OLD) if name == "a" else None
    moving_them = Moving(world, monkeypatch)
    assert await moving_them.end() is Ended.NOBODY_LEFT
    assert world.where == {"a": NEW, "late": NEW}
    assert moving_them.move.moved == 1, "never more than there were"


# --- not faster than they move


async def test_a_build_that_takes_up_nobody_gets_only_the_first_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_UNDER_WAY", 10)
    world = World(**dict.fromkeys(map(str, range(100)), OLD))
    world.fails = True
    moving_them = Moving(world, monkeypatch)
    assert await moving_them.end() is Ended.HELD_BACK
    assert 10 <= len(world.woken) < 20
    assert moving_them.move.left == 100


async def test_a_build_that_fails_for_many_gets_no_more_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_UNDER_WAY", 10)
    monkeypatch.setattr(moving, "_TOO_MANY_BETWEEN", 5)
    world = World(**dict.fromkeys(map(str, range(100)), OLD))
    world.on_wake = lambda name: setattr(world, "fails", int(name) >= 20)
    moving_them = Moving(world, monkeypatch)
    assert await moving_them.end() is Ended.HELD_BACK
    assert moving_them.move.moved == 20


def registering(world: World, at_most: int) -> None:
    """Others are registered while everybody moves, three for each who is woken, and no worker has taken them up yet."""

    def on_wake(name: str) -> None:
        for number in range(3):
            if world.where[name] == OLD and len(world.where) < at_most:
                world.where[f"new-{name}-{number}"] = None

    world.on_wake = on_wake


async def test_registrations_beside_it_do_not_make_a_good_build_a_bad_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_UNDER_WAY", 10)
    world = World(**dict.fromkeys(map(str, range(100)), OLD))
    registering(world, 300)
    moving_them = Moving(world, monkeypatch)
    assert await moving_them.end() is Ended.NOBODY_LEFT
    assert set(world.where.values()) == {NEW}
    assert len(world.where) == 300


async def test_registrations_beside_it_do_not_make_a_bad_build_a_good_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_UNDER_WAY", 10)
    monkeypatch.setattr(moving, "_TOO_MANY_BETWEEN", 5)
    world = World(**dict.fromkeys(map(str, range(100)), OLD))
    world.fails = True
    begun = 0

    async def count(client: object, wanted: Filter) -> int:
        nonlocal begun
        if wanted.on_build and begun < 5:  # new ones begin on the build, and those who move there do not
            begun += 1
            world.where[f"new-{begun}"] = NEW
        return await world.count(client, wanted)

    moving_them = Moving(world, monkeypatch)
    monkeypatch.setattr(finding, "count", count)
    assert await moving_them.end() is Ended.HELD_BACK
    assert begun == 5
    assert 10 <= len(world.woken) < 20


async def test_registrations_that_no_worker_takes_up_do_not_let_the_number_go_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(**dict.fromkeys(map(str, range(100)), OLD))

    async def candidacies(client: object, wanted: Filter) -> AsyncIterator[Entry]:
        async for one in world.candidacies(client, wanted):
            if one.candidate_id.isdigit():
                yield one

    def on_wake(name: str) -> None:
        if int(name) >= 50:  # the worker of the new build is killed, and people are enrolled all the same
            world.busy[name] = 1000
            world.where[f"new-{name}"] = None

    world.on_wake = on_wake
    moving_them = Moving(world, monkeypatch)
    monkeypatch.setattr(moving, "_UNDER_WAY", 10)
    monkeypatch.setattr(finding, "candidacies", candidacies)
    assert await moving_them.end() is Ended.SOME_LEFT
    assert 30 < max(moving_them.told) <= moving_them.move.moved <= 50
    assert moving_them.move.left == 100


async def test_who_is_in_no_list_for_one_look_has_not_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(**dict.fromkeys(map(str, range(10)), OLD))
    world.busy = dict.fromkeys(world.where, 1000)
    looks = 0

    async def count(client: object, wanted: Filter) -> int:
        nonlocal looks
        looks += bool(wanted.not_on)
        missing = 4 if wanted.not_on and looks in (4, 7) else 0
        return await world.count(client, wanted) - missing

    moving_them = Moving(world, monkeypatch)
    monkeypatch.setattr(finding, "count", count)
    assert await moving_them.end() is Ended.SOME_LEFT
    assert looks > 7
    assert set(moving_them.told) == {0}


async def test_who_is_between_two_builds_is_waited_for_and_not_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_UNDER_WAY", 10)
    names = list(map(str, range(100)))
    world = World(**dict.fromkeys(names, NEW), last=OLD)
    world.between = set(names)
    looks = 0

    async def count(client: object, wanted: Filter) -> int:
        nonlocal looks
        looks += 1
        if looks % 10 == 0 and names:  # the server tries again now and then
            world.between.discard(names.pop())
        return await world.count(client, wanted)

    moving_them = Moving(world, monkeypatch)
    monkeypatch.setattr(finding, "count", count)
    assert await moving_them.end() is Ended.NOBODY_LEFT
    assert world.woken == ["last"]
    assert (moving_them.move.total, moving_them.move.moved) == (101, 101)


async def test_all_are_woken_all_the_same_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_UNDER_WAY", 10)
    world = World(**dict.fromkeys(map(str, range(40)), OLD))
    world.fails = True
    moving_them = Moving(world, monkeypatch)
    assert await moving_them.end(hold_back=False) is Ended.SOME_LEFT
    assert len(set(world.woken)) == 40


async def test_many_busy_ones_do_not_keep_the_others_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_UNDER_WAY", 10)
    world = World(**dict.fromkeys(map(str, range(60)), OLD))
    world.busy = {str(number): 1000 for number in range(5, 35)}
    moving_them = Moving(world, monkeypatch)
    assert await moving_them.end() is Ended.SOME_LEFT
    assert moving_them.move.left == 30


# --- what may go wrong


async def test_a_stop_ends_it_and_another_move_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(**dict.fromkeys(map(str, range(50)), OLD))
    moving_them = Moving(world, monkeypatch)
    world.on_wake = lambda name: moving_them.stopping.ask() if name == "20" else None
    assert await moving_them.end() is Ended.INTERRUPTED
    assert 20 < len(world.woken) < 30
    assert 20 < moving_them.move.moved < 50

    world.on_wake = lambda _name: None
    assert await Moving(world, monkeypatch).end() is Ended.NOBODY_LEFT
    assert len(world.woken) == len(set(world.woken)) == 50


async def test_a_stop_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "_PATIENCE_SECONDS", 3600)
    world = World(a=OLD)
    world.busy = {"a": 1000}
    moving_them = Moving(world, monkeypatch)
    world.on_wake = lambda _name: moving_them.stopping.ask() if len(world.woken) == 2 else None
    assert await moving_them.end() is Ended.INTERRUPTED


async def test_who_is_closed_meanwhile_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=OLD, b=OLD)
    world.errors["a"] = RPCError("workflow execution already completed", RPCStatusCode.NOT_FOUND, b"")
    world.on_wake = lambda name: world.where.pop("a", None) if name == "a" else None
    moving_them = Moving(world, monkeypatch)
    assert await moving_them.end() is Ended.NOBODY_LEFT
    assert moving_them.waking.not_woken == {}


async def test_who_does_not_take_the_signal_is_named_and_the_others_move(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=OLD, b=OLD)
    world.errors["a"] = RPCError("exceeded limit for signal events", RPCStatusCode.INVALID_ARGUMENT, b"")
    moving_them = Moving(world, monkeypatch)
    assert await moving_them.end() is Ended.SOME_LEFT
    assert list(moving_them.waking.not_woken) == ["a for CCSL"]
    assert "exceeded limit" in moving_them.waking.not_woken["a for CCSL"]
    assert world.where["b"] == NEW


async def test_a_server_that_is_gone_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=OLD, b=OLD)
    world.errors["a"] = RPCError("gone", RPCStatusCode.UNAVAILABLE, b"")
    with pytest.raises(Unreachable, match="gone"):
        await Moving(world, monkeypatch).end()


async def test_a_number_that_does_not_change_any_more_has_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(a=OLD, b=NEW)
    numbers = iter([0, 1, 1, 4, 4, 4, 4])

    async def count(_client: object, wanted: Filter) -> int:
        if wanted.between_builds:
            return 2
        assert wanted.on_build == NEW
        return next(numbers)

    monkeypatch.setattr(finding, "count", count)
    await moving.settled(cast(Client, world), NEW, 2, Stopping())
    assert list(numbers) == []

    stopping = Stopping()
    stopping.ask()
    monkeypatch.setattr(finding, "count", None)
    await moving.settled(cast(Client, world), NEW, 2, stopping)


@pytest.mark.parametrize(("taken_up_at", "waited"), [(5, 5 + 3), (None, 26)])
async def test_who_was_handed_over_is_waited_for_as_long_as_it_may_be_taken_up(
    taken_up_at: int | None, waited: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = cast(Any, moving).time

    def taken_up() -> bool:
        return taken_up_at is not None and clock.monotonic() >= taken_up_at

    async def count(_client: object, wanted: Filter) -> int:
        return int(taken_up() if wanted.on_build else not taken_up())

    monkeypatch.setattr(finding, "count", count)
    await moving.settled(cast(Client, None), NEW, 0, Stopping())
    assert clock.monotonic() == waited
