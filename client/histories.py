"""What Temporal still has of a person: the runs of her workflows. Their histories hold names, addresses and texts.

They are deleted once the record has erased the person. Otherwise Temporal would show them until the retention of the
namespace is over, which may be years after the erasure.
"""

from collections.abc import Iterable

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from client import list_language, rpc_errors, scheme
from client.candidacy import Candidacy, is_open
from client.errors import NotFound
from domain.identity import read_workflow_id


def candidacies(candidate_id: str, known: Iterable[str]) -> list[Candidacy]:
    """Every candidacy that this person may have: under these workflow ids, and for each designation of the scheme.

    Temporal may have one that is recorded nowhere: a registration that was invalid has name and address in its history.
    """
    codes = [read_workflow_id(one).designation for one in known]
    return [Candidacy(candidate_id, code) for code in dict.fromkeys([*codes, *scheme.titles()])]


async def running(client: Client, candidacies: Iterable[Candidacy]) -> list[Candidacy]:
    """Those whose workflow still runs: they are open, or have something to send or to record. Raises `Unreachable`."""
    found = []
    for one in candidacies:
        try:
            if is_open(await one.describe(client)):
                found.append(one)
        except NotFound:
            continue
    return found


async def runs(client: Client, candidacies: Iterable[Candidacy]) -> list[tuple[str, str]]:
    """The runs of these candidacies that have ended, each with its workflow id and its run id. Raises `Unreachable`."""
    return [run for one in candidacies for run in await _ended(client, one)]


async def delete(client: Client, runs: Iterable[tuple[str, str]]) -> None:
    """Deletes these runs. Temporal does so within a minute after it has answered. Safe to repeat.

    Raises `Unreachable`, and `MisusedCall` where Temporal does not allow it.
    """
    for workflow_id, run_id in runs:
        execution = WorkflowExecution(workflow_id=workflow_id, run_id=run_id)
        request = DeleteWorkflowExecutionRequest(namespace=client.namespace, workflow_execution=execution)
        try:
            await client.workflow_service.delete_workflow_execution(request, retry=True)
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise rpc_errors.explained(error) from error


async def _ended(client: Client, one: Candidacy) -> list[tuple[str, str]]:
    with rpc_errors.explaining():
        found = client.list_workflows(list_language.ended_runs(one.workflow_id))
        return [(run.id, run.run_id) async for run in found]
