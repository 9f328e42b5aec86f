"""What is seen of a candidacy from outside: its timeline, its build, and its notices in the outbox."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from temporalio.service import RPCError

from domain.notices import WITH_NOTICE
from tests.processes.engine import Engine, Handle
from tests.waiting import eventually


async def timeline(handle: Handle) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = await handle.query("timeline")
    return events


async def taken_up(handle: Handle) -> bool:
    """Whether a worker has taken the candidacy up, so that it answers."""
    try:
        return bool(await timeline(handle))
    except RPCError:
        return False


async def pinned_to(handle: Handle) -> str:
    """The id of the build to which the newest run is pinned; empty while it is pinned to none."""
    described = await handle.describe()
    return described.raw_description.workflow_execution_info.versioning_info.deployment_version.build_id


def types(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def assert_nothing_twice(events: Sequence[dict[str, Any]]) -> None:
    """The events stand in one unbroken sequence from 1."""
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))


def notices(outbox: Path, candidate: str, designation: str = "CCSL") -> list[tuple[int, str]]:
    """The notices in the outbox: the sequence of the event that each is about, and its kind."""
    begins = f"{designation}-{candidate}-"
    found = []
    for path in outbox.glob(f"{begins}*.eml"):
        number, _, rest = path.name.removeprefix(begins).partition("-")
        found.append((int(number), rest.rpartition("-")[0]))
    return sorted(found)


_KINDS = {kind.__name__ for kind in WITH_NOTICE}


def expected_notices(events: Sequence[dict[str, Any]]) -> list[int]:
    """The sequences of the events that the candidate is told of: not of experience that was met on registration.

    A notice that gave way to a newer one about the same subject is not expected (R20).
    """
    registered_at = events[0]["at"]
    gave_way = {event["about"] for event in events if event["type"] == "NoticeSuperseded"}
    return [
        event["sequence"]
        for event in events
        if event["type"] in _KINDS
        and event["sequence"] not in gave_way
        and not (event["type"] == "ExperienceMet" and event["at"] == registered_at)
    ]


async def all_notices(engine: Engine, handle: Handle, candidate: str, designation: str = "CCSL") -> None:
    """Wait for one notice for each event that wants one; there must be no second."""

    async def complete() -> bool:
        wanted = expected_notices(await timeline(handle))
        return len(notices(engine.worker.outbox, candidate, designation)) >= len(wanted)

    await eventually(complete)
    wanted = expected_notices(await timeline(handle))
    assert [number for number, _ in notices(engine.worker.outbox, candidate, designation)] == wanted
