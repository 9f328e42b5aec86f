"""One candidacy as the command line sees it: its workflow, its two queries and its messages."""

import argparse
import re
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from cli import answers, exits
from runtime.attribute_names import Attribute

if TYPE_CHECKING:
    from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle

WORKFLOW = "CertificationWorkflow"
# What a worker is given to answer.
_QUERY_SECONDS = 10.0
_UPDATE_SECONDS = 20.0
WORD = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What a candidate id or a designation looks like."""


def word(text: str) -> str:
    """A candidate id or designation, checked (for argparse)."""
    if not WORD.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r}: use 1 to 64 letters, digits, dots, underscores and hyphens")
    return text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The two words that name a candidacy."""
    parser.add_argument("candidate", type=word, metavar="CANDIDATE", help="candidate id, e.g. C-1001")
    parser.add_argument("designation", type=word, metavar="DESIGNATION", help="e.g. CCSL")


class Candidacy(NamedTuple):
    """A person's way to one designation."""

    candidate_id: str
    designation: str

    @property
    def workflow_id(self) -> str:
        return f"certification:{self.designation}:{self.candidate_id}"

    def __str__(self) -> str:
        return f"{self.candidate_id} for {self.designation}"

    def handle(self, client: "Client") -> "WorkflowHandle[Any, Any]":
        return client.get_workflow_handle(self.workflow_id)

    async def query(self, client: "Client", name: str, *arguments: Any, run_id: str | None = None) -> Any:
        """The answer of one query, also of a closed candidacy; `run_id` names one enrolment, if not the newest.

        Raises `exits.Stop`.
        """
        from temporalio.client import WorkflowQueryFailedError
        from temporalio.service import RPCError, RPCStatusCode

        run = client.get_workflow_handle(self.workflow_id, run_id=run_id)
        try:
            return await answers.patient(client, run.query(name, args=arguments), _QUERY_SECONDS)
        except WorkflowQueryFailedError as error:
            raise exits.Refused(f"The candidacy of {self} does not answer {name}: {error}") from error
        except TimeoutError as error:
            raise await answers.missing(client, _QUERY_SECONDS) from error
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise self.not_found() from error
            if error.status in (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.FAILED_PRECONDITION):
                raise await answers.missing(client, _QUERY_SECONDS) from error
            raise

    async def describe(self, client: "Client") -> "WorkflowExecutionDescription":
        """What the server knows without a worker. Raises `exits.NotFound`."""
        from temporalio.service import RPCError, RPCStatusCode

        try:
            return await self.handle(client).describe()
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise self.not_found() from error
            raise

    async def update(self, client: "Client", name: str, payload: bytes) -> Any:
        """Send one message as an update and answer its receipt. Raises `exits.Stop`.

        `payload` is the JSON text itself, so that no number is read and written again; it must carry a
        `message_id`: where an answer was lost it is sent again, and counts once.
        """
        import asyncio

        until = time.monotonic() + _UPDATE_SECONDS
        while (left := until - time.monotonic()) > 0:
            answered, receipt = await self._try_update(client, name, payload, left)
            if answered:
                return receipt
            await asyncio.sleep(0.2)
        raise await answers.missing(client, _UPDATE_SECONDS)

    async def _try_update(self, client: "Client", name: str, payload: bytes, seconds: float) -> tuple[bool, Any]:
        """One try: whether the answer is final, and the receipt."""
        from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
        from temporalio.service import RPCError, RPCStatusCode

        sending = self.handle(client).execute_update(name, answers.raw(payload))
        try:
            return True, await answers.patient(client, sending, seconds)
        except WorkflowUpdateFailedError as error:
            if _run_ended_meanwhile(error):
                return False, None
            raise answers.refusal(error.cause, self) from error
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError):
            return False, None
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                await self._check_open(client)
                return False, None
            # The last two are a flood's: the server starts a task afresh, or has ten updates in flight already.
            passing = (
                RPCStatusCode.ABORTED,
                RPCStatusCode.UNAVAILABLE,
                RPCStatusCode.FAILED_PRECONDITION,
                RPCStatusCode.RESOURCE_EXHAUSTED,
            )
            if error.status in passing:
                return False, None
            raise

    async def _check_open(self, client: "Client") -> None:
        """A run that is just being continued also says "completed"; only this tells. Raises `exits.Stop`."""
        description = await self.describe(client)
        if not is_open(description):
            raise self.closed(description)

    def not_found(self) -> exits.NotFound:
        return exits.NotFound(
            f"There is no candidacy of {self}: check both words, or register it first.",
            workflow_id=self.workflow_id,
        )

    def closed(self, description: "WorkflowExecutionDescription") -> exits.Closed:
        status = status_of(description)
        return exits.Closed(
            f"The candidacy of {self} is closed ({status}): it takes no messages any more.",
            workflow_id=self.workflow_id,
            status=status,
        )


def is_open(description: "WorkflowExecutionDescription") -> bool:
    """Whether the workflow runs; one being continued does."""
    from temporalio.client import WorkflowExecutionStatus

    return description.status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)


def status_of(description: "WorkflowExecutionDescription") -> str:
    """The candidacy's status as published; where its workflow did not end by itself, how it ended."""
    from temporalio.client import WorkflowExecutionStatus
    from temporalio.common import SearchAttributeKey

    published = description.typed_search_attributes.get(
        SearchAttributeKey.for_keyword(Attribute.CERTIFICATION_STATUS.value)
    )
    execution = description.status.name.lower().replace("_", " ") if description.status else "unknown"
    by_itself = description.status is WorkflowExecutionStatus.COMPLETED or is_open(description)
    return published if published and by_itself else execution


def _run_ended_meanwhile(error: BaseException) -> bool:
    cause = getattr(error, "cause", None)
    return getattr(cause, "type", None) == "AcceptedUpdateCompletedWorkflow"
