"""Finding candidacies by what Temporal's visibility store knows: search attributes and memo, no worker asked."""

import argparse
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, NamedTuple

from cli import candidates, exits
from domain.vocabulary import Status
from runtime.attribute_names import Attribute

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from temporalio.client import Client, WorkflowExecution
    from temporalio.service import RPCError

# A continued run stands beside the one that goes on: the same candidacy twice.
_BASE = f"WorkflowType = '{candidates.WORKFLOW}' AND ExecutionStatus != 'ContinuedAsNew'"
OPEN = "ExecutionStatus = 'Running'"
"""A part of a query: only what still runs."""

_SPAN = re.compile(r"([0-9]+)([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_MOST = 9999
# Answered within a fraction of a second, and small enough to be held in memory while it is shown.
_PAGE = 1000
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`", re.DOTALL)


class Entry(NamedTuple):
    """One candidacy as the visibility store knows it. Instants are RFC 3339 in UTC.

    `status`, `assessments_passed` and `next_deadline` are None where the engine has published none; `execution` is
    Temporal's own word: running, completed, failed, canceled, terminated or timed_out.
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

    @property
    def open(self) -> bool:
        return self.execution == "running"

    def __str__(self) -> str:
        return f"{self.candidate_id} for {self.designation}"


# --- flags


def add_filters(parser: argparse.ArgumentParser, *, due_within: bool = True, attention: bool = True) -> None:
    """The filters that every finding verb shares; two of them only where they make sense."""
    group = parser.add_argument_group("filters; all that are given must hold")
    group.add_argument(
        "--status",
        action="append",
        default=[],
        metavar="STATUS",
        help=f"may be repeated; one of {', '.join(Status)}",
    )
    group.add_argument("--designation", action="append", default=[], metavar="CODE", help="may be repeated, e.g. CCSL")
    if due_within:
        group.add_argument(
            "--due-within", type=span, metavar="SPAN", help="open, and the next deadline within 30d, 2w or 12h, or past"
        )
    if attention:
        group.add_argument("--attention", action="store_true", help="only those that need a person's attention")
    group.add_argument(
        "--query",
        type=_filter,
        metavar="LIST_FILTER",
        help='Temporal\'s own list filter besides, e.g. "CandidateId STARTS_WITH \'C-1\'" or "AssessmentsPassed >= 3"',
    )


def query_of(args: argparse.Namespace) -> str:
    """The visibility query for these flags; a flag that the verb does not have counts as not given.

    Raises `exits.BadInput` for a status or designation that does not exist.
    """
    parts = [_BASE]
    if args.status:
        parts.append(_one_of(Attribute.CERTIFICATION_STATUS, "--status", args.status, list(Status)))
    if args.designation:
        parts.append(_one_of(Attribute.DESIGNATION, "--designation", args.designation, _designations(args.designation)))
    if getattr(args, "due_within", None) is not None:
        parts.append(f"{OPEN} AND {Attribute.NEXT_DEADLINE} <= '{moment_in(args.due_within)}'")
    if getattr(args, "attention", False):
        parts.append(f"{Attribute.NEEDS_ATTENTION} IS NOT NULL")
    if args.query is not None:
        parts.append(f"({args.query})")
    return " AND ".join(parts)


def both(query: str, condition: str) -> str:
    """The query, with one condition more."""
    return f"{query} AND ({condition})"


def is_(attribute: str, value: str) -> str:
    """A condition on a keyword. Raises `exits.BadInput` where the value is no plain word."""
    return f"{attribute} = {_quoted(value)}"


def check_designation(designation: str) -> None:
    """Raises `exits.BadInput` where the scheme in force here has no such designation; unreadable, it is not asked."""
    known = _designations([designation])
    if designation not in known:
        meant = f": write {designation.upper()}" if designation.upper() in known else ""
        raise exits.BadInput(f"{designation} is none of {', '.join(known)}{meant}.")


def span(text: str) -> "timedelta":
    """A length of time (for argparse): a number with h, d or w."""
    found = _SPAN.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number with h, d or w, e.g. 30d")
    if len(found[1]) > len(str(_MOST)):
        raise argparse.ArgumentTypeError(f"{text!r} is too long: at most {_MOST}{found[2]}")
    from datetime import timedelta

    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def moment_in(length: "timedelta") -> str:
    """That long from now, as visibility queries write it."""
    from datetime import UTC, datetime

    return instant(datetime.now(UTC) + length)


def instant(moment: "datetime") -> str:
    """RFC 3339 in UTC, to the second."""
    from datetime import UTC

    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _designations(given: list[str]) -> list[str]:
    from cli import programme

    # Where the scheme cannot be read, whatever is a word may be a designation.
    return list(programme.titles()) or given


def _one_of(attribute: str, flag: str, values: list[str], known: list[str]) -> str:
    unknown = [value for value in values if value not in known]
    if unknown:
        raise exits.BadInput(f"{flag}: {', '.join(unknown)} is none of {', '.join(known)}.")
    return f"{attribute} IN ({', '.join(map(_quoted, values))})"


def _quoted(value: str) -> str:
    """A value in a visibility query. Only words get this far, and nothing else may."""
    try:
        return f"'{candidates.word(value)}'"
    except argparse.ArgumentTypeError as error:
        raise exits.BadInput(str(error)) from error


def _filter(text: str) -> str:
    """A raw list filter (for argparse): it goes between parentheses, and must not find its way out of them."""
    depth = 0
    for sign in _QUOTED.sub("", text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if depth < 0:
            break
    if depth or not text.strip():
        wrong = "its parentheses do not match" if depth else "it is empty"
        raise argparse.ArgumentTypeError(f"{text!r}: {wrong}")
    return text


# --- asking the visibility store


async def candidacies(client: "Client", query: str, limit: int | None = None) -> AsyncIterator[Entry]:
    """Every candidacy that the query finds, open ones first, newest first, asked for page by page.

    Raises `exits.BadInput` with the server's words where it does not understand the query.
    """
    from temporalio.service import RPCError

    try:
        async for execution in client.list_workflows(query, limit=limit, page_size=_PAGE):
            yield await _entry(execution)
    except RPCError as error:
        raise _explained(error, query) from error


async def count(client: "Client", query: str) -> int:
    """How many the query finds. Raises as `candidacies` does."""
    from temporalio.service import RPCError

    try:
        return (await client.count_workflows(query)).count
    except RPCError as error:
        raise _explained(error, query) from error


def _explained(error: "RPCError", query: str) -> exits.Stop:
    from cli import answers

    stop = answers.explained(error)
    if not isinstance(stop, exits.BadInput):
        return stop
    # The server counts its positions in the whole of it.
    return exits.BadInput(stop.sentence, [*stop.notes, f"The whole list filter was: {query}"])


async def _entry(execution: "WorkflowExecution") -> Entry:
    from runtime import search_attributes as names

    found: Any = execution.typed_search_attributes
    deadline = found.get(names.NEXT_DEADLINE)
    # Started by another client, and by no worker seen yet, it has no search attribute at all.
    _, _, rest = execution.id.partition(":")
    designation, _, candidate = rest.partition(":")
    return Entry(
        candidate_id=found.get(names.CANDIDATE_ID) or candidate or execution.id,
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
    )
