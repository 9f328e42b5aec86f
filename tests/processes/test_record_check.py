"""`record check --workflows`: the record against what the workflows themselves answer."""

import asyncio
import json
from pathlib import Path

from sqlalchemy import update

from record import store
from record.database import open_database, writing
from record.events import Recorded
from record.tables import CANDIDACIES
from runtime.embedded import EmbeddedServer
from runtime.settings import record_in
from tests.processes.engine import Engine
from tests.processes.here import engine_here
from tests.record.test_store import events
from tests.waiting import eventually


async def test_the_record_is_compared_with_what_the_workflows_answer(embedded: EmbeddedServer, tmp_path: Path) -> None:
    async with engine_here(tmp_path, embedded) as engine:
        for number in (1, 2, 3):
            person = ("--candidate", f"W-{number}", "--name", "Ana Ruiz", "--email", f"ana-{number}@example.org")
            ended = await asyncio.to_thread(engine.starter, "register", *person, "--designation", "CCMA")
            assert ended.code == 0, ended.err
        await eventually(lambda: _compared(engine, 3), "a record that has caught up")
        record = open_database(record_in(engine.folder))
        with writing(record) as connection:
            stands = CANDIDACIES.c.candidate_id == "W-1"
            view = connection.execute(CANDIDACIES.select().where(stands)).one().view
            changed = json.dumps({**json.loads(view), "status": "certified"})
            connection.execute(update(CANDIDACIES).where(stands).values(view=changed))
        inserted = next(kept for kept in store.since(record, 0) if kept.candidacy.workflow_id.endswith("W-2"))
        last = store.of_candidacy(record, inserted.candidacy)[-1].event.sequence
        store.append(record, inserted.candidacy, [Recorded.of(one.event()) for one in events(1, last + 1)])
        record.dispose()
        ended = await asyncio.to_thread(engine.starter, "record", "check", "--workflows")
        assert ended.code == 1
        assert "certification:CCMA:W-1: status differs from what the workflow answers" in ended.out
        wanted = f"certification:CCMA:W-2: the record has {last + 1} events, and the workflow has decided {last}"
        assert wanted in ended.out
        assert "W-3" not in ended.out


async def _compared(engine: Engine, number: int) -> bool:
    ended = await asyncio.to_thread(engine.starter, "record", "check", "--workflows", "--json")
    if ended.code != 0:
        return False
    found = json.loads(ended.out)["workflows"]
    assert not found["differences"]
    return bool(found["compared"] == number)
