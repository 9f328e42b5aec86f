"""Finding candidacies by what Temporal's visibility store knows: search attributes and memo, no worker asked."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from temporalio.client import Client, WorkflowExecution
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError

from client.candidacy import Candidacy
from client.list_language import BUILD, PINNED, PINNING, Filter, query
from client.payloads import instant
from client.rpc_errors import about_filter
from domain.identity import read_workflow_id
from runtime import search_attributes as names

# Answered within a fraction of a second, and small enough to be held in memory while it is shown.
_PAGE = 1000
_BUILD_KEY = SearchAttributeKey.for_keyword(BUILD)
_PINNING_KEY = SearchAttributeKey.for_keyword(PINNING)


class Entry(NamedTuple):
    """One candidacy as the visibility store knows it. Instants are RFC 3339 in UTC.

    `status`, `assessments_passed` and `next_deadline` are None where the engine has published none; `execution` is
    Temporal's own word: running, completed, failed, canceled, terminated or timed_out. `build` is the one that it is
    kept on, as `deployment:build`; None where any worker may take it.
    """

    candidate_id: str
    designation: str
    workflow_id: str
    run_id: str
    status: str | None
    assessments_passed: int | None
    next_deadline: str | None
    needs_attention: tuple[str, ...]
    opened_at: str
    execution: str
    build: str | None = None

    @property
    def open(self) -> bool:
        return self.execution == "running"

    @property
    def candidacy(self) -> Candidacy:
        return Candidacy(self.candidate_id, self.designation)

    def __str__(self) -> str:
        return str(self.candidacy)


async def candidacies(client: Client, wanted: Filter, limit: int | None = None) -> AsyncIterator[Entry]:
    """Every candidacy that the filter finds, open ones first, newest first, asked for page by page.

    Raises as `query` does, `Unreachable`, and `MisusedCall` with the server's words where it does not understand
    the filter.
    """
    text = query(wanted)
    try:
        async for execution in client.list_workflows(text, limit=limit, page_size=_PAGE):
            yield await _entry(execution)
    except RPCError as error:
        raise about_filter(error, text) from error


async def count(client: Client, wanted: Filter) -> int:
    """How many the filter finds. Raises as `candidacies` does."""
    text = query(wanted)
    try:
        return (await client.count_workflows(text)).count
    except RPCError as error:
        raise about_filter(error, text) from error


async def _entry(execution: WorkflowExecution) -> Entry:
    found: Any = execution.typed_search_attributes
    deadline = found.get(names.NEXT_DEADLINE)
    # Started by another client, and by no worker seen yet, it has no search attribute at all.
    designation, candidate_id = _named(execution.id)
    return Entry(
        candidate_id=found.get(names.CANDIDATE_ID) or candidate_id,
        designation=found.get(names.DESIGNATION) or designation,
        workflow_id=execution.id,
        run_id=execution.run_id,
        status=found.get(names.CERTIFICATION_STATUS),
        assessments_passed=found.get(names.ASSESSMENTS_PASSED),
        next_deadline=instant(deadline) if deadline else None,
        needs_attention=tuple(found.get(names.NEEDS_ATTENTION) or ()),
        # A continued run starts anew; only the memo of the enrolment goes back further.
        opened_at=(await execution.memo()).get("registered_at") or instant(execution.start_time),
        execution=execution.status.name.lower() if execution.status else "unknown",
        build=found.get(_BUILD_KEY) if found.get(_PINNING_KEY) == PINNED else None,
    )


def _named(workflow_id: str) -> tuple[str, str]:
    """Designation and candidate id by the workflow id; one that is not of the contract is shown as it is."""
    try:
        return read_workflow_id(workflow_id)
    except ValueError:
        return "", workflow_id
