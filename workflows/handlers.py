"""A signal and an update for every message of the contract, made from its vocabulary: none can drift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from domain.commands import MESSAGES
    from workflows.desk import MessageDesk

_UNKNOWN = "any other name: it is refused"


class AtTheDesk:
    """A workflow whose messages are taken at a desk."""

    desk: MessageDesk

    @workflow.signal(dynamic=True, description=_UNKNOWN)
    async def on_unknown_signal(self, name: str, payloads: Sequence[RawValue]) -> None:
        """A signal of a name that no message has: refused, and on the timeline."""
        await self.desk.take_signal(name, payloads)

    @workflow.update(dynamic=True, description=_UNKNOWN)
    async def on_unknown_update(self, name: str, payloads: Sequence[RawValue]) -> dict[str, Any]:
        """An update of a name that no message has: its validator says so."""
        return await self.desk.take_update(name, payloads)

    @on_unknown_update.validator
    def validate_unknown_update(self, name: str, payloads: Sequence[RawValue]) -> None:
        self.desk.validate(name, payloads)


AWorkflow = TypeVar("AWorkflow", bound=type[AtTheDesk])


def takes_messages(workflow_class: AWorkflow) -> AWorkflow:
    """Gives the class its handlers. Handlers set at run time can have no description, which the UI's form shows."""
    for name, kind in MESSAGES.items():
        for handler in _handlers(name, kind.help()):
            setattr(workflow_class, handler.__name__, handler)
    return workflow_class


def _handlers(name: str, description: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Takes a message as signal and as update under one name, whatever number of payloads it carries."""

    async def on_signal(self: AtTheDesk, *payloads: RawValue) -> None:
        await self.desk.take_signal(name, payloads)

    async def on_update(self: AtTheDesk, *payloads: RawValue) -> dict[str, Any]:
        return await self.desk.take_update(name, payloads)

    def validate(self: AtTheDesk, *payloads: RawValue) -> None:
        self.desk.validate(name, payloads)

    on_signal.__name__, on_update.__name__ = f"on_signal_{name}", f"on_update_{name}"
    update = workflow.update(name=name, description=description)(on_update)
    update.validator(validate)
    return workflow.signal(name=name, description=description)(on_signal), update
