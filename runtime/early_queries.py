"""Forgets a run that a query may have carried further than its history, so that its history can be replayed.

A query that comes while no workflow task waits is sent to a worker by itself. It may reach one late, for example after
the worker that had the run in its memory was killed. The SDK then replays the history as it is by now. If a workflow
task has come to wait meanwhile, that history ends with what the task will bring, such as the answer of an activity. The
SDK lets the workflow take it in before it answers the query: at the time of the task before, and without the messages
that may still come until the waiting task begins. It keeps the run like that. When the task comes, the run takes in
only the messages. A replay of that task takes in the messages first, so it gives the commands in another order, and the
candidacy would be stuck for good.

The answer of the query is good, but the run must not live on. So it is forgotten as soon as the query is answered, and
the waiting task replays the history from its beginning.
"""

from __future__ import annotations

from collections.abc import Callable

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowRunner

from runtime.wrapped_runner import WrappedInstance, WrappedRunner

_SENT_BY_ITSELF = "legacy_query"
"""The id that the SDK gives to a query which came without a workflow task."""


class ForgetsRunsAhead(WrappedRunner):
    """Runs workflows in another runner, and calls `forget` with the id of a run that may be ahead of its history."""

    def __init__(self, inner: WorkflowRunner, forget: Callable[[str], None]) -> None:
        super().__init__(inner)
        self._forget = forget

    def wrapped(self, instance: WorkflowInstance) -> WorkflowInstance:
        return _Watched(instance, self._forget)


class Watch:
    """Watches what a run in this worker's memory is activated for.

    The SDK does not say whether an activation belongs to a workflow task or to a query. But time is the beginning of
    the newest workflow task. So a run that takes in something new while its time stands still does it for a query.

    The waiting task may also have begun, in a worker that was killed in the middle of it. Then the time moves. So a run
    that was replayed, and takes in something new with the same activation or the next one, may do it for a query as
    well. If it did it for a workflow task, it is replayed once more than necessary.
    """

    def __init__(self) -> None:
        self._time: int | None = None
        self._was_replayed = False
        self._may_be_ahead = False

    def may_be_ahead(self, activation: WorkflowActivation) -> bool:
        """Whether this activation is a query that came by itself, and the run may have run ahead for it.

        Must be called for each activation of the run.
        """
        queries = [job.query_workflow.query_id for job in activation.jobs if job.HasField("query_workflow")]
        if not queries:
            self._takes_something_in(activation)
        if _SENT_BY_ITSELF not in queries:
            return False
        ahead = self._may_be_ahead
        self._may_be_ahead = self._was_replayed = False
        return ahead

    def _takes_something_in(self, activation: WorkflowActivation) -> None:
        time = activation.timestamp.ToNanoseconds()
        self._may_be_ahead = not activation.is_replaying and (self._was_replayed or time == self._time)
        self._was_replayed, self._time = activation.is_replaying, time


class _Watched(WrappedInstance):
    def __init__(self, inner: WorkflowInstance, forget: Callable[[str], None]) -> None:
        super().__init__(inner)
        self._forget = forget
        self._watch = Watch()

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        if self._watch.may_be_ahead(act):
            # Before the query is answered: the SDK then gives the run no other task, but answers, and forgets it.
            self._forget(act.run_id)
        return super().activate(act)
