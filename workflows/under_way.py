"""What is under way in a run: messages that have arrived and are not decided, and inquiries that have no answer yet.

The inbox, the alarm clock and the workflow share one `UnderWay`. It knows what must wait for what, so that the three
need not know each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain import rulebook
    from domain.commands import Command
    from domain.inquiries import Inquiry
    from workflows import waits


class UnderWay:
    """The messages and inquiries of one run that are not done yet."""

    def __init__(self) -> None:
        self._messages = 0
        self._inquiries: list[Inquiry] = []

    @property
    def busy(self) -> bool:
        """Whether a message has arrived that is not decided yet, because it waits for its turn or for an answer."""
        return self._messages > 0

    def must_wait(self, command: Command) -> bool:
        """Whether an inquiry is being asked that this command waits for."""
        return any(rulebook.waits(command, inquiry) for inquiry in self._inquiries)

    @property
    def pending(self) -> bool:
        """Whether a message is not decided yet, or an inquiry has no answer yet."""
        return self.busy or bool(self._inquiries)

    @contextmanager
    def message(self) -> Iterator[None]:
        """Use this around the taking of a message."""
        self._messages += 1
        try:
            yield
        finally:
            self._messages -= 1

    @contextmanager
    def inquiry(self, inquiry: Inquiry) -> Iterator[None]:
        """Use this around the asking of an inquiry."""
        self._inquiries.append(inquiry)
        try:
            yield
        finally:
            self._inquiries.remove(inquiry)

    async def until_free(self, command: Command) -> None:
        """Waits until no inquiry is being asked that this command waits for."""
        if self.must_wait(command):
            await waits.until(lambda: not self.must_wait(command))

    async def until_idle(self) -> None:
        """Waits until every message that has arrived is decided."""
        await waits.until(lambda: not self.busy)
