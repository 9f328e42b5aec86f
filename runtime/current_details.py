"""Current details that a workflow writes when somebody looks at them, and not at each change.

The Temporal UI asks for them with the SDK's own query for a workflow's metadata. Nothing else reads them and no history
has them. To write them at each change would be a third of the work that a worker does for a candidacy.
"""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from temporalio import workflow
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.worker import (
    HandleQueryInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)


@runtime_checkable
class Describing(Protocol):
    """A workflow that writes its current details itself."""

    def current_details(self) -> str:
        """The current details, as markdown. Called in a query, so nothing may be changed."""


class DetailsWhenAsked(Interceptor):
    """Gives a worker's workflows that are `Describing` their current details."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    async def handle_query(self, input: HandleQueryInput) -> Any:
        answer = await super().handle_query(input)
        if isinstance(answer, WorkflowMetadata):
            running = workflow.instance()
            if isinstance(running, Describing):
                answer.current_details = running.current_details()
        return answer
