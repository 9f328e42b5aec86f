"""`starter.py list`: candidacies by status, designation, deadline and attention, by search attributes."""

import argparse
import re
from typing import TYPE_CHECKING, Any

from cli import candidates, exits, output
from cli.vocabulary import STATUSES

if TYPE_CHECKING:
    from datetime import timedelta

    from temporalio.client import Client, WorkflowExecution

COLUMNS = ("candidate", "for", "status", "passed", "next deadline", "opened", "needs attention")

_SPAN = re.compile(r"([0-9]{1,4})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the verb."""
    parser = verbs.add_parser(
        "list",
        help="find candidacies",
        description="Lists candidacies; all filters given must hold. Closed ones while Temporal keeps them.",
    )
    parser.add_argument("--status", action="append", default=[], help=f"may be repeated; one of {', '.join(STATUSES)}")
    parser.add_argument("--designation", action="append", default=[], help="may be repeated, e.g. CCSL")
    parser.add_argument("--due-within", type=_span, metavar="SPAN", help="next deadline within 30d, 2w or 12h")
    parser.add_argument("--attention", action="store_true", help="only those that need a person's attention")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Asks the visibility store once and shows what it knows."""
    query = filters(args)

    from cli.session import connected

    async def work(client: "Client") -> int:
        found = [await _entry(execution) async for execution in client.list_workflows(query)]
        found.sort(key=lambda entry: (entry["candidate_id"] or "", entry["designation"] or ""))
        if args.json:
            output.document(found)
        else:
            output.table(COLUMNS, [_row(entry) for entry in found])
            output.say(f"{len(found)} {'candidacy' if len(found) == 1 else 'candidacies'}")
        return exits.DONE

    return connected(work)


def filters(args: argparse.Namespace) -> str:
    """The visibility query for these flags. Raises `exits.BadInput`."""
    # A continued run stands beside the one that goes on: the same candidacy twice.
    parts = [f"WorkflowType = '{candidates.WORKFLOW}'", "ExecutionStatus != 'ContinuedAsNew'"]
    if args.status:
        parts.append(_one_of("CertificationStatus", "--status", args.status, list(STATUSES)))
    if args.designation:
        from cli import programme

        # Where the scheme cannot be read, whatever is a word may be a designation.
        known = list(programme.titles()) or args.designation
        parts.append(_one_of("Designation", "--designation", args.designation, known))
    if args.due_within is not None:
        from datetime import UTC, datetime

        until = (datetime.now(UTC) + args.due_within).strftime("%Y-%m-%dT%H:%M:%SZ")
        parts.append(f"ExecutionStatus = 'Running' AND NextDeadline <= '{until}'")
    if args.attention:
        parts.append("NeedsAttention IS NOT NULL")
    return " AND ".join(parts)


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


def _span(text: str) -> "timedelta":
    found = _SPAN.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r}: write a number with h, d or w, e.g. 30d")
    from datetime import timedelta

    return timedelta(**{_UNITS[found[2]]: int(found[1])})


async def _entry(execution: "WorkflowExecution") -> dict[str, Any]:
    from runtime import search_attributes as names

    found = execution.typed_search_attributes
    deadline = found.get(names.NEXT_DEADLINE)
    return {
        "candidate_id": found.get(names.CANDIDATE_ID),
        "designation": found.get(names.DESIGNATION),
        "status": found.get(names.CERTIFICATION_STATUS),
        "assessments_passed": found.get(names.ASSESSMENTS_PASSED),
        "next_deadline": _instant(deadline) if deadline else None,
        "needs_attention": list(found.get(names.NEEDS_ATTENTION) or ()),
        # A continued run starts anew; only the memo of the enrolment goes back further.
        "opened_at": (await execution.memo()).get("registered_at") or _instant(execution.start_time),
        "workflow_id": execution.id,
        "execution": execution.status.name.lower() if execution.status else None,
    }


def _instant(moment: Any) -> str:
    from datetime import UTC

    return str(moment.astimezone(UTC).isoformat(timespec="seconds")).replace("+00:00", "Z")


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    # A terminated or failed workflow keeps the last status it published: that alone would mislead.
    ended = f" ({entry['execution']})" if entry["execution"] not in ("running", "completed") else ""
    passed = entry["assessments_passed"]
    return (
        entry["candidate_id"] or entry["workflow_id"],
        entry["designation"] or "",
        f"{entry['status'] or ''}{ended}",
        "" if passed is None else str(passed),
        output.minute(entry["next_deadline"]),
        output.day(entry["opened_at"]),
        ", ".join(entry["needs_attention"]),
    )
