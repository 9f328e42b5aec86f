"""Malformed messages of each kind, over signal and over update: none wedges a candidacy, none vanishes.

Those that differ only in what their payload says are read without a server, in
tests/unit/workflows/test_malformed_messages.py.
"""

import hashlib
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from runtime.embedded import EmbeddedServer
from tests.malformed import ADDRESS, CANDIDATE, SENT, Case
from tests.processes.engine import Engine, Handle, engine
from tests.processes.evidence import assert_nothing_twice, timeline
from tests.processes.messages import DOMAINS, NAME, email, instant, raw, result
from tests.scheme import worker_settings
from tests.waiting import eventually
from worker import build_worker

CANDIDATES = [CANDIDATE, *(f"C-30-{number}" for number in range(1, 4))]
"""Four take turns: a timeline of many refused messages is slow to read."""


@pytest_asyncio.fixture(scope="module")
async def certpath(tmp_path_factory: pytest.TempPathFactory, embedded: EmbeddedServer) -> AsyncIterator[Engine]:
    folder = tmp_path_factory.mktemp("malformed")
    async with (
        engine(folder, embedded, working=False) as running,
        build_worker(running.client, worker_settings(outbox=folder / "outbox")),
    ):
        yield running


@pytest_asyncio.fixture(scope="module")
async def candidacies(certpath: Engine) -> list[Handle]:
    handles = [await certpath.enrol(candidate) for candidate in CANDIDATES]
    for handle in handles:
        await eventually(partial(timeline, handle))
    return handles


@pytest.mark.parametrize(("number", "case"), list(enumerate(SENT)), ids=[case.label for case in SENT])
async def test_it_is_answered_recorded_and_over(candidacies: list[Handle], number: int, case: Case) -> None:
    candidacy = candidacies[number % len(candidacies)]
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await candidacy.execute_update(case.name, args=list(case.payloads))
    told = failed.value.cause
    assert isinstance(told, ApplicationError)
    assert told.type == "InvalidMessage"
    assert told.non_retryable
    case.check_fields([error["field"] for error in told.details[0]["errors"]])

    await candidacy.signal(case.name, args=list(case.payloads))
    # A valid update still answers; that it is accepted shows that the signal asked for attention.
    accepted = await candidacy.execute_update("acknowledge", {"attention": "refused-message", "by": "Pat Lee"})
    assert accepted["events"] == ["AttentionAcknowledged"]
    before, refused, acknowledged = (await timeline(candidacy))[-3:]
    assert acknowledged["sequence"] == accepted["sequence"]
    assert before["type"] != "MessageRefused", "the update left an event"
    assert refused["type"] == "MessageRefused"
    assert refused["code"] == "invalid-message"
    assert refused["from_signal"] is True
    assert refused["message"] == case.name[:100]
    assert refused["sha256"] == hashlib.sha256(case.data).hexdigest()
    case.check_excerpt(refused["excerpt"])
    assert ADDRESS not in json.dumps(refused)


async def test_after_all_of_it_the_candidates_can_still_pass(candidacies: list[Handle]) -> None:
    for candidacy in candidacies:
        accepted = await candidacy.execute_update("record_assessment_result", result(1, DOMAINS[0]))
        assert accepted["events"] == ["AssessmentPassed"]
        assert accepted["duplicate"] is False
        assert (await candidacy.query("status"))["attention"] == []
        assert_nothing_twice(await timeline(candidacy))


async def test_numbers_at_the_edge_are_taken_exactly(certpath: Engine) -> None:
    """How a number is read stands in tests/unit/domain/test_messages.py; here it makes the way to the status."""
    handle = await certpath.enrol("C-3001")
    for domain, percentage, event, shown in (
        (DOMAINS[0], "74.99999999999999999", "AssessmentFailed", "74.99"),
        (DOMAINS[1], '"74.99999999999999999"', "AssessmentFailed", "74.99"),
        (DOMAINS[2], "75.00000000000000000", "AssessmentPassed", "75.00"),
        (DOMAINS[3], "-0", "AssessmentFailed", "0.00"),
    ):
        document = json.dumps(result(DOMAINS.index(domain), domain, percentage="?")).replace('"?"', percentage)
        accepted = await handle.execute_update("record_assessment_result", raw(document.encode()))
        assert accepted["events"] == [event]
        assert (await handle.query("status"))["assessments"][domain]["percentage"] in (shown, None)


async def test_what_breaks_a_rule_is_refused_and_recorded_on_both_channels(certpath: Engine) -> None:
    handle = await certpath.enrol("C-3002", purchase=None)
    too_early = {"domain": DOMAINS[0], "percentage": 60, "taken_at": instant(1)}
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await handle.execute_update("record_self_assessment", too_early)
    told = failed.value.cause
    assert isinstance(told, ApplicationError)
    assert told.type == "Refused"
    assert told.non_retryable
    assert told.details == ({"code": "purchase-not-confirmed"},)
    assert (await handle.query("status"))["attention"] == []
    await handle.signal("record_self_assessment", too_early)

    async def two_refused() -> Any:
        refused = [event for event in await timeline(handle) if event["type"] == "MessageRefused"]
        return refused if len(refused) == 2 else None

    by_update, by_signal = await eventually(two_refused)
    assert (by_update["from_signal"], by_signal["from_signal"]) == (False, True)
    assert by_update["code"] == by_signal["code"] == "purchase-not-confirmed"
    assert by_update["sha256"] == by_signal["sha256"]
    assert (await handle.query("status"))["attention"] == ["refused-message"]


async def test_an_address_shows_in_no_event(certpath: Engine) -> None:
    """Rule 25: not as a value, a field's name, an attention, a message's name, nor cut in the middle."""
    handle = await certpath.enrol("C-3003")
    address = email("C-3003")
    for name, document in (
        ("withdraw", {"resaon": address}),
        ("withdraw", {address: 1}),
        ("withdraw", {"reason": [f"<{address}>"]}),
        ("withdraw", {"pad": "x" * (2048 - 15 - len(address)), "email": address}),
        ("acknowledge", {"attention": address, "by": "Pat Lee"}),
        ("update_contact", {"name": NAME, "email": f"{address}, {address}"}),
        ("update_contact", {"naem": NAME}),
        (address, {}),
    ):
        await handle.signal(name, document)
    await handle.execute_update("update_contact", {"email": f"new.{address}", "name": f"{NAME} II"})
    events = json.dumps(await timeline(handle), ensure_ascii=False)
    assert events.count('"MessageRefused"') == 8
    assert address not in events
    assert NAME not in events
