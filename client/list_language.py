"""Which candidacies are meant, as a plain value, and the same in Temporal's list language.

In `client/` and `cli/`, the list language is written in this module alone. It loads without Temporal's client.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from client import scheme
from client.errors import BadInput, UnknownValue
from client.payloads import instant
from client.scheme import Facts
from domain.identity import WORD, read_workflow_id, workflow_id_of
from domain.vocabulary import CLOSED, Status
from runtime.attribute_names import Attribute
from runtime.connection import WORKFLOW

# A continued run stands beside the one that goes on: the same candidacy twice. A failed run had an invalid
# registration, and never became a candidacy; nothing else fails a run.
_BASE = f"WorkflowType = '{WORKFLOW}' AND ExecutionStatus NOT IN ('ContinuedAsNew', 'Failed')"
_CLOSED = ", ".join(f"'{status}'" for status in CLOSED)
_CERTIFICATES = (Status.CERTIFIED, Status.RECERTIFYING, Status.GRACE, Status.LAPSED)
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
BUILD = "TemporalWorkerDeploymentVersion"
PINNING = "TemporalWorkflowVersioningBehavior"
PINNED, _MOVES = "Pinned", "AutoUpgrade"
_WORKED_ON_BY = "TemporalUsedWorkerDeploymentVersions"
_BETWEEN = f"({PINNING} = '{_MOVES}' AND {_WORKED_ON_BY} IS NULL)"
# No comparison finds a run without the attribute.
_NOT_BETWEEN = f"({PINNING} IS NULL OR {PINNING} != '{_MOVES}' OR {_WORKED_ON_BY} IS NOT NULL)"

_RUNS = {
    Run.OPEN: "ExecutionStatus = 'Running'",
    Run.ORDINARY: "ExecutionStatus IN ('Running', 'Completed')",
    Run.CUT_SHORT: "ExecutionStatus NOT IN ('Running', 'Completed')",
}


class Ringing(NamedTuple):
    """Who may have an alarm within this time from now, by what the scheme says.

    It may find candidacies without such an alarm, and misses none.
    """

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
        yield f"{BUILD} = {_build(wanted.on_build)} AND {_NOT_BETWEEN}"
    if wanted.not_on:
        builds = ", ".join(map(_build, wanted.not_on))
        yield f"({BUILD} IS NULL OR {BUILD} NOT IN ({builds})) AND {_NOT_BETWEEN}"
    if wanted.on_no_build:
        yield f"{BUILD} IS NULL"
    if wanted.between_builds:
        yield _BETWEEN
    if wanted.handed_over_by is not None:
        yield f"{BUILD} = {_build(wanted.handed_over_by)} AND {_BETWEEN}"


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
