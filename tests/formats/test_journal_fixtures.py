"""Payloads of continue-as-new of every age: they load, lose nothing, and go on by their alarms to the end."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client

from domain import rulebook
from domain.commands import RingAlarm
from tests.scheme import worker_settings
from tests.waiting import eventually
from tests.workflows.journeys import Candidate
from tests.workflows.seeds import seed_worker, sow, take
from worker import build_worker
from workflows.journal import Journal

FOLDER = Path(__file__).parent / "journals"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
ENDS = {
    "awaiting-purchase": "abandoned",
    "refused-message": "timed_out",
    "testing": "timed_out",
    "revise": "timed_out",
    "settling": "timed_out",
}


def read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return document


def _kept(old: Any, new: Any, path: str = "") -> None:
    """Everything that the old payload says, the new one says too; it may say more."""
    if isinstance(old, dict):
        for key, value in old.items():
            assert key in new, f"{path}.{key} is lost"
            _kept(value, new[key], f"{path}.{key}")
    elif isinstance(old, list):
        assert len(old) == len(new), path
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            _kept(before, after, f"{path}[{index}]")
    else:
        assert old == new, path


@pytest.mark.parametrize("name", NAMES)
def test_a_journal_of_any_age_loads_and_loses_nothing(name: str) -> None:
    document = read(name)
    _kept(
        {name: value for name, value in document.items() if name != "rules"}, Journal.model_validate(document).carried()
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_journal_of_any_age_goes_on_by_its_alarms_to_the_end(name: str) -> None:
    journal = Journal.model_validate(read(name))
    now = journal.events[-1].at
    years = 0.0
    for _ in range(200):
        alarm = rulebook.next_alarm(journal.state)
        if alarm is None:
            break
        assert alarm.at >= now - timedelta(days=1)
        now = max(now, alarm.at)
        take(journal, RingAlarm(kind=alarm.kind, due=alarm.at), now)
        # A run is handed over anywhere on the way.
        journal = Journal.model_validate(json.loads(json.dumps(journal.carried())))
        years = (now - journal.state.registered_at).days / 365
    assert years < 10
    sequences = [event.sequence for event in journal.events]
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    if name in ("held", "under-review"):
        assert journal.state.attention, "it waits for a person, and says so"
        assert journal.state.closed is None
    else:
        certified = journal.state.certificate is not None
        assert journal.state.closed == ("expired" if certified else ENDS[name])


async def test_the_engine_goes_on_with_every_journal(client: Client, tmp_path: Path) -> None:
    assert set(NAMES) >= {"certified", "recertifying", "held", "grace", "lapsed", "suspended", "testing"}
    async with seed_worker(client), build_worker(client, worker_settings(outbox=tmp_path)):
        await asyncio.gather(*(_goes_on(client, name) for name in NAMES))


async def _goes_on(client: Client, name: str) -> None:
    document = read(name)
    # Under an id of its own, for the server is shared.
    candidate = Candidate(client, document["state"]["designation"], f"fixture-{name}")
    await sow(candidate, document)

    async def taken_up() -> bool:
        return bool((await candidate.status())["sequence"] >= document["state"]["sequence"])

    await eventually(taken_up, f"{name} is taken up")
