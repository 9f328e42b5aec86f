"""Tells a run that its workflow task brings a cancellation, which the SDK hands over only after the messages.

The SDK has a run take in the signals and updates of a task first, and executes it; then the cancellation, and executes
it again. A run that continued as new because of one of the messages would be over by then: nobody would hear of the
cancellation, and the next run would know nothing of it. So a run asks here before it ends.

Whether a cancellation comes depends on nothing but what the task brings, so every replay gets the same answer.

The SDK also has an internal flag, off by default, with which a run takes in everything before it is executed. Then the
run hears of the cancellation by itself, and `is_coming` says no. What else that flag changes: `workflows/waits.py`.
"""

from __future__ import annotations

import threading

from temporalio import workflow
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance

from runtime.wrapped_runner import WrappedInstance, WrappedRunner


class _Task(threading.local):
    """The task that this thread executes. A thread executes one at a time, from its beginning to its end."""

    brings_cancellation = False


_task = _Task()


def is_coming() -> bool:
    """Whether this workflow task brings a cancellation that the run has not taken in yet."""
    return _task.brings_cancellation and workflow.cancellation_reason() is None


class AnnouncesCancellations(WrappedRunner):
    """Runs workflows in another runner, and knows for each task whether it brings a cancellation."""

    def wrapped(self, instance: WorkflowInstance) -> WorkflowInstance:
        return _Announcing(instance)


class _Announcing(WrappedInstance):
    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        _task.brings_cancellation = any(job.HasField("cancel_workflow") for job in act.jobs)
        try:
            return super().activate(act)
        finally:
            _task.brings_cancellation = False
