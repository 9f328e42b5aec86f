"""What an error means for one item of a bulk act: a server is asked whether it has a worker."""

import pytest
from temporalio.client import Client

from client.bulk.act import outcome_of
from client.bulk.outcomes import Kind, Outcome
from client.errors import (
    ClientError,
    Closed,
    FieldError,
    InvalidFields,
    MisusedCall,
    NotFound,
    NoWorker,
    Refused,
    Unreachable,
)
from runtime.embedded import EmbeddedServer
from tests.namespaces import new_namespace

ID = "certification:CCSL:C-1"


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (NotFound("no such one", ID), Outcome(Kind.UNKNOWN, "no such one")),
        (Closed("over", ID, "withdrawn"), Outcome(Kind.CLOSED, "over")),
        (Refused("C-1 for CCSL: refused, no", reason="no"), Outcome(Kind.REFUSED, "no")),
        (
            InvalidFields("mistakes:", [FieldError("name", "is empty")]),
            Outcome(Kind.FAILED, "mistakes: name: is empty"),
        ),
    ],
)
async def test_a_refusal_is_one_items(client: Client, error: ClientError, outcome: Outcome) -> None:
    assert await outcome_of(client, error) == outcome


async def test_a_dead_server_or_no_worker_at_all_is_everybodys(embedded: EmbeddedServer) -> None:
    # In a namespace of its own: the shared one remembers the workers of other tests.
    client = await new_namespace(embedded)
    for error in (Unreachable("gone"), NoWorker("nobody"), MisusedCall("too long")):
        with pytest.raises(type(error)):
            await outcome_of(client, error)
