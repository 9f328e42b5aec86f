"""The bench compares like with like: its bare workflow takes Certpath's messages and does what it is told."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from temporalio.client import Client
from temporalio.worker import Worker

from bench import bare, journey
from bench.shape import Shape, Step
from domain.commands import MESSAGES
from domain.messages import parse_message


def test_the_journey_is_made_of_messages_of_the_contract() -> None:
    sent = {name for name, _ in journey.messages("C-1", datetime.now(UTC))}
    assert sent == set(bare.MESSAGES)
    assert sent <= set(MESSAGES)


async def test_the_bare_workflow_takes_the_same_messages_and_does_what_it_is_told(client: Client) -> None:
    steps = [Step(3, [["CertificationStatus", "NextDeadline"]]), *(Step(1, [["AssessmentsPassed"]]) for _ in range(5))]
    shape = Shape([*steps, Step(2, [["CertificationStatus"], ["NeedsAttention"]])])
    with ThreadPoolExecutor(2) as executor:
        async with Worker(
            client,
            task_queue=bare.QUEUE,
            workflows=[bare.BareJourney],
            activities=[bare.do_nothing],
            activity_executor=executor,
        ):
            recorded, history = await journey.recorded(client, journey.bare_like(shape), "C-bench")
    assert recorded == shape
    assert sum(event.HasField("timer_started_event_attributes") for event in history) == 1
    assert sum(event.HasField("workflow_execution_update_completed_event_attributes") for event in history) == 6


def test_every_message_of_the_journey_parses() -> None:
    for name, payload in journey.messages("C-1", datetime.now(UTC)):
        assert parse_message(name, json.dumps(payload).encode()).message_id
