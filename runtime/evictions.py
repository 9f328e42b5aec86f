"""Keeps the memory of a worker at what the candidacies take that it holds.

When a worker lets go of a candidacy, the SDK cancels the tasks of it. Their exceptions, frames and futures refer to
each other in circles, so only a full garbage collection of Python frees them. Python begins one by itself when what may
be garbage has grown to a quarter of what is used. By then the memory of the worker has grown too, and it stays so.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowRunner

from runtime.wrapped_runner import WrappedInstance, WrappedRunner

# A full collection takes up to half a second with a thousand candidacies, so it must not come too often.
_PART = 10
_LEAST = 100


class CollectsEvicted(WrappedRunner):
    """Runs workflows in another runner, and collects garbage whenever the worker has let go of a number of them.

    The number is a tenth of those that the worker holds at most, `cached`, and at least a hundred.
    """

    def __init__(self, inner: WorkflowRunner, cached: int) -> None:
        super().__init__(inner)
        self._at = max(cached // _PART, _LEAST)
        self._let_go = 0

    def wrapped(self, instance: WorkflowInstance) -> WorkflowInstance:
        return _Watched(instance, self.let_go)

    def let_go(self) -> None:
        """Counts a run that the worker has let go. Several threads call this; it does not matter if one is missed."""
        self._let_go += 1
        if self._let_go >= self._at:
            self._let_go = 0
            # On a thread of its own, so that the SDK does not take it for a candidacy that cannot be let go.
            threading.Thread(target=gc.collect, name="garbage", daemon=True).start()


class _Watched(WrappedInstance):
    def __init__(self, inner: WorkflowInstance, let_go: Callable[[], None]) -> None:
        super().__init__(inner)
        self._let_go = let_go

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        completion = super().activate(act)
        if any(job.HasField("remove_from_cache") for job in act.jobs):
            self._let_go()
        return completion
