"""The handlers: a signal and an update for every message of the contract, made from `MESSAGES`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain.commands import MESSAGES
    from workflows.inbox import Inbox

_UNKNOWN = "any other name: it is refused"


class WithInbox:
    """A workflow that hands its messages to an inbox."""

    inbox: Inbox

    @workflow.signal(dynamic=True, description=_UNKNOWN)
    async def on_unknown_signal(self, name: str, payloads: Sequence[RawValue]) -> None:
        """Takes a signal whose name is unknown: it is refused and recorded on the timeline."""
        await self.inbox.take_signal(name, payloads)

    @workflow.update(dynamic=True, description=_UNKNOWN)
    async def on_unknown_update(self, name: str, payloads: Sequence[RawValue]) -> dict[str, Any]:
        """Takes an update whose name is unknown: the validator rejects it before this runs."""
        return await self.inbox.take_update(name, payloads)

    @on_unknown_update.validator
    def validate_unknown_update(self, name: str, payloads: Sequence[RawValue]) -> None:
        self.inbox.validate(name, payloads)


AWorkflow = TypeVar("AWorkflow", bound=type[WithInbox])


def takes_messages(workflow_class: AWorkflow) -> AWorkflow:
    """Gives the workflow class its handlers. Handlers set at run time cannot have the description that the UI shows."""
    for name, kind in MESSAGES.items():
        for handler in _handlers(name, kind.help()):
            setattr(workflow_class, handler.__name__, handler)
    return workflow_class


def _handlers(name: str, description: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The signal and the update of one message. Both take any number of payloads, to explain a wrong number."""

    async def on_signal(self: WithInbox, *payloads: RawValue) -> None:
        await self.inbox.take_signal(name, payloads)

    async def on_update(self: WithInbox, *payloads: RawValue) -> dict[str, Any]:
        return await self.inbox.take_update(name, payloads)

    def validate(self: WithInbox, *payloads: RawValue) -> None:
        self.inbox.validate(name, payloads)

    on_signal.__name__, on_update.__name__ = f"on_signal_{name}", f"on_update_{name}"
    update = workflow.update(name=name, description=description)(on_update)
    update.validator(validate)
    return workflow.signal(name=name, description=description)(on_signal), update
