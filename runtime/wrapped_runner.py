"""A workflow runner around another one, for runners that change one thing and leave everything else as it is."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance, WorkflowRunner
from temporalio.workflow import Info


class WrappedRunner(WorkflowRunner):
    """Runs workflows in another runner, and wraps the instance of each run."""

    def __init__(self, inner: WorkflowRunner) -> None:
        self._inner = inner

    @abstractmethod
    def wrapped(self, instance: WorkflowInstance) -> WorkflowInstance:
        """What stands for the instance of a run."""

    def prepare_workflow(self, defn: Any) -> None:
        self._inner.prepare_workflow(defn)

    def set_worker_level_failure_exception_types(self, types: Any) -> None:
        self._inner.set_worker_level_failure_exception_types(types)

    def create_instance(self, det: Any) -> WorkflowInstance:
        return self.wrapped(self._inner.create_instance(det))


class WrappedInstance(WorkflowInstance):
    """Hands every call on to the instance within."""

    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        return self._inner.activate(act)

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._inner.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._inner.get_external_store_context(command_info)

    def get_info(self) -> Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()
