"""Spares a worker the contexts of payloads where nobody uses them.

The SDK enters the sandbox of a workflow two or three times for each payload of it, only to ask in which context the
payload is encoded or decoded. That is a fifth of what a worker computes in Python. Only a codec or an external store
makes use of the answer; a codec that encrypts with a key for each person will.
"""

from __future__ import annotations

from temporalio.converter import DataConverter, StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowRunner

from runtime.wrapped_runner import WrappedInstance, WrappedRunner


def only_if_used(runner: WorkflowRunner, converter: DataConverter) -> WorkflowRunner:
    """The runner for a worker with this converter: without contexts, unless it has a codec or an external store."""
    if converter.payload_codec is None and converter.external_storage is None:
        return _WithoutContexts(runner)
    return runner


class _WithoutContexts(WrappedRunner):
    def wrapped(self, instance: WorkflowInstance) -> WorkflowInstance:
        return _WithoutContext(instance)


class _WithoutContext(WrappedInstance):
    def get_serialization_context(self, command_info: object) -> None:
        return None

    def get_external_store_context(self, command_info: object) -> StorageDriverStoreContext:
        return StorageDriverStoreContext(target=None)
