"""Finding candidacies by what Temporal's visibility store knows: search attributes and memo, no worker asked.

In `client/` and `cli/`, Temporal's list language is written in this module alone, and a `Filter` is a plain value.
"""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from temporalio.client import Client, WorkflowExecution
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError

from client import answers, scheme
from client.candidacy import Candidacy
from client.errors import BadInput, ClientError, MisusedCall, UnknownValue
from client.payloads import instant
from client.scheme import Facts
from domain.identity import WORD, read_workflow_id, workflow_id_of
from domain.vocabulary import CLOSED, Status
from runtime import search_attributes as names
from runtime.attribute_names import Attribute
from runtime.connection import WORKFLOW

# A continued run stands beside the one that goes on: the same candidacy twice. A failed run had an invalid
# registration, and never became a candidacy; nothing else fails a run.
_BASE = f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus NOT IN ('ContinuedAsNew', 'Failed')"
_CLOSED = ", ".join(f"'{status}'" for status in CLOSED)
_CERTIFICATES = (Status.CERTIFIED, Status.RECERTIFYING, Status.GRACE, Status.LAPSED)
# Answered within a fraction of a second, and small enough to be held in memory while it is shown.
_PAGE = 1000
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`", re.DOTALL)
_PLAIN = re.compile(r"[^'\"`\\]+")

NO_STATUS = "(no status yet)"
"""Shown in place of the status of a candidacy that no worker has taken up yet."""


class Run(StrEnum):
    """How the workflow of a candidacy stands: it runs; it runs or has ended by itself; it was ended otherwise."""

    OPEN = "open"
    ORDINARY = "ordinary"
    CUT_SHORT = "cut short"


# Temporal's own attributes: the build that a run is kept on, whether it is pinned to it, and which builds have done a
# task of it. A run that was handed over has the build of the run before it, until the next build has done a task.
_BUILD = "TemporalWorkerDeploymentVersion"
_PINNING = "TemporalWorkflowVersioningBehavior"
_PINNED, _MOVES = "Pinned", "AutoUpgrade"
_WORKED_ON_BY = "TemporalUsedWorkerDeploymentVersions"
_BETWEEN = f"({_PINNING} = '{_MOVES}' AND {_WORKED_ON_BY} IS NULL)"
# No comparison finds a run without the attribute.
_NOT_BETWEEN = f"({_PINNING} IS NULL OR {_PINNING} != '{_MOVES}' OR {_WORKED_ON_BY} IS NOT NULL)"
_BUILD_KEY = SearchAttributeKey.for_keyword(_BUILD)
_PINNING_KEY = SearchAttributeKey.for_keyword(_PINNING)

_RUNS = {
    Run.OPEN: "ExecutionStatus = 'Running'",
    Run.ORDINARY: "ExecutionStatus IN ('Running', 'Completed')",
    Run.CUT_SHORT: "ExecutionStatus NOT IN ('Running', 'Completed')",
}


class Ringing(NamedTuple):
    """Who may have an alarm within this time from now, by what the scheme says: rather one too many."""

    within: timedelta
    known: Facts


@dataclass(frozen=True)
class Filter:
    """Which candidacies are meant: all that is given must hold. A filter of nothing finds them all.

    `due_within`: open, and the next deadline lies within this time from now, or is past. `attention`: something asks
    for a person's attention. `raw` is a list filter in Temporal's own language. `ringing`: open, and an alarm may ring
    soon. `no_status`: the engine has published no status yet. `unclosed`: open by the engine's own word, or not taken
    up yet; those without a status count whatever else is asked for, because nothing else is published of them.

    Which build an open candidacy runs on, each written `deployment:build`: `on_build`: on this one. `not_on`: on none
    of these; perhaps on no build at all, but not between two. `on_no_build`: a worker without a build runs it, or no
    worker has taken it up. `between_builds`: one build has handed it over, and no build has taken it up yet.
    `handed_over_by`: the same, and this is the build.
    """

    statuses: tuple[str, ...] = ()
    designations: tuple[str, ...] = ()
    due_within: timedelta | None = None
    attention: bool = False
    raw: str | None = None
    run: Run | None = None
    candidate_id: str | None = None
    ringing: Ringing | None = None
    no_status: bool = False
    unclosed: bool = False
    on_build: str | None = None
    not_on: tuple[str, ...] = ()
    on_no_build: bool = False
    between_builds: bool = False
    handed_over_by: str | None = None


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


# --- asking the visibility store


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
        raise _explained(error, text) from error


async def count(client: Client, wanted: Filter) -> int:
    """How many the filter finds. Raises as `candidacies` does."""
    text = query(wanted)
    try:
        return (await client.count_workflows(text)).count
    except RPCError as error:
        raise _explained(error, text) from error


def _explained(error: RPCError, text: str) -> ClientError:
    explained = answers.explained(error)
    if not isinstance(explained, MisusedCall):
        return explained
    # The server counts its positions in the whole of it.
    return MisusedCall(explained.sentence, [*explained.notes, f"The whole list filter was: {text}"])


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
        build=found.get(_BUILD_KEY) if found.get(_PINNING_KEY) == _PINNED else None,
    )


def _named(workflow_id: str) -> tuple[str, str]:
    """Designation and candidate id by the workflow id; one that is not of the contract is shown as it is."""
    try:
        return read_workflow_id(workflow_id)
    except ValueError:
        return "", workflow_id


# --- Temporal's list language


def query(wanted: Filter) -> str:
    """The filter in Temporal's list language.

    Raises `UnknownValue` for a status or a designation that does not exist, and `BadInput` for a word that is none.
    """
    parts = (*_given(wanted), *(f"({part})" for part in _besides(wanted)))
    if wanted.unclosed:
        known = " AND ".join((f"{Attribute.CERTIFICATION_STATUS} NOT IN ({_CLOSED})", *parts))
        return f"{_BASE} AND {_RUNS[Run.OPEN]} AND ({Attribute.CERTIFICATION_STATUS} IS NULL OR ({known}))"
    return " AND ".join((_BASE, *parts))


def ended_runs(workflow_id: str) -> str:
    """Every run of this workflow that has ended in any way, in Temporal's list language."""
    named = read_workflow_id(workflow_id)  # both are words, so nothing else gets into the query
    return f"WorkflowId = '{workflow_id_of(*named)}' AND ExecutionStatus != 'Running'"


def check(wanted: Filter) -> None:
    """Raises as `query` does, without asking anybody."""
    query(wanted)


def check_raw(text: str) -> None:
    """Raises `BadInput` where a raw list filter, put between parentheses, would find its way out of them."""
    depth = 0
    for sign in _QUOTED.sub("", text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth < 0:
            break
    if depth or not text.strip():
        wrong = "its parentheses do not match" if depth else "it is empty"
        raise BadInput(f"{text!r}: {wrong}")


def _given(wanted: Filter) -> Iterator[str]:
    """What people filter by."""
    if wanted.statuses:
        yield _one_of(Attribute.CERTIFICATION_STATUS, "status", wanted.statuses, list(Status))
    if wanted.designations:
        known = scheme.known_designations(wanted.designations)
        yield _one_of(Attribute.DESIGNATION, "designation", wanted.designations, known)
    if wanted.due_within is not None:
        yield f"{_RUNS[Run.OPEN]} AND {_deadline_by(wanted.due_within)}"
    if wanted.attention:
        yield f"{Attribute.NEEDS_ATTENTION} IS NOT NULL"
    if wanted.raw is not None:
        check_raw(wanted.raw)
        yield f"({wanted.raw})"


def _besides(wanted: Filter) -> Iterator[str]:
    """What the caller adds."""
    if wanted.run is not None:
        yield _RUNS[wanted.run]
    if wanted.ringing is not None:
        yield _RUNS[Run.OPEN]
        yield from _may_ring(*wanted.ringing)
    if wanted.no_status:
        yield f"{Attribute.CERTIFICATION_STATUS} IS NULL"
    if wanted.candidate_id is not None:
        yield _is(Attribute.CANDIDATE_ID, wanted.candidate_id)
    for where in _places(wanted):
        yield f"{_RUNS[Run.OPEN]} AND {where}"


def _places(wanted: Filter) -> Iterator[str]:
    """On which build a candidacy is to run."""
    if wanted.on_build is not None:
        yield f"{_BUILD} = {_build(wanted.on_build)} AND {_NOT_BETWEEN}"
    if wanted.not_on:
        builds = ", ".join(map(_build, wanted.not_on))
        yield f"({_BUILD} IS NULL OR {_BUILD} NOT IN ({builds})) AND {_NOT_BETWEEN}"
    if wanted.on_no_build:
        yield f"{_BUILD} IS NULL"
    if wanted.between_builds:
        yield _BETWEEN
    if wanted.handed_over_by is not None:
        yield f"{_BUILD} = {_build(wanted.handed_over_by)} AND {_BETWEEN}"


def _may_ring(within: timedelta, known: Facts) -> Iterator[str]:
    if not known.readable:
        return
    held = ", ".join(f"'{status}'" for status in _CERTIFICATES)
    certificates = f"{Attribute.CERTIFICATION_STATUS} IN ({held})"
    soon = [_deadline_by(within + timedelta(days=known.candidate_days))]
    soon.extend(_is(Attribute.DESIGNATION, code) for code in known.any_time)
    parts = [
        f"{Attribute.NEXT_DEADLINE} IS NULL",
        # A suspension asks for attention on a day of its own.
        _is(Attribute.CERTIFICATION_STATUS, Status.SUSPENDED),
        f"{certificates} AND {_deadline_by(within + timedelta(days=known.holder_days))}",
        f"NOT ({certificates}) AND ({' OR '.join(soon)})",
    ]
    yield " OR ".join(f"({part})" for part in parts)


def _deadline_by(within: timedelta) -> str:
    return f"{Attribute.NEXT_DEADLINE} <= '{instant(datetime.now(UTC) + within)}'"


def _one_of(attribute: str, what: str, values: Sequence[str], known: Sequence[str]) -> str:
    unknown = [value for value in values if value not in known]
    if unknown:
        raise UnknownValue(what, unknown, known)
    return f"{attribute} IN ({', '.join(map(_quoted, values))})"


def _is(attribute: str, value: str) -> str:
    return f"{attribute} = {_quoted(value)}"


def _build(name: str) -> str:
    """A build in a query. Other programs than ours may have named it."""
    if not _PLAIN.fullmatch(name):
        raise BadInput(f"{name!r}: a build with a quotation mark or a backslash in its name cannot be searched for")
    return f"'{name}'"


def _quoted(value: str) -> str:
    """A value in a query. Only words get this far, and nothing else may."""
    if not WORD.fullmatch(value):
        raise BadInput(f"{value!r}: use 1 to 64 letters, digits, dots, underscores and hyphens")
    return f"'{value}'"
