"""The sender of `make drill` takes a closed candidacy for an answer, and one that was never there for a fault."""

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from drill.lives import Life
from drill.sending import Sender
from drill.stages import STAGES
from drill.steps import WITHDRAW, Part

PATIENCE = 20
CLOSES = next(stage for stage in STAGES if WITHDRAW in stage.plot.get(Part.BACK, ()))


async def closed(client: Client, candidate_id: str) -> Life:
    """A candidacy that has closed, without a worker that could answer for it."""
    life = Life(CLOSES, candidate_id)
    handle = await client.start_workflow("Anything", id=life.workflow_id, task_queue="nobody-works-here")
    await handle.terminate()
    return life


@pytest.mark.parametrize("way", ["update", "update twice", "signal and update"])
async def test_a_message_repeated_to_a_candidacy_that_has_closed_meanwhile_is_not_waited_for(
    client: Client, way: str
) -> None:
    sender, life = Sender(client, PATIENCE), await closed(client, f"closed-{way.replace(' ', '-')}")
    sent = await sender.send(life, WITHDRAW, Part.BACK, way)
    assert (sent.receipt, sent.refused, life.faults) == (None, None, [])


async def test_a_message_to_a_candidacy_that_was_never_there_is_a_fault(client: Client) -> None:
    sender = Sender(client, PATIENCE)
    for way in ("update", "signal"):
        with pytest.raises(RPCError) as caught:
            await sender.send(Life(CLOSES, "never"), WITHDRAW, Part.BACK, way)
        assert caught.value.status is RPCStatusCode.NOT_FOUND
