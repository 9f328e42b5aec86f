"""What comes before, beside or against the life of a candidacy: early messages, malformed starts, cancellation."""

import asyncio
import json
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowFailureError, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from tests.waiting import eventually
from tests.workflows.journeys import DOMAINS, Candidate, World, local


async def test_messages_sent_before_the_worker_runs_are_taken_in_the_order_of_their_arrival(idle_world: World) -> None:
    world = idle_world
    candidate = world.candidate("CCMA")
    await candidate.start()
    taken_at = (await world.now()).isoformat()
    await candidate.signal("confirm_purchase", reference="INV-1", purchased_at=taken_at)
    for number, domain in enumerate(DOMAINS):
        await candidate.signal(
            "record_assessment_result", result_id=f"R-{number}", domain=domain, taken_at=taken_at, percentage="70"
        )
    await candidate.signal("suspend", reason="a complaint", by="M. Vogel")
    await candidate.signal("reinstate", reason="unfounded", by="M. Vogel")
    async with world.worker():
        await candidate.has("Reinstated")
        expected = [
            "Registered",
            "PurchaseConfirmed",
            *["AssessmentPassed"] * 4,
            "Certified",
            "Suspended",
            "Reinstated",
        ]
        assert await candidate.types() == expected
        assert await candidate.attention() == []


async def test_an_update_before_the_worker_runs_waits_for_the_registration(idle_world: World) -> None:
    world = idle_world
    candidate = world.candidate()
    await candidate.start()
    waiting = asyncio.create_task(candidate.send("confirm_purchase", reference="INV-1"))
    await asyncio.sleep(0.2)
    async with world.worker():
        receipt = await waiting
    assert (receipt["events"], receipt["status"], receipt["sequence"]) == (["PurchaseConfirmed"], "testing", 2)


async def test_a_burst_of_long_unreadable_signals_is_taken_in_one_task(idle_world: World) -> None:
    # A task that takes two seconds of CPU fails as a deadlock, again and again: each message must be cheap.
    world = idle_world
    candidate = world.candidate()
    await candidate.start()
    await asyncio.gather(*(candidate.handle.signal("withdraw", f"{number}".ljust(4000, "y")) for number in range(150)))
    async with world.worker():
        await candidate.has("MessageRefused", 150)
        assert (await candidate.status())["status"] == "awaiting_purchase"


# --- malformed starts


def _registration(**changes: Any) -> dict[str, Any]:
    return {"candidate_id": "C-1001", "name": "Ana", "email": "ana@example.org", "designation": "CCSL"} | changes


def _raw(data: bytes, encoding: bytes = b"json/plain") -> RawValue:
    return RawValue(Payload(metadata={"encoding": encoding}, data=data))


MALFORMED: list[tuple[str, list[Any], str]] = [
    ("no input", [], "payload"),
    ("two inputs", [_registration(), _registration()], "payload"),
    ("broken JSON", [_raw(b'{"candidate_id": ')], "payload"),
    ("no JSON at all", [_raw(b"\x00\xff", b"binary/plain")], "payload"),
    ("a list", [[1, 2]], "payload"),
    ("null", [None], "payload"),
    ("a field twice", [_raw(b'{"candidate_id": "C-1001", "candidate_id": "C-1001"}')], "candidate_id"),
    ("a missing field", [{"candidate_id": "C-1001", "designation": "CCSL"}], "email"),
    ("a misspelt field", [_registration(mail="x")], "mail"),
    ("another candidate's id", [_registration(candidate_id="C-9")], "candidate_id"),
    ("another designation than the id says", [_registration(designation="CCMA")], "designation"),
    ("a designation in another case", [_registration(designation="ccsl")], "designation"),
    ("another candidate's id beside a day in the future",
     [_registration(candidate_id="C-9", experience={"role": "x", "started_on": "2099-01-01"})], "candidate_id"),
    ("an instant in the future", [_registration(purchase={"reference": "I", "purchased_at": "2099-01-01T00:00:00Z"})],
     "purchase.purchased_at"),
    ("a day in the future", [_registration(experience={"role": "x", "started_on": "2099-01-01"})],
     "experience.started_on"),
    ("a lower designation that does not lead here",
     [_registration(advances_from={"designation": "CCMA", "workflow_id": "certification:CCMA:C-1001"})],
     "advances_from.designation"),
    ("somebody else's lower certificate",
     [_registration(advances_from={"designation": "CCMC", "workflow_id": "certification:CCMC:C-9"})],
     "advances_from.workflow_id"),
]  # fmt: skip


async def _fails_as_invalid(world: World, candidate: Candidate) -> ApplicationError:
    with world.environment.auto_time_skipping_disabled(), pytest.raises(WorkflowFailureError) as failed:
        await candidate.handle.result()
    cause = failed.value.cause
    assert isinstance(cause, ApplicationError)
    assert (cause.type, cause.non_retryable) == ("InvalidMessage", True)
    return cause


async def test_a_start_that_is_no_registration_fails_at_once_and_says_why(world: World) -> None:
    for why, payloads, field in MALFORMED:
        candidate = world.candidate()
        await candidate.start_raw(*payloads)
        cause = await _fails_as_invalid(world, candidate)
        fields = [problem["field"] for problem in cause.details[0]["errors"]]
        assert field in fields, (why, cause.details)
        assert "ana@example.org" not in json.dumps(cause.details)


async def test_an_unknown_designation_fails_and_lists_those_there_are(world: World) -> None:
    candidate = world.candidate("CCXX")
    await candidate.start()
    cause = await _fails_as_invalid(world, candidate)
    assert "CCSL, CCOM, CCMA, CCMC" in cause.details[0]["errors"][0]["problem"]


@pytest.mark.parametrize(("designation", "field"), [("CCSL", "payload"), ("CCXX", "designation")])
async def test_messages_that_wait_for_an_invalid_registration_are_answered_with_its_errors(
    idle_world: World, designation: str, field: str
) -> None:
    world = idle_world
    candidate = world.candidate(designation)
    payloads: list[Any] = [] if designation == "CCSL" else [candidate.registration()]
    await candidate.start_raw(*payloads)
    await candidate.signal("withdraw")
    await candidate.signal("no_such_message")
    waiting = asyncio.create_task(candidate.send("confirm_purchase", reference="INV-1"))
    await asyncio.sleep(0.2)
    async with world.worker():
        await _fails_as_invalid(world, candidate)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await waiting
    cause = refused.value.cause
    assert isinstance(cause, ApplicationError)
    assert cause.type == "InvalidMessage"
    assert cause.message.startswith("registration is invalid: ")
    assert [error["field"] for error in cause.details[0]["errors"]] == [field]


# --- cancellation


async def test_cancelling_a_candidacy_withdraws_it(world: World) -> None:
    candidate = await world.registered()
    await candidate.handle.cancel()
    assert await candidate.ended() == "withdrawn"
    closed = await candidate.last("CandidacyClosed")
    assert "cancelled" in closed["reason"]


@pytest.mark.usefixtures("_either_order")
async def test_cancelling_before_the_registration_withdraws_too(idle_world: World) -> None:
    world = idle_world
    candidate = world.candidate()
    await candidate.start()
    await candidate.handle.cancel()
    async with world.worker():
        assert await candidate.ended() == "withdrawn"


async def test_a_holder_is_not_cancelled_and_lives_on(world: World) -> None:
    # What follows, a new run, is tested on the real server: this one cannot continue a run that was cancelled.
    holder = await world.holder()
    await holder.handle.cancel()
    await holder.has("MessageRefused")
    assert await holder.attention() == ["cancel-refused"]
    assert (await holder.status())["status"] == "certified"
    await holder.send("acknowledge", attention="cancel-refused", by="M. Vogel")
    await world.until(local("2042-03-01"))
    assert (await holder.evidence("E-1", "2041-05-05"))["status"] == "recertifying"
    assert await holder.attention() == ["review-waiting"]


@pytest.mark.usefixtures("_either_order")
async def test_a_cancellation_beside_a_slow_handler_loses_nothing(world: World) -> None:
    holder = await world.holder()
    await holder.signal("update_contact", email="new@example.org")
    await holder.handle.cancel()
    await holder.signal("suspend", reason="a complaint", by="M. Vogel")

    async def both() -> bool:
        types = await holder.types()
        return {"ContactUpdated", "MessageRefused", "Suspended"} <= set(types)

    await eventually(both, "all three are taken")
