"""The trials compare the record with the timelines: whatever is lost, doubled or changed is named."""

from pathlib import Path

import pytest

from record import store
from record.database import writing
from record.opening import open_record
from record.tables import EVENTS
from tests.record.test_store import ANA, BEN, events
from tests.waiting import ENOUGH_FOR_ONE_ANSWER, PATIENCE
from trials.recorded import Shown, Timelines, compare

SHOWN: Timelines = {who.workflow_id: [Shown(number, "ContactUpdated") for number in (1, 2, 3)] for who in (ANA, BEN)}


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'record.db'}"
    engine = open_record(url)
    for who in (ANA, BEN):
        store.append(engine, who, events(3))
    engine.dispose()
    return url


async def named(url: str, shown: Timelines = SHOWN, seconds: float = PATIENCE) -> list[str]:
    """The kinds of all differences, after so many seconds at most for what is not recorded yet."""
    return [problem.kind for problem in await compare(url, shown, seconds)]


async def test_a_whole_record_has_no_difference(url: str) -> None:
    assert await named(url) == []


async def test_an_event_that_is_not_recorded_is_lost_and_one_too_many_is_wrong(url: str) -> None:
    longer = {**SHOWN, ANA.workflow_id: [*SHOWN[ANA.workflow_id], Shown(4, "Withdrawn")]}
    assert await named(url, longer, ENOUGH_FOR_ONE_ANSWER) == ["lost", "wrong"]
    assert await named(url, {ANA.workflow_id: SHOWN[ANA.workflow_id][:2]}) == ["wrong"]


async def test_an_event_that_somebody_has_changed_is_wrong(url: str) -> None:
    engine = open_record(url)
    with writing(engine) as connection:
        connection.exec_driver_sql("DROP TRIGGER events_no_update")
        connection.execute(EVENTS.update().where(EVENTS.c.position == 2).values(body='{"changed":["email"]}'))
    engine.dispose()
    assert await named(url) == ["wrong"]
