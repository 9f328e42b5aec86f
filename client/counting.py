"""How many candidacies Temporal counts, asked once and without Temporal's client, which takes long to load."""

from temporalio.api.workflowservice.v1 import CountWorkflowExecutionsRequest
from temporalio.service import RPCError

from client.errors import BadInput, Unreachable
from client.list_language import Filter, query
from client.rpc_errors import about_filter
from runtime.connection import CannotConnect, service, silent_runtime
from runtime.settings import SettingsError


async def count(wanted: Filter) -> int:
    """How many the filter finds, at the server that the environment or `temporal.toml` names.

    Raises `BadInput` where the settings cannot be used, `Unreachable` where no server answers within 10 seconds, and as
    `finding.count` does. Where the namespace does not exist, counting fails too.
    """
    text = query(wanted)
    try:
        server = await service(silent_runtime())
        asked = CountWorkflowExecutionsRequest(namespace=server.namespace, query=text)
        return (await server.calls.count_workflow_executions(asked, retry=True)).count
    except SettingsError as error:
        raise BadInput(str(error)) from error
    except CannotConnect as error:
        raise Unreachable(str(error)) from error
    except RPCError as error:
        raise about_filter(error, text) from error
