"""The accounts of `make chaos` say how the record came through its faults, and name what is not in it."""

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chaos import record_accounting
from chaos.accounting import told_by
from chaos.evidence import Evidence
from chaos.faults import Killed, RecordOutage
from chaos.following import Follower
from chaos.journeys import Lived
from chaos.plans import plans
from chaos.record_accounting import Outcome
from domain.personal import Delivery
from record import deliveries, store
from record.database import appending
from record.events import Candidacy
from record.opening import open_record
from tests.record.test_store import events
from tests.waiting import ENOUGH_FOR_ONE_ANSWER, PATIENCE
from trials.mail import Mail

PLAN = plans(1, 1, "chaos1")[0]
WHO = Candidacy(PLAN.workflow_id(PLAN.candidacies[0]), "run-1")
MAIL = Mail("<1@ciac-cert.org>", "a@example.org", "a notice", "worker-0-1", 100.0, answered=True)
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A record with three events of one candidacy, and one notice."""
    url = f"sqlite:///{tmp_path / 'record.db'}"
    engine = open_record(url)
    store.append(engine, WHO, events(3))
    with appending(engine) as pipeline:
        sent = Delivery(about=1, notice="registered", message_id=MAIL.message_id, sent_at=NOON, email=MAIL.to)
        deliveries.keep(pipeline, WHO, [sent])
    engine.dispose()
    return url


def found(count: int, kind: str = "ContactUpdated") -> Evidence:
    """A candidacy with so many events, a second between two."""
    timeline = [
        {"sequence": number, "type": kind, "at": (NOON + timedelta(seconds=number)).isoformat()}
        for number in range(1, count + 1)
    ]
    return Evidence(Lived(PLAN, PLAN.candidacies[0]), "run-1", {}, timeline, {}, [], timeline, [])


async def test_every_mail_that_was_taken_stands_in_the_record_and_no_other_one(url: str) -> None:
    other = dataclasses.replace(MAIL, message_id="<2@ciac-cert.org>")
    assert await record_accounting.of_deliveries(url, [MAIL, MAIL], PATIENCE) == []
    problems = await record_accounting.of_deliveries(url, [MAIL, other], ENOUGH_FOR_ONE_ANSWER)
    assert [str(problem) for problem in problems] == ["lost: the record: 1 mails that were taken are not recorded"]
    problems = await record_accounting.of_deliveries(url, [], PATIENCE)
    assert [str(problem) for problem in problems] == [f"wrong: recorded and not taken: {MAIL.message_id}"]


def test_a_follower_sees_every_event_and_is_told_what_it_missed(url: str) -> None:
    follower = Follower(url)
    assert list(record_accounting.of_follower(follower, [found(3)])) == []
    assert [problem.kind for problem in record_accounting.of_follower(follower, [found(4)])] == ["lost"]
    follower.places = dict(zip(follower.places, (1, 3, 2), strict=True))
    assert [problem.kind for problem in record_accounting.of_follower(follower, [found(3)])] == ["wrong"]


def test_a_record_that_is_not_there_yet_is_looked_at_again(tmp_path: Path) -> None:
    follower = Follower(f"sqlite:///{tmp_path / 'record.db'}")
    follower.look()
    assert follower.appeared == {}


def test_the_outcome_of_a_fault_counts_what_was_decided_and_mailed_meanwhile_and_waits_for_the_last_event() -> None:
    outage = RecordOutage("locked", 100.0, 160.0, NOON + timedelta(seconds=2), NOON + timedelta(seconds=4))
    where = WHO.workflow_id
    appeared = {(where, 1): 90.0, (where, 2): 130.0, (where, 3): 161.0, (where, 4): 167.5, (where, 5): 300.0}
    late = dataclasses.replace(MAIL, message_id="<2@ciac-cert.org>", at=161.0)
    again = dataclasses.replace(MAIL, at=159.0)
    outcome = record_accounting.outcome(outage, [found(5)], [MAIL, again, late], appeared)
    assert outcome == Outcome("locked", 60.0, decided=3, mailed=1, recorded=1, caught_up=7.5)


def test_a_worker_counts_as_killed_between_record_and_mail_if_the_event_was_recorded_before() -> None:
    one = found(1, kind="Registered")
    (message_id, (key, _)), *_ = told_by(one).items()
    count = record_accounting.killed_in_between
    assert count([Killed(message_id, 7)], [one], {key: 7}) == 1
    assert count([Killed(message_id, 6)], [one], {key: 7}) == 0
    assert count([Killed(message_id, None), Killed("<unknown@ciac-cert.org>", 7)], [one], {key: 7}) == 0
