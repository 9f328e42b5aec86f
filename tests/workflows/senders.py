"""Many senders that write to one candidacy at the same time."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from tests.workflows.journeys import Candidate


@dataclass
class Senders:
    """People and feeds that all write to one candidate at once, and send again what was not answered."""

    candidate: Candidate
    receipts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    retries: int = 0
    # The server takes ten updates of one workflow at a time, and turns the eleventh away.
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(8))

    async def update(self, message_id: str, message: str, /, **payload: Any) -> None:
        async with self._turns:
            await self._update(message_id, message, payload)

    async def _update(self, message_id: str, message: str, payload: dict[str, Any]) -> None:
        for _ in range(20):
            try:
                receipt = await self.candidate.send(message, **payload, message_id=message_id)
            except (WorkflowUpdateFailedError, RPCError) as error:
                # The failure that a sender may see: the run ended beside the update. The same again is safe.
                if not _run_ended(error):
                    raise
            else:
                self.receipts.setdefault(message_id, []).append(receipt)
                return
            self.retries += 1
        raise AssertionError(f"{message_id} was never answered")

    async def contact(self, number: int) -> None:
        """Each is a change of its own, so taking it twice would show."""
        await self.update(f"update-{number}", "update_contact", name=f"Ana of update {number}")

    async def contact_signal(self, number: int) -> None:
        name, message_id = f"Ana of signal {number}", f"signal-{number}"
        await self.candidate.signal("update_contact", name=name, message_id=message_id)

    async def all_at_once(self, count: int, *others: Any, first: int = 0) -> None:
        """Every update is sent twice and every signal twice, all side by side; the others somewhere in between.

        `first`: the number of the first message. Messages of the same number are the same.
        """
        numbers = range(first, first + count)
        work = [self.contact(number) for number in numbers for _ in range(2)]
        work += [self.contact_signal(number) for number in numbers for _ in range(2)]
        work[len(work) // 3 : len(work) // 3] = others
        await asyncio.gather(*work)

    async def check(self, count: int) -> None:
        """Every message stands on the timeline once, and every receipt says so."""
        await self.candidate.has("ContactUpdated", 2 * count)
        timeline = await self.candidate.timeline()
        assert [entry["type"] for entry in timeline].count("ContactUpdated") == 2 * count
        sequences = [entry["sequence"] for entry in timeline]
        assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
        events = {entry["sequence"]: entry["type"] for entry in timeline}
        for number in range(count):
            first, second = self.receipts[f"update-{number}"]
            assert {**first, "duplicate": None} == {**second, "duplicate": None}
            assert [first["events"], events[first["sequence"]]] == [["ContactUpdated"], "ContactUpdated"]
            # Where an answer was lost, both senders may hold the receipt of a message that was known already.
            assert first["duplicate"] or second["duplicate"]
        first_answers = [receipt["sequence"] for receipt, _ in self._pairs(count)]
        assert len(set(first_answers)) == count

    def _pairs(self, count: int) -> list[list[dict[str, Any]]]:
        return [self.receipts[f"update-{number}"] for number in range(count)]


def _run_ended(error: WorkflowUpdateFailedError | RPCError) -> bool:
    if isinstance(error, RPCError):
        # Failed precondition: "unexpected workflow task failure", where messages met the end of the run.
        return error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION)
    return isinstance(error.cause, ApplicationError) and error.cause.type == "AcceptedUpdateCompletedWorkflow"
