"""The sender of `make chaos` takes a closed candidacy for an answer, and one that was never there for a fault."""

from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from chaos.plans import Step
from chaos.sending import Handle, Sender, Sent

WITHDRAWAL = Sent(Step("withdraw", {}, ("Withdrawn",)), "m-1", "signal and update")


async def closed(client: Client) -> Handle:
    handle = await client.start_workflow("Anything", id=f"closed:{uuid4()}", task_queue="nobody-works-here")
    await handle.terminate()
    return handle


async def test_a_message_repeated_to_a_candidacy_that_has_closed_meanwhile_is_not_a_fault(client: Client) -> None:
    sender, handle = Sender(client, patience=20), await closed(client)
    await sender.signal(handle, WITHDRAWAL)
    assert await sender.update(handle, WITHDRAWAL) == WITHDRAWAL


async def test_a_message_to_a_candidacy_that_was_never_there_is_a_fault(client: Client) -> None:
    sender, handle = Sender(client, patience=20), client.get_workflow_handle(f"never:{uuid4()}")
    for attempt in (sender.signal, sender.update):
        with pytest.raises(RPCError) as caught:
            await attempt(handle, WITHDRAWAL)
        assert caught.value.status is RPCStatusCode.NOT_FOUND
