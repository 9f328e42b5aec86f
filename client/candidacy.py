"""One candidacy as seen from outside: its workflow, its queries and its messages."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from temporalio.api.enums.v1 import VersioningBehavior
from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from client import answers, rpc_errors
from client.errors import Closed, NeverBegan, NotFound, NoWorker, NoWorkerOfBuild, Refused, Unreadable
from client.payloads import field_of
from client.receipts import Receipt, TakenBefore
from domain.identity import workflow_id_of
from domain.vocabulary import CLOSED
from runtime import search_attributes
from views.entries import TimelineEntry

# What a worker is given to answer.
_QUERY_SECONDS = 10.0
_UPDATE_SECONDS = 20.0
# The last two come in a flood of messages: the server starts a task afresh, or has ten updates in flight already.
_PASSING = (
    RPCStatusCode.ABORTED,
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.RESOURCE_EXHAUSTED,
)


class Foreseen(NamedTuple):
    """What would come of a message: a word of the contract (`taken`, `refused`, …), its events, and the reason."""

    outcome: str
    events: tuple[str, ...]
    reason: str | None

    @classmethod
    def read(cls, answer: object) -> "Foreseen":
        """One answer of the query `foresee`.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(answer, dict):
            raise ValueError("what is foreseen is a JSON object")
        return cls(str(answer.get("outcome")), tuple(answer.get("events", ())), answer.get("reason"))


class Candidacy(NamedTuple):
    """A person's way to one designation.

    Besides the errors that each method names, all of them raise `Unreachable` where Temporal does not answer, and
    `MisusedCall` where it does not take the call.
    """

    candidate_id: str
    designation: str

    @property
    def workflow_id(self) -> str:
        return workflow_id_of(self.designation, self.candidate_id)

    def __str__(self) -> str:
        return f"{self.candidate_id} for {self.designation}"

    def handle(self, client: Client) -> WorkflowHandle[Any, Any]:
        """The workflow of the newest enrolment."""
        return client.get_workflow_handle(self.workflow_id)

    async def raw_answer(self, client: Client, name: str, *arguments: Any, run_id: str | None = None) -> Any:
        """The answer of one query, as it came, also of a closed candidacy; `run_id` names one enrolment, if not the
        newest. It is for this room alone, which makes typed values of it.

        Raises `NotFound`, `NoWorker` after 10 seconds or earlier, and `Refused` where the query fails.
        """
        run = client.get_workflow_handle(self.workflow_id, run_id=run_id)
        try:
            asking = run.query(name, args=arguments)
            return await answers.patient(client, asking, _QUERY_SECONDS, lambda: self._away(client, run_id))
        except WorkflowQueryFailedError as error:
            if never_began(await self.describe(client)):
                raise self.never_began(str(error)) from error
            raise Refused(f"The candidacy of {self} does not answer {name}: {error}") from error
        except TimeoutError as error:
            raise await self._silence(client, _QUERY_SECONDS, run_id) from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise self.not_found() from error
            if error.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.FAILED_PRECONDITION):
                raise await self._silence(client, _QUERY_SECONDS, run_id) from error
            raise rpc_errors.explained(error) from error

    async def _silence(self, client: Client, seconds: float, run_id: str | None = None) -> NoWorker:
        """Why nobody has answered within so many seconds. Raises `Unreachable`."""
        return await self._away(client, run_id) or await answers.missing(client, seconds)

    async def _away(self, client: Client, run_id: str | None = None) -> NoWorkerOfBuild | None:
        """The error for a candidacy whose build has no worker; None where it has one, or where any build will do."""
        with rpc_errors.explaining():
            description = await client.get_workflow_handle(self.workflow_id, run_id=run_id).describe()
        build = build_of(description)
        if build is None or build in await answers.polling(client):
            return None
        return NoWorkerOfBuild(self, build, closed=None if is_open(description) else status_of(description))

    async def foresee(self, client: Client, name: str, payloads: Sequence[bytes]) -> list[Foreseen] | None:
        """What would come of these messages, JSON texts, if they were sent one after another; nothing is taken.

        None where the worker is too old to know, or the registration has not been taken up. Raises as `raw_answer`
        does.
        """
        try:
            answers = await self.raw_answer(client, "foresee", name, [payload.decode() for payload in payloads])
        except Refused:
            return None
        with self._reading():
            return [Foreseen.read(answer) for answer in answers] if len(answers) == len(payloads) else None

    async def receipts(self, client: Client, message_ids: Sequence[str]) -> dict[str, TakenBefore]:
        """Those of these messages that were taken before, by message id.

        Raises as `raw_answer` does, and `Unreadable`.
        """
        answer = await self.raw_answer(client, "receipts", list(message_ids))
        with self._reading():
            return {message_id: TakenBefore.read(one) for message_id, one in answer.items()}

    async def timeline(self, client: Client) -> list[TimelineEntry]:
        """What has happened, oldest first. Raises as `raw_answer` does, and `Unreadable`."""
        answer = await self.raw_answer(client, "timeline")
        with self._reading():
            return [TimelineEntry.read(one) for one in answer]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Raises `Unreadable` where the answer is of no form that this build knows."""
        try:
            yield
        except (ValueError, TypeError, AttributeError) as error:
            raise self.unreadable() from error

    async def describe(self, client: Client) -> WorkflowExecutionDescription:
        """What the server knows without a worker. Raises `NotFound`."""
        try:
            return await self.handle(client).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise self.not_found() from error
            raise rpc_errors.explained(error) from error

    async def update(self, client: Client, name: str, payload: bytes) -> Receipt:
        """Send one message as an update and answer its receipt.

        `payload` is the JSON text itself, so that no number is read and written again; it must carry a
        `message_id`: where an answer was lost it is sent again, and counts once. So a message that a closed candidacy
        has taken is answered by its receipt, and only any other message raises `Closed`.

        Raises `InvalidFields`, `Refused`, `Closed`, `NotFound`, `Unreadable`, and `NoWorker` after 20 seconds or
        earlier; also where the candidacy is closed, and nobody answers whether it has taken this message.
        """
        until = time.monotonic() + _UPDATE_SECONDS
        while (left := until - time.monotonic()) > 0:
            try:
                receipt = await self._try_update(client, name, payload, left)
            except Closed as closed:
                return await self.receipt_before(client, name, payload, closed)
            if receipt is not None:
                return receipt
            await asyncio.sleep(0.2)
        raise await self._silence(client, _UPDATE_SECONDS)

    async def receipt_before(self, client: Client, name: str, payload: bytes, closed: Closed) -> Receipt:
        """The receipt of a message that was taken before the candidacy closed, or has closed it.

        A closed workflow takes no update, so it cannot answer one again; it still answers queries. `receipts` knows the
        message by its id alone. `foresee` says whether the content is the same too.

        Raises `closed` for any other message, and `NoWorker` where nobody answers.
        """
        message_id = field_of(payload, "message_id")
        before = again = None
        try:
            if isinstance(message_id, str):
                before = (await self.receipts(client, [message_id])).get(message_id)
            again = await self.foresee(client, name, [payload]) if before else None
        except Refused:
            pass  # no message that was taken has an id of such a form
        except NoWorkerOfBuild:
            raise  # it says that the candidacy is closed
        except NoWorker as error:
            sentence = (
                f"The candidacy of {self} is closed ({closed.status}), and nobody answers whether it has taken this "
                "very message before: start a worker, then send the same again."
            )
            raise NoWorker(sentence, [error.sentence]) from error
        if not before or not again or again[0].outcome != "duplicate":
            raise closed
        return before.receipt

    async def _try_update(self, client: Client, name: str, payload: bytes, seconds: float) -> Receipt | None:
        """One try: the receipt; None where there was no final answer."""
        sending = self.handle(client).execute_update(name, answers.raw(payload))
        try:
            answer = await answers.patient(client, sending, seconds, lambda: self._away(client))
        except WorkflowUpdateFailedError as error:
            if _run_ended_meanwhile(error):
                return None
            raise answers.refusal(error.cause, self) from error
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            return None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                # A run that is just being continued also says "completed"; only this tells.
                await self.check_open(client)
                return None
            if error.status in _PASSING:
                return None
            raise rpc_errors.explained(error) from error
        with self._reading():
            return Receipt.read(answer)

    async def check_open(self, client: Client) -> None:
        """Raises `NotFound`, and `Closed` where the candidacy takes no messages any more."""
        description = await self.describe(client)
        if never_began(description):
            raise self.never_began()
        if not is_open(description):
            raise self.closed(status_of(description))

    def unreadable(self) -> Unreadable:
        """The error for an answer that this build cannot read."""
        return Unreadable(f"The candidacy of {self} answers in a way that this build cannot read.")

    def closed(self, status: str) -> Closed:
        """The error for a candidacy that closed with this status."""
        sentence = f"The candidacy of {self} is closed ({status}): it takes no messages any more."
        return Closed(sentence, self.workflow_id, status)

    def not_found(self) -> NotFound:
        """The error for a candidacy that is not there."""
        return NotFound(f"There is no candidacy of {self}: check both words, or register it first.", self.workflow_id)

    def never_began(self, mistakes: str = "") -> NeverBegan:
        """The error for a candidacy whose registration was invalid; `mistakes` says what is wrong with it."""
        sentence = f"There is no candidacy of {self}: its registration was invalid. Correct it, and register it again."
        return NeverBegan(sentence, self.workflow_id, [mistakes] if mistakes else ())


def never_began(description: WorkflowExecutionDescription) -> bool:
    """Whether its registration was invalid, so that there is no candidacy: nothing else fails its workflow."""
    return description.status is WorkflowExecutionStatus.FAILED


def is_open(description: WorkflowExecutionDescription) -> bool:
    """Whether the workflow runs; one being continued does."""
    return description.status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)


def status_of(description: WorkflowExecutionDescription) -> str:
    """The candidacy's status as published; where its workflow did not end by itself, how it ended."""
    published = description.typed_search_attributes.get(search_attributes.CERTIFICATION_STATUS)
    execution = description.status.name.lower().replace("_", " ") if description.status else "unknown"
    by_itself = description.status is WorkflowExecutionStatus.COMPLETED or is_open(description)
    return published if published and by_itself else execution


def build_of(description: WorkflowExecutionDescription) -> str | None:
    """The build that the workflow is kept on, as `deployment:build`; None where a worker of any build may take it."""
    versioning = description.raw_description.workflow_execution_info.versioning_info
    if versioning.behavior != VersioningBehavior.VERSIONING_BEHAVIOR_PINNED:
        return None
    version = versioning.deployment_version
    return f"{version.deployment_name}:{version.build_id}"


def is_closing(description: WorkflowExecutionDescription) -> bool:
    """Whether the candidacy is closed, and its workflow still runs: its last notices and records go out before it ends.

    With the mail server or the record away, that may take days.
    """
    return is_open(description) and status_of(description) in CLOSED


class End(NamedTuple):
    """The end of a workflow: how, in Temporal's word (completed, terminated, failed, ...), and its instant in UTC."""

    how: str
    at: datetime | None


def end_of(description: WorkflowExecutionDescription) -> End | None:
    """How and when the workflow ended; None while it runs."""
    if is_open(description) or description.status is None:
        return None
    return End(description.status.name.lower().replace("_", " "), description.close_time)


def _run_ended_meanwhile(error: WorkflowUpdateFailedError) -> bool:
    return getattr(error.cause, "type", None) == "AcceptedUpdateCompletedWorkflow"
